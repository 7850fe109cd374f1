"""What the programs of an intrusion run share: frames of the control protocol, TLS, name look-ups, the event log.

Nothing that comes over the network is ever run: a frame carries the number of a step that every program knows from the
plan, and random bytes that give it a likely size.
"""

from __future__ import annotations

import json
import os
import random
import select
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Callable

ROOM = Path("/run/hwlab/intrusion")  # inside the box only
PLAN = ROOM / "plan.json"
EVENTS = ROOM / "events"
CERTIFICATE = Path("/run/hwlab/etc/lab.pem")
SMB_LOGIN = "ops%laboratory"
LARGEST_FRAME = 64 << 20


def host_folder(name: str) -> Path:
    """A host's own files: the box has one file system for all."""
    return ROOM / "host" / name


@dataclass(frozen=True)
class Frame:
    kind: str  # hello, idle, order, report
    node: int  # for orders the receiver, else the sender
    step: int = -1
    ok: bool = True
    body: bytes = b""

    def encode(self) -> bytes:
        head = json.dumps({"kind": self.kind, "node": self.node, "step": self.step, "ok": self.ok}).encode()
        return struct.pack(">II", len(head), len(self.body)) + head + self.body


def decode(data: bytes) -> list[Frame]:
    """The whole frames in `data`; raises ValueError when it does not end with one."""
    frames, offset = [], 0
    while offset < len(data):
        if len(data) - offset < 8:
            raise ValueError("frame cut short")
        head, body = struct.unpack_from(">II", data, offset)
        start, offset = offset + 8, offset + 8 + head + body
        if offset > len(data):
            raise ValueError("frame cut short")
        frames.append(Frame(**json.loads(data[start:start + head]), body=data[start + head:offset]))
    return frames


def read_frame(read: Callable[[int], bytes]) -> Frame | None:
    """The next frame of a stream, or None at its end."""
    start = _exactly(read, 8)
    if start is None:
        return None
    head, body = struct.unpack(">II", start)
    if head + body > LARGEST_FRAME:
        return None
    rest = _exactly(read, head + body)
    return None if rest is None else decode(start + rest)[0]


def _exactly(read: Callable[[int], bytes], size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        more = read(min(65536, size - len(data)))
        if not more:
            return None
        data += more
    return bytes(data)


def client_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the laboratory's own certificate, made for this run
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def serve_forever(port: int, handle: Callable[[socket.socket, str], None], tls: bool) -> None:
    """Answers each connection on `port` in a thread of its own."""
    listener = socket.create_server(("0.0.0.0", port), backlog=64, reuse_port=False)
    context = server_tls() if tls else None

    def one(connection: socket.socket, peer: str) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context:
                connection = context.wrap_socket(connection, server_side=True)
            with connection:
                handle(connection, peer)
        except OSError:
            pass  # clients that go away are part of the weather

    while True:
        connection, (peer, _) = listener.accept()
        threading.Thread(target=one, args=(connection, peer), daemon=True).start()


class Stream:
    """A TLS connection that one thread reads and another writes: the library allows only one of them inside at a time."""

    def __init__(self, connection: ssl.SSLSocket) -> None:
        connection.setblocking(False)
        self._connection, self._lock = connection, threading.Lock()

    def recv(self, size: int) -> bytes:
        while True:
            with self._lock:
                try:
                    return self._connection.recv(size)
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    pass
            select.select([self._connection], [], [])

    def sendall(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            with self._lock:
                try:
                    left = left[self._connection.send(left[:16384]):]
                    continue
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    pass
            select.select([], [self._connection], [], 1.0)


def in_background(work: Callable[..., Any], *arguments: Any) -> None:
    threading.Thread(target=work, args=arguments, daemon=True).start()


class Names:
    """Asks the company's name server before a connection is made, and remembers the answer for a while."""

    def __init__(self, server: str, rng: random.Random) -> None:
        self._server, self._rng, self._known = server, rng, dict[str, float]()

    def look_up(self, address: str) -> None:
        if self._known.get(address, 0) > time.monotonic():
            return
        self._known[address] = time.monotonic() + self._rng.uniform(20, 60)
        name = b"".join(bytes([len(part)]) + part for part in (b"h" + address.replace(".", "-").encode(), b"lab", b"invalid"))
        question = struct.pack(">HHHHHH", self._rng.getrandbits(16), 0x0100, 1, 0, 0, 0) + name + b"\0\0\1\0\1"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
            handle.settimeout(2)
            try:
                handle.sendto(question, (self._server, 53))
                handle.recv(600)
            except OSError:
                pass


class Events:
    """One program's diary for the truth: what it received, opened and did, in true time."""

    def __init__(self, name: str) -> None:
        self._out: BinaryIO = (EVENTS / f"{name}-{os.getpid()}.jsonl").open("ab", buffering=0)

    def note(self, what: str, **details: Any) -> None:
        self._out.write(json.dumps({"t": time.time(), "what": what, **details}).encode() + b"\n")
