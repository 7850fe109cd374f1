"""Captures made while a test runs: small UDP conversations, as many as wanted."""

import struct

HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


def packets(first, count):
    """`count` packets from the `first` on, each of a conversation of its own, a millisecond apart."""
    out = bytearray()
    for number in range(first, first + count):
        ip = struct.pack(">BBHHHBBHII", 0x45, 0, 36, 0, 0, 64, 17, 0, 0x0A000000 | (number & 0xFFFF), 0xC0000201)
        frame = bytes(12) + b"\x08\x00" + ip + struct.pack(">HHHH", 1024 + (number >> 16), 53, 16, 0) + bytes(8)
        out += struct.pack("<IIII", 1416823200 + number // 1000, number % 1000 * 1000, len(frame), len(frame)) + frame
    return bytes(out)
