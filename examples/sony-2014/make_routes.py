#!/usr/bin/env python3
"""make_routes.py [FOLDER]: writes the synthetic BGP data of the worked case (by default routes/ beside this file): a table (rib.mrt) and a day of
updates (updates.mrt) in MRT form (RFC 6396), the same bytes on every run. Networks, addresses and ASes are those reserved for documentation and
private use. Nothing in it was observed anywhere: it stands for the kind of data an operator would have.

A small network, AS64511, is announced by two prefixes, and all routers reach it by one neighbour, AS64505. For nine hours and 31 minutes both are
withdrawn by every router, after some hours of unrest."""

import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
START = 1419206400  # 2014-12-22T00:00:00Z
COLLECTOR = "198.51.100.254"
PEERS = [("198.51.100.1", 64496), ("198.51.100.2", 64497), ("198.51.100.3", 64498), ("198.51.100.4", 64499), ("198.51.100.5", 64500)]
SMALL, CARRIER = 64511, 64505
TARGETS = ["203.0.113.0/25", "203.0.113.128/25"]
OTHERS = {"192.0.2.0/24": (64506, 64507), "198.51.100.0/24": (64508,), "233.252.0.0/24": (64505, 64509)}


def address(text):
    return bytes(int(part) for part in text.split("."))


def prefix(text):
    host, length = text.split("/")
    return bytes([int(length)]) + address(host)[:(int(length) + 7) // 8]


def attributes(asns, hop):
    path = bytes([2, len(asns)]) + b"".join(a.to_bytes(4, "big") for a in asns)
    return b"".join(bytes([0x40, kind, len(value)]) + value for kind, value in ((1, b"\0"), (2, path), (3, address(hop))))


def record(kind, subtype, body, after):
    return struct.pack(">IHHI", START + after, kind, subtype, len(body)) + body


def ways(peer):
    """The way of each prefix as this peer tells it."""
    told = {target: (peer, CARRIER, SMALL) for target in TARGETS}
    return told | {network: (peer, *asns) for network, asns in OTHERS.items()}


def table():
    index = address(COLLECTOR) + struct.pack(">HH", 0, len(PEERS))
    for host, asn in PEERS:
        index += struct.pack(">B", 2) + address(host) + address(host) + struct.pack(">I", asn)
    out = record(13, 1, index, 0)
    for number, network in enumerate([*OTHERS, *TARGETS]):
        body = struct.pack(">I", number) + prefix(network) + struct.pack(">H", len(PEERS))
        for peer, (host, asn) in enumerate(PEERS):
            attrs = attributes(ways(asn)[network], host)
            body += struct.pack(">HIH", peer, START - 86400, len(attrs)) + attrs
        out += record(13, 2, body, 0)
    return out


def update(peer, after, announced=(), withdrawn=()):
    host, asn = PEERS[peer]
    lost = b"".join(prefix(p) for p in withdrawn)
    attrs = attributes(ways(asn)[announced[0]], host) if announced else b""
    body = struct.pack(">H", len(lost)) + lost + struct.pack(">H", len(attrs)) + attrs + b"".join(prefix(p) for p in announced)
    message = b"\xff" * 16 + struct.pack(">HB", 19 + len(body), 2) + body
    return after, record(16, 4, struct.pack(">IIHH", asn, 64510, 0, 1) + address(host) + address(COLLECTOR) + message, after)


def updates():
    out = []
    for peer in range(len(PEERS)):
        for hour in range(0, 46):  # what keeps a session alive for a reader: somebody else's route, told anew
            out.append(update(peer, hour * 3600 + 60 * peer, announced=["192.0.2.0/24"]))
        gone, back = 16 * 3600 + 15 * 60 + 7 * peer, 25 * 3600 + 46 * 60 + 5 * peer
        for swing in range(3):  # unrest before it
            out.append(update(peer, gone - 9000 + 2400 * swing, withdrawn=TARGETS[:1]))
            out.append(update(peer, gone - 9000 + 2400 * swing + 150, announced=TARGETS[:1]))
        out.append(update(peer, gone, withdrawn=TARGETS))
        out.append(update(peer, back, announced=TARGETS))
    return b"".join(data for _, data in sorted(out))


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "routes"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rib.mrt").write_bytes(table())
    (folder / "updates.mrt").write_bytes(updates())
    (folder / "SYNTHETIC").write_text("routing data made for the worked case; nothing in it was observed\n")


if __name__ == "__main__":
    main()
