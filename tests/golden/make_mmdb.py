#!/usr/bin/env python3
"""Makes the small geolocation table of the golden cases: python3 make_mmdb.py > inputs/registry/table.mmdb

The form is that of MaxMind DB 2.0. What it says is made up, and partly wrong on purpose: geolocation is evidence that others contradict.
"""
import ipaddress
import struct
import sys

ROWS = [
    ("192.0.2.0/24", {"country": {"iso_code": "FR"}}),
    ("203.0.113.0/24", {"country": {"iso_code": "KE"}, "autonomous_system_number": 64511, "autonomous_system_organization": "Example Hosting"}),
    ("198.51.100.0/24", {"country": {"iso_code": "KE"}, "autonomous_system_number": 64501}),
    ("10.0.0.0/8", {"country": {"iso_code": "KE"}, "autonomous_system_number": 64510}),
]
MADE_AT = 1419206400


def control(kind, size):
    head = bytes([kind << 5 | min(size, 29)]) if kind < 8 else bytes([min(size, 29), kind - 7])
    return head + (bytes([size - 29]) if size >= 29 else b"")


def value(of, kind=6):
    if isinstance(of, str):
        return control(2, len(of)) + of.encode()
    if isinstance(of, int):
        width = {5: 2, 6: 4, 9: 8}[kind]
        return control(kind, width) + of.to_bytes(width, "big")
    if isinstance(of, list):
        return control(11, 0)
    return control(7, len(of)) + b"".join(value(k) + value(*v) if isinstance(v, tuple) else value(k) + value(v) for k, v in of.items())


def main():
    nodes, data = [[None, None]], b""
    for network, row in ROWS:
        net = ipaddress.ip_network(network)
        length = net.prefixlen + 96
        bits = f"{int(net.network_address):0128b}"
        at = 0
        for bit in map(int, bits[: length - 1]):
            if not isinstance(nodes[at][bit], int):
                nodes.append([nodes[at][bit], nodes[at][bit]])
                nodes[at][bit] = len(nodes) - 1
            at = nodes[at][bit]
        nodes[at][int(bits[length - 1])] = (len(data),)
        data += value(row)
    count = len(nodes)
    number = lambda r: count if r is None else r if isinstance(r, int) else count + 16 + r[0]
    tree = b"".join(struct.pack(">II", number(a), number(b)) for a, b in nodes)
    metadata = {"node_count": count, "record_size": (32, 5), "ip_version": (6, 5), "database_type": "Synthetic-Country", "build_epoch": (MADE_AT, 9),
                "binary_format_major_version": (2, 5), "binary_format_minor_version": (0, 5), "languages": [], "description": {}}
    sys.stdout.buffer.write(tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + value(metadata))


main()
