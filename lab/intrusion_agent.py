#!/usr/bin/python3
"""intrusion_agent.py NODE [stdio]: a foothold of the laboratory's intruder, harmless; NODE -1 is the controller.

It takes orders from its master, passes on those for nodes behind it, and reports. An order is a step's number in the
plan; `intrusion_deeds.py` knows the few things that a step can be. `stdio`: driven through a session's standard streams.
"""

from __future__ import annotations

import http.client
import json
import os
import queue
import random
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import intrusion_deeds  # noqa: E402
import intrusion_wire as wire  # noqa: E402
from intrusion_wire import Frame  # noqa: E402

CONTROLLER = -1
REPORT_WITHIN_S = 70
CALL_BACK_WITHIN_S = 45
LINGER_S = 120


class Agent:
    def __init__(self, number: int) -> None:
        self.number = number
        self.plan: dict[str, Any] = json.loads(wire.PLAN.read_text())
        self.nodes: list[dict[str, Any]] = self.plan["nodes"]
        self.steps: list[dict[str, Any]] = self.plan["steps"]
        self.rng = random.Random(f"agent/{self.plan['seed']}/{number}")
        self.events = wire.Events(f"node{number}")
        self.names = wire.Names(self.plan["names"], self.rng)
        self.up: queue.Queue[Frame] = queue.Queue()  # towards the master
        self.down = {node["number"]: queue.Queue[Frame]() for node in self.nodes if node["control"]["master"] == number}

    @property
    def me(self) -> dict[str, Any]:
        return self.nodes[self.number]

    def address_of(self, number: int) -> str:
        """Where a node is dialled; the controller behind its redirector, if it has one."""
        return self.plan["front"] if number == CONTROLLER else self.plan["address"][self.nodes[number]["host"]]

    def take(self, frame: Frame) -> None:
        """A frame from the master: mine, or for a node behind one of mine."""
        if frame.kind != "order":
            return
        if frame.node != self.number:
            self.pass_down(frame)
            return
        self.events.note("received", node=self.number, step=frame.step)
        wire.in_background(self._obey, self.steps[frame.step])

    def pass_down(self, frame: Frame) -> None:
        child = frame.node
        while self.nodes[child]["control"]["master"] != self.number:
            child = self.nodes[child]["control"]["master"]
        self.down[child].put(frame)

    def _obey(self, step: dict[str, Any]) -> None:
        ok = intrusion_deeds.do(self, step)
        self.events.note("done", node=self.number, step=step["number"], ok=ok)
        self.up.put(Frame("report", self.number, step["number"], ok, os.urandom(step["answer_bytes"])))

    def come_up(self, frame: Frame) -> None:
        """A frame from below, on its way to the operator."""
        if frame.kind != "idle":
            self.up.put(frame)

    # Children that call back

    def listen(self, https: int, raw: set[int]) -> None:
        wire.in_background(_serve_https, self, https)
        for port in raw:
            wire.in_background(wire.serve_forever, port, self._answer_held, True)

    def _answer_held(self, connection: socket.socket, _peer: str) -> None:
        assert isinstance(connection, ssl.SSLSocket)
        stream = wire.Stream(connection)
        hello = wire.read_frame(stream.recv)
        if hello is None or hello.node not in self.down:
            return
        self.come_up(hello)
        wire.in_background(_write_frames, stream, self.down[hello.node], 0.0, None)
        while (frame := wire.read_frame(stream.recv)) is not None:
            self.come_up(frame)

    # My own call back, by the plan's style

    def serve_master(self, stdio: bool) -> None:
        control = self.me["control"]
        self.up.put(Frame("hello", self.number, body=os.urandom(self.rng.randint(100, 600))))
        if stdio:
            _serve_stdio(self)
        elif control["style"] == "hold":
            self._hold(control)
        elif control["style"] == "poll":
            self._poll(control)
        else:
            _serve_spool(self)

    def _hold(self, control: dict[str, Any]) -> None:
        address = self.address_of(control["master"])
        if control["master"] == CONTROLLER:
            self.names.look_up(address)
        plain = socket.create_connection((address, control["port"]), timeout=20)
        plain.settimeout(None)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.note_opened("control", plain, address, control["port"])
        with wire.client_tls().wrap_socket(plain) as connection:
            stream = wire.Stream(connection)
            wire.in_background(_write_frames, stream, self.up, control["period_s"], Frame("idle", self.number))
            while (frame := wire.read_frame(stream.recv)) is not None:
                self.take(frame)

    def _poll(self, control: dict[str, Any]) -> None:
        address = self.address_of(control["master"])
        connection: http.client.HTTPSConnection | None = None
        while True:
            waiting = [Frame("idle", self.number, body=os.urandom(self.rng.randint(20, 90)))]
            while not self.up.empty():
                waiting.append(self.up.get())
            try:
                if connection is None:
                    connection = self.open_https(address, control["port"], "control", control["master"] == CONTROLLER)
                connection.request("POST", "/api/v2/status", body=b"".join(frame.encode() for frame in waiting),
                                   headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "Accept": "*/*"})
                for frame in wire.decode(connection.getresponse().read()):
                    self.take(frame)
            except (OSError, http.client.HTTPException, ValueError):
                connection = None
                for frame in waiting[1:]:
                    self.up.put(frame)
            if control["fresh"] and connection is not None:
                connection.close()
                connection = None
            self._rest(control["period_s"] * (1 + control["jitter"] * self.rng.uniform(-1, 1)))

    def _rest(self, seconds: float) -> None:
        """A pause that ends early when there is something to report."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.up.empty():
            time.sleep(0.1)

    def open_https(self, address: str, port: int, purpose: str, by_name: bool, step: int = -1) -> http.client.HTTPSConnection:
        if by_name:
            self.names.look_up(address)
        connection = http.client.HTTPSConnection(address, port, context=wire.client_tls(), timeout=40)
        connection.connect()
        self.note_opened(purpose, connection.sock, address, port, step)
        return connection

    def note_opened(self, purpose: str, connection: socket.socket, address: str, port: int, step: int = -1) -> None:
        self.events.note("opened", node=self.number, purpose=purpose, address=address, port=port,
                         local_port=connection.getsockname()[1], step=step)


def _write_frames(stream: wire.Stream, frames: queue.Queue[Frame], sign_s: float, sign: Frame | None) -> None:
    """Sends what is queued; after a silence of `sign_s`, a sign of life."""
    try:
        while True:
            try:
                frame = frames.get(timeout=sign_s or None)
            except queue.Empty:
                frame = sign
            if frame is not None:
                stream.sendall(frame.encode())
    except OSError:
        pass


def _serve_https(agent: Agent, port: int) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # noqa: N802 - the library's name
            frames = wire.decode(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            answer = b""
            for frame in frames:
                agent.come_up(frame)
                waiting = agent.down.get(frame.node)
                while frame.kind == "idle" and waiting is not None and not waiting.empty():
                    answer += waiting.get().encode()
            self._send(answer)

        def do_GET(self) -> None:  # noqa: N802
            digits = self.path.rpartition("/")[2]
            self._send(os.urandom(min(int(digits), 16 << 20) if digits.isdigit() else 300))

        def _send(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("0.0.0.0", port), Handler)
    server.daemon_threads = True
    server.socket = wire.server_tls().wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


def _serve_stdio(agent: Agent) -> None:
    def write() -> None:
        while True:
            sys.stdout.buffer.write(agent.up.get().encode())
            sys.stdout.buffer.flush()

    wire.in_background(write)
    while (frame := wire.read_frame(sys.stdin.buffer.read1)) is not None:
        agent.take(frame)


def _serve_spool(agent: Agent) -> None:
    """Orders come as files from a share or a management service, reports go out as files."""
    folder = wire.host_folder(agent.me["host"]) / "work"

    def write() -> None:
        number = 0
        while True:
            part = folder / f"out-{agent.number}-{number}.part"
            part.write_bytes(agent.up.get().encode())
            part.rename(folder / f"out-{agent.number}-{number}.bin")
            number += 1

    wire.in_background(write)
    number = 0
    while True:
        try:
            for frame in wire.decode((folder / f"in-{agent.number}-{number}.bin").read_bytes() or b"?"):
                agent.take(frame)
            number += 1
        except (OSError, ValueError):
            time.sleep(0.15)  # not there yet, or not whole yet


class Operator:
    """At the controller: gives the steps in order, with a person's pauses, and waits for each report."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._present: set[int] = set()

    def work(self) -> bool:
        agent = self._agent
        if not self._wait_for(0, CALL_BACK_WITHIN_S):
            return False
        for step in agent.steps:
            if not self._wait_for(step["node"], CALL_BACK_WITHIN_S):
                return False
            time.sleep(step["think_s"])
            agent.events.note("ordered", node=step["node"], step=step["number"])
            agent.pass_down(Frame("order", step["node"], step["number"], body=os.urandom(step["order_bytes"])))
            report = self._await_report(step["number"])
            if report is None or not report.ok:
                agent.events.note("failed", step=step["number"], why="no report in time" if report is None else "the step failed")
                return False
            agent.events.note("reported", node=step["node"], step=step["number"])
        return True

    def _wait_for(self, node: int, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while node not in self._present:
            if self._next(end) is None:
                self._agent.events.note("failed", step=-1, why=f"node {node} did not call back")
                return False
        return True

    def _await_report(self, step: int) -> Frame | None:
        end = time.monotonic() + REPORT_WITHIN_S
        while (frame := self._next(end)) is not None:
            if frame.kind == "report" and frame.step == step:
                return frame
        return None

    def _next(self, end: float) -> Frame | None:
        try:
            frame = self._agent.up.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            return None
        if frame.kind == "hello":
            self._present.add(frame.node)
            self._agent.events.note("present", node=frame.node)
        return frame


def main(number: int, stdio: bool) -> int:
    agent = Agent(number)
    if number == CONTROLLER:
        mine = [node["control"] for node in agent.nodes if node["control"]["master"] == CONTROLLER]
        agent.listen(443, {control["port"] for control in mine if control["style"] == "hold"})
        finished = Operator(agent).work()
        agent.events.note("finished" if finished else "gave-up")
        time.sleep(LINGER_S)  # footholds call back until the captures end
        return 0
    if agent.me["listen_https"]:
        agent.listen(agent.me["listen_https"], {agent.me["listen_raw"]})
    threading.excepthook = lambda caught: agent.events.note("error", why=repr(caught.exc_value))
    agent.serve_master(stdio)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), "stdio" in sys.argv[2:]))
