#!/usr/bin/python3
"""httpd.py CERTIFICATE: a web server on 80 and 443; GET /N answers N bytes."""

from __future__ import annotations

import os
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STOCK = os.urandom(1 << 20)
LARGEST = 64 << 20


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # noqa: N802 - the library's name
        digits = self.path.lstrip("/")
        size = min(int(digits), LARGEST) if digits.isdigit() else 512
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        try:
            while size > 0:
                piece = STOCK[: min(size, len(STOCK))]
                self.wfile.write(piece)
                size -= len(piece)
        except OSError:
            self.close_connection = True

    def log_message(self, *_arguments: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_arguments: object) -> None:
        pass  # clients that go away are part of the weather


def main(certificate: str) -> None:
    plain = Server(("0.0.0.0", 80), Handler)
    secure = Server(("0.0.0.0", 443), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=secure.serve_forever, daemon=True).start()
    plain.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
