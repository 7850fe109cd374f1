#!/usr/bin/python3
"""Control by polling, harmless: an agent asks an HTTPS server for commands and posts what they print.

poll_control.py serve PORT CERTIFICATE SEED     the server, with an operator who gives an order now and then
poll_control.py poll HOST:PORT SECONDS SEED     the agent

Orders are numbers into ORDERS below: nothing that comes over the network is ever run.
"""

from __future__ import annotations

import http.client
import random
import ssl
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ORDERS = ["id", "uname -a", "ls -la documents", "ps aux", "df -h", "cat documents/finance/note-1.txt",
          "find documents -type f", "ls -la /usr/bin | head -300"]


def serve(port: int, certificate: str, seed: int) -> None:
    rng = random.Random(seed)
    next_order = [time.monotonic() + rng.uniform(1, 5)]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # noqa: N802 - the library's name
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = b"sleep"
            if time.monotonic() >= next_order[0]:
                answer = str(rng.randrange(len(ORDERS))).encode()
                next_order[0] = time.monotonic() + min(25.0, rng.lognormvariate(1.6, 0.7))
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("0.0.0.0", port), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


def poll(where: str, seconds: float, seed: int) -> None:
    rng = random.Random(seed + 1)
    context = ssl._create_unverified_context()  # the laboratory's own certificate
    connection = http.client.HTTPSConnection(where, context=context, timeout=20)
    end, period_s, report = time.monotonic() + seconds, rng.uniform(1.5, 4.0), b""
    while time.monotonic() < end:
        connection.request("POST", "/status", body=report)
        order = connection.getresponse().read()
        report = b""
        if order.isdigit():
            report = subprocess.run(ORDERS[int(order) % len(ORDERS)], shell=True, capture_output=True).stdout[:200_000]
            time.sleep(rng.uniform(0.1, 0.6))
            continue
        time.sleep(period_s * rng.uniform(0.8, 1.2))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    else:
        poll(sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
