"""Our own small pcap pass: shift an observer's clock while copying a capture, and note its TCP flows on the way.

Streaming, little-endian microsecond Ethernet files as tcpdump writes them here; anything else is refused.
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass
from pathlib import Path

MAGIC = 0xA1B2C3D4
ETHERNET = 1
ICMP, ECHO_REPLY = 1, 0
BLOCK = 1 << 20

SAMPLING_MODES = ("systematic", "random")  # RFC 5475: systematic count-based (5.1), uniform probabilistic (5.2.2.1)
Key = tuple[bytes, int, bytes, int, int]  # client address and port, server address and port, IP protocol


class PcapError(Exception):
    """A capture is not what the lab's tcpdump writes; the message says where."""


@dataclass
class FlowSpan:
    """First and last packet of one flow in true time (µs since the epoch), and its packets."""

    first_us: int
    last_us: int
    packets: int = 0


class Sampler:
    """Keeps one packet in `rate`, as a router's exporter does: every rate-th from a first one at random, or each by chance."""

    def __init__(self, rate: int, mode: str, seed: str) -> None:
        self._rate, self._systematic, self._rng = rate, mode == "systematic", random.Random(seed)
        self._until_next = self._rng.randrange(rate)

    def keeps(self) -> bool:
        if not self._systematic:
            return self._rng.random() * self._rate < 1
        self._until_next = self._until_next - 1 if self._until_next else self._rate - 1
        return self._until_next == self._rate - 1


def rewrite(source: Path, target: Path, offset_us: int, wanted: set[tuple[bytes, int]], spans: dict[Key, FlowSpan],
            sampler: Sampler | None = None) -> int:
    """Copies a capture with every time shifted by `offset_us`, all of it or the sample; returns the packets copied.

    Notes in `spans` the flows whose server (address, port) is in `wanted`, in true time, by all their packets. A record
    cut short at the end of the file is dropped.
    """
    count = 0
    with source.open("rb") as reader, target.open("wb") as writer:
        head = reader.read(24)
        if len(head) < 24 or struct.unpack_from("<I", head)[0] != MAGIC or struct.unpack_from("<I", head, 20)[0] != ETHERNET:
            raise PcapError(f"{source}: not a little-endian microsecond Ethernet capture")
        writer.write(head)
        data, offset = b"", 0
        unpack, pack_into = struct.Struct("<IIII").unpack_from, struct.Struct("<II").pack_into
        while True:
            more = reader.read(BLOCK)
            data, offset = bytearray(data[offset:] + more), 0
            kept = bytearray()
            while len(data) - offset >= 16:
                seconds, micros, size, _ = unpack(data, offset)
                if len(data) - offset - 16 < size:
                    break
                true_us = seconds * 1_000_000 + micros
                pack_into(data, offset, *divmod(true_us + offset_us, 1_000_000))
                _note(data, offset + 16, size, true_us, wanted, spans)
                if sampler is None or sampler.keeps():
                    count += 1
                    if sampler:
                        kept += data[offset:offset + 16 + size]
                offset += 16 + size
            writer.write(kept if sampler else data[:offset])
            if not more:
                return count


def _note(data: bytearray, at: int, size: int, true_us: int, wanted: set[tuple[bytes, int]], spans: dict[Key, FlowSpan]) -> None:
    if size < 38 or data[at + 12] != 8 or data[at + 13] != 0:  # IPv4 over Ethernet, with the ports within the snap
        return
    protocol = data[at + 23]
    if protocol not in (ICMP, 6, 17):
        return
    ports = at + 14 + (data[at + 14] & 15) * 4
    if ports + 4 > at + size:
        return
    origin, destination = bytes(data[at + 26:at + 30]), bytes(data[at + 30:at + 34])
    if protocol == ICMP:
        if data[ports] == ECHO_REPLY:
            origin, destination = destination, origin
        origin_port = destination_port = 0
    else:
        origin_port, destination_port = data[ports] << 8 | data[ports + 1], data[ports + 2] << 8 | data[ports + 3]
    if (destination, destination_port) in wanted:
        key = (origin, origin_port, destination, destination_port, protocol)
    elif (origin, origin_port) in wanted:
        key = (destination, destination_port, origin, origin_port, protocol)
    else:
        return
    span = spans.get(key)
    if span is None:
        span = spans[key] = FlowSpan(true_us, true_us)
    span.packets += 1
    span.first_us = min(span.first_us, true_us)
    span.last_us = max(span.last_us, true_us)
