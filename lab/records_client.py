#!/usr/bin/python3
"""records_client.py JOB: one client's sessions through a proxy, many at a time; notes the port it dialled from by token."""

from __future__ import annotations

import json
import random
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from typing import Any

TIMEOUT_S = 25


class Refused(Exception):
    pass


def receive(stream: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = stream.recv(min(65536, size - len(data)))
        if not piece:
            raise Refused("closed")
        data += piece
    return data


def ask_connect(stream: socket.socket, host: str, rng: random.Random) -> None:
    agent = rng.choice(("curl/7.88.1", "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0", "python-requests/2.28"))
    stream.sendall(f"CONNECT {host}:80 HTTP/1.1\r\nHost: {host}:80\r\nUser-Agent: {agent}\r\n\r\n".encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += receive(stream, 1)
    if answer.split()[1] != b"200":
        raise Refused("CONNECT")


def ask_socks5(stream: socket.socket, host: str, rng: random.Random) -> None:
    methods = rng.choice((b"\x05\x01\x00", b"\x05\x02\x00\x02"))
    stream.sendall(methods)
    receive(stream, 2)
    stream.sendall(b"\x05\x01\x00\x01" + socket.inet_aton(host) + struct.pack(">H", 80))
    if receive(stream, 10)[1] != 0:
        raise Refused("SOCKS5")


def ask_socks4(stream: socket.socket, host: str, rng: random.Random) -> None:
    stream.sendall(b"\x04\x01" + struct.pack(">H", 80) + socket.inet_aton(host) + rng.choice((b"", b"ops", b"guest")) + b"\0")
    if receive(stream, 8)[1] != 90:
        raise Refused("SOCKS4")


class Client:
    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.rng = random.Random(job["seed"])
        self.notes: dict[str, tuple[str, int]] = {}
        self.lock = threading.Lock()

    def reach(self, server: int, rng: random.Random) -> socket.socket:
        """The dialled connection, as far as the proxy's own part goes."""
        kind, relay, host = self.job["kind"], self.job["relay"], self.job["servers"][server]
        if kind == "direct":
            relay, port = host, 80
        else:
            port = self.job["port"] + (server if kind in ("socat", "haproxy", "stunnel") else 0)
        raw = socket.create_connection((relay, port), TIMEOUT_S)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream: socket.socket = raw
        if rng.random() < 0.06:
            time.sleep(rng.uniform(0.3, 4))  # connects first, asks later
        elif rng.random() < 0.03:
            raw.close()
            raise Refused("thought better of it")  # a connection in without one out, where the proxy waits to be asked
        if kind == "tinyproxy":
            ask_connect(raw, host, rng)
        elif kind in ("dante", "microsocks"):
            ask_socks5(raw, host, rng)
        elif kind == "dante-socks4":
            ask_socks4(raw, host, rng)
        elif kind == "stunnel":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            stream = context.wrap_socket(raw)
        return stream

    def note(self, token: str, where: tuple[str, int]) -> None:
        with self.lock:
            self.notes[token] = (where[0], where[1])

    def fetch(self, stream: socket.socket, token: str, sizes: list[int], rng: random.Random) -> None:
        for number, size in enumerate(sizes):
            padding = "x" * rng.choice((0, 0, 12, 40, 150, 400))
            stream.sendall(f"{token} {size} {padding}\n".encode())
            if size == 0:
                stream.recv(1)
            elif number == len(sizes) - 1 and size > 50000 and rng.random() < 0.1:
                receive(stream, size // 3)  # hangs up half-way
                return
            else:
                receive(stream, size)
            if number < len(sizes) - 1:
                time.sleep(rng.uniform(0.05, 3))  # kept for the next one

    def session(self, token: str, server: int, sizes: list[int], rng: random.Random) -> None:
        try:
            stream = self.reach(server, rng)
            self.note(token, stream.getsockname())
            try:
                self.fetch(stream, token, sizes, rng)
            finally:
                stream.close()
        except (OSError, Refused):
            pass

    def tunnel(self, tokens: list[tuple[str, int, list[int]]], rng: random.Random) -> None:
        """An `ssh -L` or `ssh -D` of its own for some sessions, closed after them; `ssh -L` leads to the first one's server."""
        local = 20000 + self.job["number"] * 1000 + rng.randrange(900)
        what = ["-D", f"127.0.0.1:{local}"] if self.job["kind"].startswith("ssh-D") else ["-L", f"127.0.0.1:{local}:{self.job['servers'][tokens[0][1]]}:80"]
        argv = ["ssh", "-N", *what, "-p", "22", "-l", "ops", "-i", self.job["key"], "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "-o", "LogLevel=ERROR", "-o", "ExitOnForwardFailure=yes", self.job["relay"]]
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            stream = self.dial_local(local, process)
            dialled = self.outer_socket(process.pid)
            workers = []
            for token, server, sizes in tokens:
                stream = stream or socket.create_connection(("127.0.0.1", local), TIMEOUT_S)
                if self.job["kind"].startswith("ssh-D"):
                    ask_socks5(stream, self.job["servers"][server], rng)
                self.note(token, dialled)
                worker = threading.Thread(target=self.inner, args=(stream, token, sizes, random.Random(token)))
                worker.start()
                workers.append(worker)
                stream = None
                time.sleep(rng.uniform(0, 1.5))
            for worker in workers:
                worker.join(TIMEOUT_S)
        except (OSError, Refused):
            pass
        finally:
            process.terminate()
            process.wait()

    def inner(self, stream: socket.socket, token: str, sizes: list[int], rng: random.Random) -> None:
        try:
            with stream:
                self.fetch(stream, token, sizes, rng)
        except (OSError, Refused):
            pass

    @staticmethod
    def dial_local(port: int, process: subprocess.Popen[bytes]) -> socket.socket:
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline and process.poll() is None:
            try:
                return socket.create_connection(("127.0.0.1", port), 1)
            except OSError:
                time.sleep(0.03)
        raise Refused("no tunnel")

    @staticmethod
    def outer_socket(pid: int) -> tuple[str, int]:
        """The tunnel's own end: address and port, from the kernel's table of this process's sockets."""
        answer = subprocess.run(["ss", "-Htnp", "state", "established"], capture_output=True, text=True, check=True).stdout
        for line in answer.splitlines():
            if f"pid={pid}," in line:
                address, _, port = line.split()[2].rpartition(":")
                if not address.startswith("127."):
                    return address, int(port)
        raise Refused("no socket")

    def run(self) -> None:
        job, rng = self.job, self.rng
        moments = [(rng.uniform(0, job["length_s"]), rng.randrange(len(job["servers"])), self.sizes()) for _ in range(job["sessions"])]
        for crowd in job["crowds"]:
            if rng.random() < 0.5:  # half of the clients come, within a tenth of a second
                moments.append((crowd["at"] + rng.uniform(0, 0.1), crowd["server"], [crowd["size"]]))
        moments.sort(key=lambda moment: moment[0])
        tokens = [(f"{job['kind']}-{job['number']:02d}-{index:05d}", server, sizes) for index, (_, server, sizes) in enumerate(moments)]
        threads = []
        index = 0
        while index < len(moments):
            group = 1
            if job["kind"] in ("ssh-D", "ssh-L-many"):
                group = rng.choice((1, 1, 1, 2, 3))
            elif job["kind"] == "ssh-D-long":  # several sessions of a minute each, side by side
                group = rng.choice((1, 2, 3, 4, 6))
            time.sleep(max(0.0, job["began"] + moments[index][0] - time.time()))
            own = random.Random(rng.random())
            if job["kind"].startswith("ssh-"):
                thread = threading.Thread(target=self.tunnel, args=(tokens[index:index + group], own))
            else:
                thread = threading.Thread(target=self.session, args=(*tokens[index], own))
            thread.daemon = True
            thread.start()
            threads.append(thread)
            index += group
        deadline = time.monotonic() + TIMEOUT_S + 5
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        with open(job["notes"], "w") as notes:
            json.dump(self.notes, notes)

    def sizes(self) -> list[int]:
        rng = self.rng
        if self.job["kind"] == "ssh-D-long":
            return [max(40, min(300_000, int(rng.lognormvariate(8.5, 1.5)))) for _ in range(rng.randint(15, 40))]
        if rng.random() < 0.03:
            return [0]
        count = 1 if rng.random() < 0.7 else rng.randint(2, 6)
        return [rng.choice((700, 5000, 23000)) if rng.random() < 0.3 else max(40, min(3_000_000, int(rng.lognormvariate(9.3, 1.7)))) for _ in range(count)]


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        Client(json.load(file)).run()
