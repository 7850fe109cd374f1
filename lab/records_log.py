"""A capture's TCP connections as logs of totals: a Zeek conn log, and the same with what NetFlow counts (whole packets).

An own reading of the capture, apart from Headwater's: connections by their five-tuple and SYN, payload by sequence numbers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator

FIELDS = ("ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state missed_bytes history "
          "orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes").split()
TYPES = "time string addr port addr port enum string interval count count string count string count count count count".split()
HEADER = ("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#fields\t" + "\t".join(FIELDS) + "\n#types\t" +
          "\t".join(TYPES) + "\n")
FIN, SYN, RST, ACK = 1, 2, 4, 16


@dataclass
class Side:
    packets: int = 0
    ip_bytes: int = 0
    initial: int | None = None  # sequence number of the first payload byte
    highest: int = 0  # payload bytes up to the furthest seen
    flags: int = 0

    def add(self, ip_bytes: int, sequence: int, payload: int, flags: int) -> None:
        self.packets += 1
        self.ip_bytes += ip_bytes
        self.flags |= flags
        if flags & SYN:
            self.initial = (sequence + 1) % 2**32
        elif self.initial is None:
            self.initial = sequence
        offset = (sequence - (self.initial or 0)) % 2**32
        if payload and offset < 2**31:
            self.highest = max(self.highest, offset + payload)


@dataclass
class Connection:
    client: tuple[str, int]
    server: tuple[str, int]
    first: float
    last: float
    up: Side = field(default_factory=Side)
    down: Side = field(default_factory=Side)

    def state(self) -> str:
        if not self.down.packets:
            return "S0"
        if self.down.flags & RST and not self.down.flags & SYN:
            return "REJ"
        if self.up.flags & FIN and self.down.flags & FIN:
            return "SF"
        return "RSTO" if self.up.flags & RST else "RSTR" if self.down.flags & RST else "S1"


def packets(capture: Path) -> Iterator[tuple[float, str, int, str, int, int, int, int, int]]:
    """Time, endpoints, IP length, sequence number, payload length, flags."""
    data = capture.read_bytes()
    order = "<" if data[:4] == b"\xd4\xc3\xb2\xa1" else ">"
    at = 24
    while at + 16 <= len(data):
        seconds, micros, kept, _ = struct.unpack_from(order + "IIII", data, at)
        frame = data[at + 16: at + 16 + kept]
        at += 16 + kept
        if len(frame) < 54 or frame[12:14] != b"\x08\x00" or frame[23] != 6:
            continue
        words = (frame[14] & 15) * 4
        length = struct.unpack_from(">H", frame, 16)[0]
        tcp = 14 + words
        source, target, sequence = struct.unpack_from(">HHI", frame, tcp)
        payload = length - words - (frame[tcp + 12] >> 4) * 4
        yield (seconds + micros / 1e6, ".".join(map(str, frame[26:30])), source, ".".join(map(str, frame[30:34])), target, length, sequence, payload,
               frame[tcp + 13])


def connections(capture: Path) -> tuple[list[Connection], int]:
    alive: dict[tuple[tuple[str, int], tuple[str, int]], Connection] = {}
    done: list[Connection] = []
    count = 0
    for when, source, source_port, target, target_port, length, sequence, payload, flags in packets(capture):
        count += 1
        a, b = (source, source_port), (target, target_port)
        key = (a, b) if (a, b) in alive else (b, a)
        known = alive.get(key)
        if flags & SYN and not flags & ACK and (known is None or known.up.flags & (FIN | RST) or known.down.flags & (FIN | RST)):
            known = Connection(a, b, when, when)
            key = (a, b)
            alive[key] = known
            done.append(known)
        if known is None:
            continue  # began before the capture
        known.last = max(known.last, when)
        (known.up if a == known.client else known.down).add(length, sequence, payload, flags)
    return done, count


def write_logs(capture: Path, out: Path, kind: str, relay: str) -> dict[str, int]:
    found, count = connections(capture)
    found = sorted((c for c in found if relay in (c.client[0], c.server[0])), key=lambda c: c.last)  # logged when they end
    with open(out / f"{kind}.conn.log", "w") as zeek, open(out / f"{kind}.netflow.log", "w") as netflow:
        for log in (zeek, netflow):
            log.write(HEADER)
        for number, c in enumerate(found):
            head = f"{c.first:.6f}\tC{kind.replace('-', '')}{number:06d}\t{c.client[0]}\t{c.client[1]}\t{c.server[0]}\t{c.server[1]}\ttcp\t-\t{c.last - c.first:.6f}"
            tail = f"{c.state()}\t0\t-\t{c.up.packets}\t{c.up.ip_bytes}\t{c.down.packets}\t{c.down.ip_bytes}\n"
            zeek.write(f"{head}\t{c.up.highest}\t{c.down.highest}\t{tail}")
            # NetFlow's clock has milliseconds, and no payload is counted.
            head = f"{c.first:.3f}\t" + head.split("\t", 1)[1].rsplit("\t", 1)[0] + f"\t{round(c.last, 3) - round(c.first, 3):.3f}"
            netflow.write(f"{head}\t-\t-\t{tail}")
    return {"flows": len(found), "packets": count}
