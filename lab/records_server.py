#!/usr/bin/python3
"""records_server.py LOG: answers `TOKEN SIZE` lines with SIZE bytes each, and notes whom every token came from.

`TOKEN 0` refuses: the connection is reset.
"""

from __future__ import annotations

import os
import socket
import socketserver
import struct
import sys
import threading

STOCK = os.urandom(1 << 18)
NOTES = open(sys.argv[1], "a", buffering=1)  # noqa: SIM115 - open as long as the process
LOCK = threading.Lock()


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        noted = False
        while line := self.rfile.readline(4096):
            token, size = line.split()[:2]
            if not noted:
                with LOCK:
                    NOTES.write(f"{token.decode()} {self.client_address[0]} {self.client_address[1]}\n")
                noted = True
            left = int(size)
            if left == 0:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            while left > 0:
                piece = STOCK[: min(left, len(STOCK))]
                self.connection.sendall(piece)
                left -= len(piece)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def handle_error(self, *_arguments: object) -> None:
        pass  # clients that hang up are part of the weather


Server(("0.0.0.0", 80), Handler).serve_forever()
