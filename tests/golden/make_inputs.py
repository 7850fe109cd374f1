#!/usr/bin/env python3
"""make_inputs.py [FOLDER]: writes the small inputs of the golden tests (by default tests/golden/inputs).

A typed session from 192.0.2.130 over two relays (192.0.2.77, 198.51.100.9) to 203.0.113.20, captured at each of the four
hosts, with other people's sessions beside it. Synthetic, from a fixed seed: the same bytes on every run. All addresses
are those reserved for documentation.
"""

import gzip
import io
import pathlib
import random
import struct
import sys

START = 1416823200  # 2014-11-24T10:00:00Z
SOURCE, RELAY_2, RELAY_1, VICTIM = "192.0.2.130", "192.0.2.77", "198.51.100.9", "203.0.113.20"
OTHERS = ["192.0.2.200", "198.51.100.40", "198.51.100.41", "203.0.113.50", "203.0.113.51"]
FIN, SYN, PSH, ACK = 1, 2, 8, 16


def address_bytes(address):
    return bytes(int(part) for part in address.split("."))


class Connection:
    """One TCP connection as its client's and server's hosts see it: packets with time, way, payload size and flags."""

    def __init__(self, client, port, server, server_port, begin, rtt):
        self.client, self.port, self.server, self.server_port, self.rtt = client, port, server, server_port, rtt
        self.packets = []  # (time at the client, from_client, payload, flags)
        self.packets += [(begin, True, 0, SYN), (begin + rtt, False, 0, SYN | ACK), (begin + rtt + 0.0001, True, 0, ACK)]

    def exchange(self, at, request, reply, answer_after):
        """A request at the client's time `at`; its answer is sent `answer_after` later by the server."""
        self.packets.append((at, True, request, PSH | ACK))
        self.packets.append((at + self.rtt + answer_after, False, reply, PSH | ACK))

    def close(self, at):
        self.packets += [(at, True, 0, FIN | ACK), (at + self.rtt, False, 0, FIN | ACK), (at + self.rtt + 0.0001, True, 0, ACK)]

    def seen_at(self, host):
        """The frames as a capture on `host` has them: its own with TTL 64, the others' seven routers later."""
        sequence = {True: 1000, False: 2000}
        half = self.rtt / 2
        for at, from_client, size, flags in sorted(self.packets, key=lambda packet: packet[0]):
            here = at if host == self.client else at + (half if from_client else -half)
            sender, receiver = (self.client, self.server) if from_client else (self.server, self.client)
            ports = (self.port, self.server_port) if from_client else (self.server_port, self.port)
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + size, 0, 0x4000, 64 if sender == host else 57, 6, 0,
                             address_bytes(sender), address_bytes(receiver))
            tcp = struct.pack(">HHIIBBHHH", *ports, sequence[from_client], sequence[not from_client], 0x50, flags, 64240, 0, 0)
            sequence[from_client] += size + (1 if flags & (SYN | FIN) else 0)
            own, router = b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\xfe"
            ethernet = (router + own if sender == host else own + router) + b"\x08\x00"
            yield here, ethernet + ip + tcp, 54 + size


def typed(rng, seconds, begin):
    """Moments of key strokes: words, pauses between them, thinking now and then."""
    at, moments = begin + 1.0, []
    while at < begin + seconds - 3:
        for _ in range(rng.randint(3, 9)):
            moments.append(at)
            at += rng.lognormvariate(-1.7, 0.4)
        at += rng.paretovariate(1.4) * 0.8
    return [moment for moment in moments if moment < begin + seconds - 3]


def chain(rng, hosts, ports, begin, seconds, lags):
    """The connections of one session, from the typist on: each stage carries the one before."""
    made = []
    moments = typed(rng, seconds, begin)
    depth = len(hosts) - 1
    for stage in range(depth):
        shift = sum(lags[:stage])
        connection = Connection(hosts[stage], ports[stage], hosts[stage + 1], 22, begin + shift, 0.02)
        for moment in moments:
            beyond = 0.021 * (depth - stage - 1) + sum(lags[stage:]) * 2 * 0.5
            size = 36 if (int(moment * 1000) % 7) else 200
            connection.exchange(moment + shift, 36, size, beyond)
        connection.close(begin + seconds + shift)
        made.append(connection)
    return made


