#!/usr/bin/python3
"""intrusion_conn_log.py CAPTURE.pcap LOG [--uid-seed TEXT]: a capture's connections as a Zeek-style conn.log.

An independent, small converter: Headwater's own readers have no part in it. Fields and their meanings follow Zeek's
documentation of conn.log (conn_state and history included); IPv4 TCP, UDP and ICMP echo over Ethernet. A connection's
`orig` is who sent the first SYN; where none was seen, who sent first, or the other side when only that one can be a
client (a service's port, and more than 1023 opposite).
"""

from __future__ import annotations

import argparse
import ipaddress
import random
import string
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator

FIELDS = [("ts", "time"), ("uid", "string"), ("id.orig_h", "addr"), ("id.orig_p", "port"), ("id.resp_h", "addr"),
          ("id.resp_p", "port"), ("proto", "enum"), ("service", "string"), ("duration", "interval"), ("orig_bytes", "count"),
          ("resp_bytes", "count"), ("conn_state", "string"), ("local_orig", "bool"), ("local_resp", "bool"),
          ("missed_bytes", "count"), ("history", "string"), ("orig_pkts", "count"), ("orig_ip_bytes", "count"),
          ("resp_pkts", "count"), ("resp_ip_bytes", "count"), ("tunnel_parents", "set[string]")]
FIN, SYN, RST, ACK = 1, 2, 4, 16
TCP, UDP, ICMP = 6, 17, 1
UDP_IDLE_US, TCP_IDLE_US = 60_000_000, 300_000_000
WELL_KNOWN = 1023
Key = tuple[bytes, int, bytes, int, int]


@dataclass
class Side:
    packets: int = 0
    ip_bytes: int = 0
    payload: int = 0  # UDP and ICMP: sum of payloads
    first_seq: int | None = None
    last_seq: int = 0  # relative to first_seq: the farthest byte seen
    syn: bool = False
    fin: bool = False
    rst: bool = False
    data: bool = False

    def bytes_sent(self, tcp: bool) -> int:
        return max(0, self.last_seq - self.syn - self.fin) if tcp else self.payload


@dataclass
class Connection:
    """One conversation; sides[0] is the originator."""

    key: Key  # originator first
    first_us: int
    last_us: int
    sides: tuple[Side, Side] = field(default_factory=lambda: (Side(), Side()))
    history: str = ""
    service: str = ""
    tried: int = 0

    @property
    def tcp(self) -> bool:
        return self.key[4] == TCP

    def note(self, letter: str, by: int) -> None:
        mark = letter if by else letter.upper()
        if mark not in self.history:
            self.history += mark

    def state(self) -> str:
        orig, resp = self.sides
        if not self.tcp:
            return "SF" if orig.packets and resp.packets else "S0" if orig.packets else "SHR"
        if orig.syn and not resp.packets:
            return "SH" if orig.fin else "RSTOS0" if orig.rst else "S0"
        if orig.syn and resp.rst and not resp.syn:
            return "REJ"
        if not orig.syn:
            return "RSTRH" if resp.syn and resp.rst else "SHR" if resp.syn and resp.fin else "OTH"
        if orig.rst:
            return "RSTO"
        if resp.rst:
            return "RSTR"
        if orig.fin and resp.fin:
            return "SF"
        return "S2" if orig.fin else "S3" if resp.fin else "S1"


def packets(path: Path) -> Iterator[tuple[int, bytes]]:
    """(µs, Ethernet frame as far as it was kept) of a little-endian microsecond capture."""
    with path.open("rb") as reader:
        head = reader.read(24)
        if len(head) < 24 or struct.unpack_from("<I", head)[0] != 0xA1B2C3D4:
            raise ValueError(f"{path}: not a little-endian microsecond capture")
        while len(record := reader.read(16)) == 16:
            seconds, micros, size, _ = struct.unpack("<IIII", record)
            frame = reader.read(size)
            if len(frame) < size:
                return
            yield seconds * 1_000_000 + micros, frame


def connections(path: Path) -> list[Connection]:
    """All connections of a capture in the order in which they ended."""
    table = Table()
    for at_us, frame in packets(path):
        table.take(at_us, frame)
    return sorted(table.done + list(table.open.values()), key=lambda one: (one.last_us, one.key))


