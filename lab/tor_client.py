#!/usr/bin/python3
"""tor_client.py TORRC CONTROL_SOCKET RELAY,RELAY,RELAY: a Tor client whose streams all go through the circuit named.

Tor chooses its circuits itself and keeps its entry for months; a laboratory must know who relayed what. So this asks Tor,
by its control port, for one circuit through the relays named, attaches every stream to it, and asks again when it is lost.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

RETRY_S = 2.0


class Controller:
    def __init__(self, path: str, relays: str) -> None:
        self._relays = relays
        self._link = socket.socket(socket.AF_UNIX)
        self._link.connect(path)
        self._link.settimeout(RETRY_S)
        self._unread = b""
        self._circuit, self._built = "", False
        self._waiting: list[str] = []  # streams

    def serve(self) -> None:
        for line in ("AUTHENTICATE", "SETCONF __LeaveStreamsUnattached=1 __DisablePredictedCircuits=1", "SETEVENTS STREAM CIRC"):
            self._send(line)
        while True:
            if not self._circuit:
                self._send(f"EXTENDCIRCUIT 0 {self._relays}")
                self._circuit = "asked"
            try:
                self._hear(self._line().split())
            except TimeoutError:
                if self._circuit == "refused":
                    self._circuit = ""

    def _hear(self, words: list[str]) -> None:
        if words[:2] == ["250", "EXTENDED"]:
            self._circuit, self._built = words[2], False
        elif words[0][:1] == "5" and self._circuit == "asked":  # it does not know the relays yet
            self._circuit = "refused"
        elif words[:2] == ["650", "CIRC"] and words[2] == self._circuit:
            if words[3] == "BUILT":
                print(f"circuit {self._circuit} stands: {self._relays}", flush=True)
                self._built = True
            elif words[3] in ("FAILED", "CLOSED"):
                print(" ".join(words), flush=True)
                self._circuit, self._built = "", False
        elif words[:2] == ["650", "STREAM"] and words[3] in ("NEW", "DETACHED"):
            self._waiting.append(words[2])
        if self._built and self._waiting:
            for stream in self._waiting:
                self._send(f"ATTACHSTREAM {stream} {self._circuit}")
            self._waiting = []

    def _send(self, line: str) -> None:
        self._link.sendall(line.encode() + b"\r\n")

    def _line(self) -> str:
        while b"\n" not in self._unread:
            more = self._link.recv(4096)
            if not more:
                raise ConnectionError("Tor closed its control socket")
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode(errors="replace").strip() or "-"


def main(config: str, path: str, relays: str) -> int:
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    client = subprocess.Popen(["tor", "-f", config, "--defaults-torrc", "/dev/null"])
    while client.poll() is None and not os.path.exists(path):
        time.sleep(0.1)
    Controller(path, relays).serve()
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