def write_pcap(path, connections, host, cut=None):
    frames = sorted((frame for connection in connections if host in (connection.client, connection.server)
                     for frame in connection.seen_at(host)), key=lambda frame: frame[0])
    out = io.BytesIO()
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 54, 1))
    for at, frame, length in frames:
        micros = round(at * 1e6)
        out.write(struct.pack("<IIII", START + micros // 1_000_000, micros % 1_000_000, min(54, length), length) + frame[:54])
    data = out.getvalue()[:cut]
    if path.suffix == ".gz":
        with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
            packed.write(data)
    else:
        path.write_bytes(data)


def write_zeek(path, connections, host):
    fields = ["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "duration", "orig_bytes", "resp_bytes",
              "conn_state", "local_orig", "local_resp", "missed_bytes", "history", "orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes"]
    types = ["time", "string", "addr", "port", "addr", "port", "enum", "string", "interval", "count", "count", "string", "bool", "bool", "count",
             "string", "count", "count", "count", "count"]
    lines = ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\tconn", "#open\t2014-11-24-10-00-00",
             "#fields\t" + "\t".join(fields), "#types\t" + "\t".join(types)]
    rows = []
    for number, connection in enumerate(c for c in connections if host in (c.client, c.server)):
        times = [packet[0] for packet in connection.packets]
        up = [packet for packet in connection.packets if packet[1]]
        down = [packet for packet in connection.packets if not packet[1]]
        sent, received = sum(p[2] for p in up), sum(p[2] for p in down)
        rows.append((min(times), [f"{START + min(times):.6f}", f"CGolden{number:04d}", connection.client, connection.port, connection.server,
                                  connection.server_port, "tcp", "ssh", f"{max(times) - min(times):.6f}", sent, received, "SF",
                                  "T" if connection.client == host else "F", "T" if connection.server == host else "F", 0, "ShADadFf",
                                  len(up), sent + 40 * len(up), len(down), received + 40 * len(down)]))
    lines += ["\t".join(str(value) for value in row) for _, row in sorted(rows)]
    path.write_text("\n".join(lines) + "\n#close\t2014-11-24-10-05-00\n")


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "inputs")
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(20141124)
    connections = chain(rng, [SOURCE, RELAY_2, RELAY_1, VICTIM], [40001, 40002, 40003], 5.0, 140.0, [0.03, 0.04, 0.0])
    for index in range(10):
        other = OTHERS[index % 3]
        begin = 1.0 + 2.0 * index
        connections += chain(rng, [other, RELAY_1, OTHERS[3 + index % 2]], [41000 + index, 42000 + index], begin, 125.0, [0.03, 0.0])
        connections += chain(rng, [other, RELAY_2, OTHERS[4 - index % 2]], [43000 + index, 44000 + index], begin + 1, 120.0, [0.03, 0.0])
    for index in range(8):
        connections += chain(rng, [SOURCE, OTHERS[3 + index % 2]], [45000 + index], 2.0 + 3.0 * index, 120.0, [0.0])
    connections += chain(rng, [OTHERS[3], VICTIM], [46000], 30.0, 30.0, [0.0])
    for name, host in (("source", SOURCE), ("relay-2", RELAY_2), ("relay-1", RELAY_1), ("victim", VICTIM)):
        write_pcap(folder / f"{name}.pcap.gz", connections, host)
    write_pcap(folder / "small.pcap", connections[-1:], VICTIM)
    write_pcap(folder / "cut.pcap", connections[-1:], VICTIM, cut=2000)
    write_zeek(folder / "conn.log", connections, RELAY_1)


if __name__ == "__main__":
    main()
