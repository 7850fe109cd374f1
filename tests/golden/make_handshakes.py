#!/usr/bin/env python3
"""make_handshakes.py [FOLDER]: writes handshakes.pcap for the golden tests of relay-test (by default tests/golden/inputs).

What a server at 203.0.113.20 sees of five clients: one whose handshakes come from behind a relay (198.51.100.9, TLS 1.3), one
direct (192.0.2.33, TLS 1.2), one behind a relay by SSH (198.51.100.77), one with two handshakes only (192.0.2.44), one that says
nothing understood (192.0.2.55). Synthetic, from a fixed seed: the same bytes on every run. All addresses are those reserved for
documentation.
"""

import pathlib
import random
import struct
import sys

START = 1416823200  # 2014-11-24T10:00:00Z
SERVER = "203.0.113.20"
FIN, SYN, PSH, ACK = 1, 2, 8, 16


def record(kind, length, message=0):
    return struct.pack(">BHH", kind, 0x0303, length) + bytes([message]) + bytes(length - 1)


def ssh_packet(message, payload):
    padding = 4 + -(5 + payload + 4) % 8
    return struct.pack(">IBB", 1 + payload + padding, padding, message) + bytes(payload - 1 + padding)


class Connection:
    """One connection as the server's host sees it: round trip `near` to the client's TCP, `far` to whoever speaks."""

    def __init__(self, rng, client, port, server_port, begin, near, far):
        self.rng, self.client, self.port, self.server_port, self.near, self.far = rng, client, port, server_port, near, far
        self.now, self.packets, self.sent = begin, [], {True: 1000, False: 5000}
        self.put(True, SYN, b"")
        self.put(False, SYN | ACK, b"")
        self.now += self.noisy(near)
        self.put(True, ACK, b"")

    def noisy(self, rtt):
        return rtt + self.rng.expovariate(1 / 0.0006)

    def put(self, by_client, flags, payload, at=None):
        self.packets.append((self.now if at is None else at, by_client, flags, self.sent[by_client], self.sent[not by_client], payload))
        self.sent[by_client] += len(payload) + (1 if flags & (SYN | FIN) else 0)

    def client_says(self, payload, after):
        if self.far > self.near * 1.5:  # a relay's TCP acknowledges before anybody behind it can speak
            self.put(True, ACK, b"", self.now + self.noisy(self.near))
        self.now += after
        self.put(True, PSH | ACK, payload)

    def server_says(self, payload, after=0.0008):
        self.now += after
        self.put(False, PSH | ACK, payload)

    def answers(self, payload, work=0.001):
        self.client_says(payload, self.noisy(self.far) + work)

    def tls13(self):
        self.client_says(record(22, 512, 1), 0.02)
        self.server_says(record(22, 118, 2) + record(20, 1, 1) + record(23, 800))
        self.answers(record(20, 1, 1) + record(23, 53) + record(23, 120))
        self.server_says(record(23, 400))

    def tls12(self):
        self.client_says(record(22, 512, 1), 0.02)
        self.server_says(record(22, 90, 2) + record(22, 700, 11) + record(22, 140, 12) + record(22, 4, 14))
        self.answers(record(22, 37, 16) + record(20, 1, 1) + record(22, 40, 0x33))
        self.server_says(record(20, 1, 1) + record(22, 40, 0x44))
        self.answers(record(23, 120), 0.0005)

    def ssh(self):
        self.client_says(b"SSH-2.0-OpenSSH_9.2p1\r\n", 0.02)
        self.server_says(b"SSH-2.0-OpenSSH_9.2p1\r\n" + ssh_packet(20, 900))
        self.answers(ssh_packet(20, 1200), 0.0005)
        self.client_says(ssh_packet(30, 37), 0.002)
        self.server_says(ssh_packet(31, 400) + ssh_packet(21, 1))
        self.answers(ssh_packet(21, 1) + bytes(44), 0.002)
        for size in (60, 500):
            self.server_says(bytes(44))
            self.answers(bytes(size), 0.0005)

    def other(self):
        self.client_says(b"HELO there\r\n", 0.02)
        self.server_says(b"250 welcome\r\n")

    def frames(self):
        self.put(True, FIN | ACK, b"", self.now + 0.1)
        self.put(False, FIN | ACK, b"", self.now + 0.1005)
        for at, by_client, flags, sequence, acknowledges, payload in self.packets:
            ends = (self.client, SERVER) if by_client else (SERVER, self.client)
            ports = (self.port, self.server_port) if by_client else (self.server_port, self.port)
            options = struct.pack(">HH", 0x0204, 1460) if flags & SYN else b""
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(options) + len(payload), 0, 0x4000, 53 if by_client else 64, 6, 0,
                             *(bytes(int(part) for part in end.split(".")) for end in ends))
            tcp = struct.pack(">HHIIBBHHH", *ports, sequence, acknowledges if flags & ACK else 0, (5 + len(options) // 4) << 4, flags, 64240, 0, 0)
            yield at, b"\x02\0\0\0\0\x01\x02\0\0\0\0\xfe\x08\x00" + ip + tcp + options + payload


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent / "inputs"
    rng = random.Random(11)
    plan = [("198.51.100.9", 443, "tls13", 4, 0.024, 0.091), ("192.0.2.33", 443, "tls12", 4, 0.046, 0.046),
            ("198.51.100.77", 22, "ssh", 3, 0.061, 0.142), ("192.0.2.44", 443, "tls13", 2, 0.030, 0.030),
            ("192.0.2.55", 2525, "other", 3, 0.030, 0.030)]
    frames = []
    for index, (client, port, talk, count, near, far) in enumerate(plan):
        for number in range(count):
            connection = Connection(rng, client, 40000 + index * 100 + number, port, index * 3 + number * 20.0, near, far)
            getattr(connection, talk)()
            frames += connection.frames()
    with open(folder / "handshakes.pcap", "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for at, frame in sorted(frames):
            micros = round(at * 1e6)
            out.write(struct.pack("<IIII", START + micros // 1_000_000, micros % 1_000_000, len(frame), len(frame)) + frame)


if __name__ == "__main__":
    main()