class Table:
    def __init__(self) -> None:
        self.open: dict[Key, Connection] = {}
        self.done: list[Connection] = []

    def take(self, at_us: int, frame: bytes) -> None:
        if len(frame) < 38 or frame[12:14] != b"\x08\x00":
            return
        protocol, start = frame[23], 14 + (frame[14] & 15) * 4
        if protocol not in (TCP, UDP, ICMP) or len(frame) < start + (20 if protocol == TCP else 8):
            return
        ip_size = frame[16] << 8 | frame[17]
        origin, destination = frame[26:30], frame[30:34]
        if protocol == ICMP:
            origin_port, destination_port = frame[start], 0
            if frame[start] == 0:  # an echo's reply belongs to its question
                origin_port, destination_port = 0, 8
        else:
            origin_port, destination_port = struct.unpack_from(">HH", frame, start)
        flags = frame[start + 13] if protocol == TCP else 0
        connection, by = self._find(at_us, (origin, origin_port, destination, destination_port, protocol), flags)
        side = connection.sides[by]
        side.packets += 1
        side.ip_bytes += ip_size
        connection.last_us = max(connection.last_us, at_us)
        if protocol != TCP:
            self._datagram(connection, side, by, frame, start, ip_size)
        else:
            self._segment(connection, side, by, frame, start, ip_size, flags)

    def _find(self, at_us: int, key: Key, flags: int) -> tuple[Connection, int]:
        turned = (key[2], key[3], key[0], key[1], key[4])
        found, by = (self.open.get(key), 0) if key in self.open else (self.open.get(turned), 1)
        if found is not None:
            idle = at_us - found.last_us > (TCP_IDLE_US if found.tcp else UDP_IDLE_US)
            ended = found.tcp and (found.sides[0].rst or found.sides[1].rst or (found.sides[0].fin and found.sides[1].fin))
            if not idle and not (ended and flags & (SYN | ACK) == SYN):
                return found, by
            self.done.append(self.open.pop(found.key))
        starts = flags & (SYN | ACK) == SYN
        answers = flags & (SYN | ACK) == SYN | ACK
        turn = answers or (not starts and key[1] <= WELL_KNOWN < key[3])
        made = Connection(turned if turn else key, at_us, at_us)
        if turn and not answers:
            made.history = "^"
        self.open[made.key] = made
        return made, int(turn)

    @staticmethod
    def _datagram(connection: Connection, side: Side, by: int, frame: bytes, start: int, ip_size: int) -> None:
        side.payload += max(0, ip_size - (start - 14) - 8)
        if connection.key[4] == UDP:
            connection.note("d", by)
            if connection.key[3] == 53 and ip_size > 40:
                connection.service = "dns"

    @staticmethod
    def _segment(connection: Connection, side: Side, by: int, frame: bytes, start: int, ip_size: int, flags: int) -> None:
        header = (frame[start + 12] >> 4) * 4
        payload = max(0, ip_size - (start - 14) - header)
        sequence = struct.unpack_from(">I", frame, start + 4)[0]
        if side.first_seq is None:
            side.first_seq = sequence
        relative = (sequence - side.first_seq) & 0xFFFFFFFF
        if relative > 0x80000000:  # before the first that we saw
            relative = 0
        end = relative + payload + bool(flags & SYN) + bool(flags & FIN)
        if payload and side.data and end <= side.last_seq:
            connection.note("t", by)
        side.last_seq = max(side.last_seq, end)
        if flags & SYN:
            side.syn = True
            connection.note("h" if flags & ACK else "s", by)
        if payload:
            side.data = True
            if not connection.service and connection.tried < 6:
                connection.tried += 1
                connection.service = service_of(frame[start + header:start + header + 24], connection.key[3])
            connection.note("d", by)
        elif flags & ACK and not flags & (SYN | FIN | RST):
            connection.note("a", by)
        if flags & FIN:
            side.fin = True
            connection.note("f", by)
        if flags & RST:
            side.rst = True
            connection.note("r", by)


def service_of(data: bytes, port: int) -> str:
    """The protocol by its first bytes, as Zeek's signatures would have it."""
    if data.startswith(b"SSH-"):
        return "ssh"
    if data[:2] == b"\x16\x03":
        return "ssl"
    if data[4:8] in (b"\xffSMB", b"\xfeSMB"):
        return "smb"
    if data.split(b" ")[0] in (b"GET", b"POST", b"HEAD", b"PUT") or data.startswith(b"HTTP/1."):
        return "http"
    if data[:1] == b"\x30" and port == 389:
        return "ldap_tcp"
    return ""


def uids(count: int, seed: str) -> list[str]:
    rng = random.Random(seed)
    return ["C" + "".join(rng.choices(string.ascii_letters + string.digits, k=17)) for _ in range(count)]


def write_log(found: list[Connection], path: Path, uid_seed: str, offset_us: int = 0) -> None:
    """`offset_us`: the sensor's clock error, added to every time."""
    with path.open("w") as out:
        out.write("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n")
        out.write("#fields\t" + "\t".join(name for name, _ in FIELDS) + "\n#types\t" + "\t".join(kind for _, kind in FIELDS) + "\n")
        for connection, uid in zip(found, uids(len(found), uid_seed)):
            out.write("\t".join(_line(connection, uid, offset_us)) + "\n")


def _line(one: Connection, uid: str, offset_us: int) -> list[str]:
    orig, resp = one.sides
    single = orig.packets + resp.packets == 1
    sent = [str(side.bytes_sent(one.tcp)) for side in one.sides]
    amounts = ["-", "-", "-"] if single else [_seconds(one.last_us - one.first_us), *sent]
    return [_seconds(one.first_us + offset_us), uid, _text(one.key[0]), str(one.key[1]), _text(one.key[2]), str(one.key[3]),
            {TCP: "tcp", UDP: "udp", ICMP: "icmp"}[one.key[4]], one.service or "-", *amounts, one.state(), _local(one.key[0]),
            _local(one.key[2]), "0", one.history or "-", str(orig.packets), str(orig.ip_bytes), str(resp.packets),
            str(resp.ip_bytes), "-"]


def _seconds(micros: int) -> str:
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"


def _text(address: bytes) -> str:
    return str(ipaddress.IPv4Address(address))


def _local(address: bytes) -> str:
    return "T" if address[0] == 10 else "F"  # the laboratory's companies live in 10.0.0.0/8


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("capture", type=Path)
    parser.add_argument("log", type=Path)
    parser.add_argument("--uid-seed", default="1")
    arguments = parser.parse_args()
    write_log(connections(arguments.capture), arguments.log, arguments.uid_seed)
