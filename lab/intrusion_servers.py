#!/usr/bin/python3
"""intrusion_servers.py KIND [ARGUMENTS]: the small servers of an intrusion run.

names [RESOLVER]       answers name look-ups; asks RESOLVER first when it has not heard the name lately
updates VENDOR         HTTP on 8530: an update it does not have it first fetches from VENDOR (pull, then push)
cloud HTTPS HELD       HTTPS: answers programs that call home; HELD: connections kept open, with messages now and then
front [BACKEND]...     HTTP on 80; many a page needs something from a BACKEND's 8080, which is served here too
remote HOST UID        HTTP on 5985 like a management service: takes files, frames and orders to start a numbered node;
                       starts nodes whose trigger file arrives in HOST's share
"""

from __future__ import annotations

import http.client
import os
import random
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Callable

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import intrusion_wire as wire  # noqa: E402

HERE = Path(__file__).resolve().parent
CACHE_S = 40.0


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_arguments: object) -> None:
        pass  # clients that go away are part of the weather


def serve_http(port: int, answer: Callable[[str, bytes], bytes], tls: bool = False) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_GET(self) -> None:  # noqa: N802 - the library's name
            body = answer(self.path, self.rfile.read(int(self.headers.get("Content-Length", 0))))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            pass

    server = Server(("0.0.0.0", port), Handler)
    if tls:
        server.socket = wire.server_tls().wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


def size_in(path: str, default: int) -> int:
    digits = path.rpartition("/")[2]
    return min(int(digits), 16 << 20) if digits.isdigit() else default


def names(resolver: str | None) -> None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("0.0.0.0", 53))
    heard: dict[bytes, float] = {}

    def answer(question: bytes, client: tuple[str, int]) -> None:
        name = question[12:]
        if resolver and heard.get(name, 0) < time.monotonic():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ask:
                ask.settimeout(2)
                try:
                    ask.sendto(question, (resolver, 53))
                    ask.recv(600)
                except OSError:
                    return
            heard[name] = time.monotonic() + CACHE_S
        record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1"
        listener.sendto(question[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + name + record, client)

    while True:
        question, client = listener.recvfrom(600)
        if len(question) > 16:
            wire.in_background(answer, question, client)


def updates(vendor: str) -> None:
    held: dict[str, float] = {}
    lock = threading.Lock()

    def answer(path: str, _body: bytes) -> bytes:
        if not path.startswith("/content/"):
            return os.urandom(random.randint(300, 4000))  # "is there anything new?"
        with lock:
            missing = path not in held
            held[path] = time.monotonic()
        if missing:
            connection = http.client.HTTPSConnection(vendor, 443, context=wire.client_tls(), timeout=40)
            connection.request("GET", f"/{size_in(path, 1000)}")
            connection.getresponse().read()
            connection.close()
        return os.urandom(size_in(path, 1000))

    serve_http(8530, answer)


def front(backends: list[str]) -> None:
    def page(path: str, _body: bytes) -> bytes:
        if backends and random.random() < 0.5:
            connection = http.client.HTTPConnection(random.choice(backends), 8080, timeout=20)
            for _ in range(random.randint(1, 3)):
                connection.request("GET", f"/{random.randint(200, 40_000)}")
                connection.getresponse().read()
            connection.close()
        return os.urandom(size_in(path, 500))

    wire.in_background(serve_http, 8080, lambda path, _body: os.urandom(size_in(path, 500)))
    serve_http(80, page)


def cloud(https: int, held: int) -> None:
    rng = random.Random()

    def messages(connection: socket.socket, _peer: str) -> None:
        connection.recv(2000)
        pause = rng.uniform(4, 25)
        while True:
            connection.sendall(os.urandom(rng.choice([40, 80, rng.randint(100, 3000)])))
            time.sleep(min(60.0, rng.expovariate(1 / pause)))

    wire.in_background(wire.serve_forever, held, messages, True)
    serve_http(https, lambda _path, _body: os.urandom(rng.choice([20, 60, 60, 200, rng.randint(500, 9000)])), tls=True)


def remote(host: str, uid: int) -> None:
    """`host`'s management service. It starts nothing but the laboratory's own agent, by number."""
    work = wire.host_folder(host) / "work"
    os.umask(0)
    serial: dict[str, list[int]] = {}
    lock = threading.Lock()

    def start(number: str) -> None:
        if number.isdigit():
            subprocess.Popen(["/usr/bin/python3", str(HERE / "intrusion_agent.py"), number], user=uid, group=uid, extra_groups=[],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
                             env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"})

    def watch() -> None:
        started: set[str] = set()
        while True:
            for trigger in work.glob("start-*"):
                if trigger.name not in started:
                    started.add(trigger.name)
                    start(trigger.name.removeprefix("start-"))
            time.sleep(0.25)

    def frames(number: str, body: bytes) -> bytes:
        answer = b""
        with lock:
            counts = serial.setdefault(number, [0, 0])
            if body:
                (work / f"in-{number}-{counts[0]}.bin").write_bytes(body)
                counts[0] += 1
            while (report := work / f"out-{number}-{counts[1]}.bin").exists():
                answer += report.read_bytes()
                counts[1] += 1
        return answer

    def answer(path: str, body: bytes) -> bytes:
        words = path.strip("/").split("/")
        if words[1] == "start":
            start(words[2])
        if words[1] == "frames" and words[2].isdigit():
            return frames(words[2], body)
        return os.urandom(size_in(path, 400)) if words[1] == "run" else os.urandom(350)

    wire.in_background(watch)
    serve_http(5985, answer)


if __name__ == "__main__":
    kind, rest = sys.argv[1], sys.argv[2:]
    if kind == "names":
        names(rest[0] if rest else None)
    elif kind == "updates":
        updates(rest[0])
    elif kind == "cloud":
        cloud(int(rest[0]), int(rest[1]))
    elif kind == "front":
        front(rest)
    elif kind == "remote":
        remote(rest[0], int(rest[1]))
