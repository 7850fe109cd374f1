#!/usr/bin/env python3
"""make_mrt.py [FOLDER]: writes the small BGP files of the golden tests (by default tests/golden/inputs): a table (rib.mrt) and updates (updates.mrt)
in MRT form (RFC 6396), the same bytes on every run. Networks and addresses are those reserved for documentation."""

import pathlib
import struct
import sys

START = 1419264900  # 2014-12-22T16:15:00Z
COLLECTOR, PEERS = "198.51.100.254", (("198.51.100.1", 64500), ("2001:db8::1", 4200000000))


def address(text):
    if ":" not in text:
        return bytes(int(part) for part in text.split("."))
    front, _, back = text.partition("::")
    groups = [int(g, 16) for g in front.split(":") if g]
    last = [int(g, 16) for g in back.split(":") if g]
    return struct.pack(">8H", *groups, *[0] * (8 - len(groups) - len(last)), *last)


def prefix(text):
    host, length = text.split("/")
    return bytes([int(length)]) + address(host)[:(int(length) + 7) // 8]


def attribute(flags, kind, value):
    return bytes([flags, kind, len(value)]) + value


def path(*asns, width=4):
    return bytes([2, len(asns)]) + b"".join(a.to_bytes(width, "big") for a in asns)


def attributes(asns, hop="198.51.100.1", *more):
    return attribute(0x40, 1, b"\0") + attribute(0x40, 2, path(*asns)) + attribute(0x40, 3, address(hop)) + b"".join(more)


def record(kind, subtype, body, after=0):
    return struct.pack(">IHHI", START + after, kind, subtype, len(body)) + body


def session():
    return struct.pack(">IIHH", 64500, 64499, 0, 1) + address("198.51.100.1") + address(COLLECTOR)


def message(body, kind=2):
    return b"\xff" * 16 + struct.pack(">HB", 19 + len(body), kind) + body


def update(withdrawn=b"", attrs=b"", announced=b""):
    return message(struct.pack(">H", len(withdrawn)) + withdrawn + struct.pack(">H", len(attrs)) + attrs + announced)


def entry(peer, attrs):
    return struct.pack(">HIH", peer, START - 86400, len(attrs)) + attrs


def table():
    index = address("198.51.100.254") + struct.pack(">H", 0) + struct.pack(">H", 2)
    index += b"\x02" + address("198.51.100.1") + address("198.51.100.1") + struct.pack(">I", 64500)
    index += b"\x03" + address("198.51.100.2") + address("2001:db8::1") + struct.pack(">I", 4200000000)
    out = record(13, 1, index)
    for number, (text, asns) in enumerate((("192.0.2.0/24", (64500, 64501, 64510)), ("203.0.113.0/24", (64500, 64502)), ("203.0.113.128/25", (64500, 64502, 65551)))):
        extra = attribute(0xc0, 8, struct.pack(">HHHH", 64500, 100, 0xffff, 0xff01)) if number == 0 else attribute(0x80, 4, struct.pack(">I", 50))
        out += record(13, 2, struct.pack(">I", number) + prefix(text) + struct.pack(">H", 2) + entry(0, attributes(asns, "198.51.100.1", extra)) + entry(1, attributes((4200000000, *asns[1:]))))
    hop = attribute(0x80, 14, bytes([16]) + address("2001:db8::1"))
    six = attribute(0x40, 1, b"\2") + attribute(0x40, 2, path(4200000000, 64510)) + hop
    return out + record(13, 4, struct.pack(">I", 9) + prefix("2001:db8:5::/48") + struct.pack(">H", 1) + entry(1, six))


def updates():
    aggregated = attribute(0x40, 6, b"") + attribute(0xc0, 7, struct.pack(">I", 64501) + address("192.0.2.9"))
    out = record(16, 4, session() + update(b"", attributes((64500, 64501, 64510), "198.51.100.1", aggregated), prefix("192.0.2.0/24") + prefix("203.0.113.0/24")))
    out += record(16, 4, session() + update(prefix("192.0.2.0/24")), 60)
    out += record(17, 4, struct.pack(">I", 250000) + session() + update(prefix("203.0.113.0/24")), 61)
    out += record(16, 9, session() + update(b"", attributes((64500, 64502)), struct.pack(">I", 7) + prefix("203.0.113.0/24")), 62)
    reach = attribute(0x80, 14, struct.pack(">HBB", 2, 1, 16) + address("2001:db8::1") + b"\0" + prefix("2001:db8:5::/48"))
    out += record(16, 4, session() + update(b"", attribute(0x40, 1, b"\0") + attribute(0x40, 2, path(64500)) + reach), 63)
    out += record(16, 4, session() + update(b"", attribute(0x80, 15, struct.pack(">HB", 2, 1) + prefix("2001:db8:5::/48"))), 64)
    out += record(16, 5, session() + struct.pack(">HH", 6, 1), 65)
    two = attribute(0x40, 1, b"\0") + attribute(0x40, 2, path(64500, 23456, width=2)) + attribute(0x40, 3, address("198.51.100.1")) + attribute(0xc0, 17, path(4200000000))
    out += record(5, 1, struct.pack(">H", 64500) + address("198.51.100.1") + struct.pack(">H", 64499) + address(COLLECTOR) + update(b"", two, prefix("192.0.2.0/24"))[19:], 66)
    return out


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent / "inputs"
    (folder / "rib.mrt").write_bytes(table())
    (folder / "updates.mrt").write_bytes(updates())


if __name__ == "__main__":
    main()
