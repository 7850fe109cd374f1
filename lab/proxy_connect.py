#!/usr/bin/python3
"""Walks a chain of SOCKS5 and HTTP CONNECT proxies and TLS servers, then joins standard input and output to the far end.

proxy_connect.py (--connect HOST:PORT | --via COMMAND) [--socks5 HOST:PORT | --http HOST:PORT | --tls -]...

The first option says how to reach the first proxy; each later one asks the proxy reached so far, in its own protocol,
for the next stop, or wraps what is reached so far in TLS. (netcat knows one proxy, proxychains no proxy behind a command: hence this one.)
"""

from __future__ import annotations

import os
import selectors
import socket
import ssl
import struct
import subprocess
import sys


class ProxyRefused(Exception):
    pass


def _split(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def _open(kind: str, where: str) -> socket.socket:
    if kind == "--connect":
        stream = socket.create_connection(_split(where))
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return stream
    near, far = socket.socketpair()
    subprocess.Popen(where, shell=True, stdin=far, stdout=far)
    far.close()
    return near


def _receive(stream: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = stream.recv(size - len(data))
        if not piece:
            raise ProxyRefused("proxy closed the connection")
        data += piece
    return data


def ask_socks5(stream: socket.socket, host: str, port: int) -> None:
    """RFC 1928, no authentication, CONNECT to an IPv4 address."""
    stream.sendall(b"\x05\x01\x00")
    if _receive(stream, 2) != b"\x05\x00":
        raise ProxyRefused("SOCKS5: wants authentication")
    stream.sendall(b"\x05\x01\x00\x01" + socket.inet_aton(host) + struct.pack(">H", port))
    version, code, _, kind = _receive(stream, 4)
    if version != 5 or code != 0:
        raise ProxyRefused(f"SOCKS5: refused {host}:{port} with code {code}")
    _receive(stream, {1: 4, 4: 16}.get(kind) or _receive(stream, 1)[0])
    _receive(stream, 2)


def ask_http(stream: socket.socket, host: str, port: int) -> None:
    """RFC 9110 section 9.3.6."""
    stream.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += _receive(stream, 1)
    if answer.split()[1] != b"200":
        raise ProxyRefused(answer.split(b"\r\n")[0].decode(errors="replace"))


def _without_checks() -> ssl.SSLContext:
    """The laboratory's certificate is made anew for each run: nothing to check it against."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data):]


def join(stream: socket.socket) -> None:
    ready = selectors.DefaultSelector()
    ready.register(0, selectors.EVENT_READ)
    ready.register(stream, selectors.EVENT_READ)
    pending = getattr(stream, "pending", lambda: 0)  # bytes that TLS has decrypted and a selector cannot see
    while True:
        for key, _ in ready.select():
            if key.fd == 0:
                data = os.read(0, 65536)
                if data:
                    stream.sendall(data)
                else:
                    ready.unregister(0)
                    if not isinstance(stream, ssl.SSLSocket):  # TLS has no half-closed state worth having here
                        stream.shutdown(socket.SHUT_WR)
                continue
            while True:
                data = stream.recv(65536)
                if not data:
                    return
                _write_all(1, data)
                if not pending():
                    break


def main(arguments: list[str]) -> int:
    stream = _open(arguments[0], arguments[1])
    for kind, where in zip(arguments[2::2], arguments[3::2]):
        if kind == "--tls":
            stream = _without_checks().wrap_socket(stream)
        else:
            (ask_socks5 if kind == "--socks5" else ask_http)(stream, *_split(where))
    join(stream)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (ProxyRefused, OSError) as error:
        print(f"proxy_connect: {error}", file=sys.stderr)
        sys.exit(1)
