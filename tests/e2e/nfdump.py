#!/usr/bin/env python3
"""nfdump.py HEADWATER: where a filter means the same in both, nfdump and Headwater pass the same flows of the same NetFlow v5
records. Skipped where nfdump and nfcapd are not installed."""

import json
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

BINARY = sys.argv[1]
RECORDS = 3000
BEGIN = 1_416_823_200  # 2014-11-24T10:00:00Z

# Amounts without an end are sums here and the sender's in nfdump: with no reply in the data they agree.
FILTERS = [
    "any",
    "host 10.0.0.7",
    "src host 10.0.0.7",
    "dst host 198.18.0.9",
    "src ip 10.0.0.7 or dst ip 198.18.0.9",
    "net 10.0.0.0/28",
    "src net 10.0.0.16/28 and dst net 198.18.0.0/27",
    "ip in [10.0.0.1 10.0.0.2 198.18.0.3]",
    "port 22",
    "dst port 22",
    "src port > 40000",
    # ICMP has no ports here; nfdump keeps type and code where the port is.
    "not proto icmp and dst port < 100",
    "not proto icmp and dst port >= 80",
    "port in [22 443 53]",
    "proto tcp",
    "proto udp and port 53",
    "proto 17",
    "proto icmp",
    "bytes > 100k",
    "bytes < 1k",
    "bytes >= 1000 and bytes <= 20000",
    "packets = 1",
    "packets > 100",
    "duration > 5000",
    "duration = 0",
    "duration < 250",
    "pps > 100",
    "bps > 1m",
    "bpp > 700",
    "flags S",
    "flags SA",
    "flags S and not flags AFRPU",
    "flags R or flags F",
    "not flags F",
    "not (proto tcp or proto udp)",
    "proto tcp and not port 22",
    "proto tcp and (port 22 or port 443) and bytes > 10k",
    "proto tcp or proto udp and port 53",
    "host 10.0.0.7 and not (dst port 80 or dst port 443) or bytes > 10m",
    "inet",
    "inet6",
    "in bytes > 100k",
    "src host 10.0.0.7 && ! dst port 22 || packets eq 3",
]


def make_records():
    pick = random.Random(7)
    rows, seen = [], set()
    while len(rows) < RECORDS:
        proto = pick.choice([6, 6, 6, 17, 1])
        key = (0x0A000000 + pick.randrange(40), 0xC6120000 + pick.randrange(40), 0 if proto == 1 else pick.randrange(30000, 50000),
               0x0800 if proto == 1 else pick.choice([22, 53, 80, 443, 993]), proto)  # an echo request stands as type and code in the port
        if key in seen:
            continue
        seen.add(key)
        packets = min(60000, int(pick.lognormvariate(2, 2)) + 1)
        size = packets * pick.randrange(40, 1500)
        length = pick.choice([0, 0, pick.randrange(1, 400), pick.randrange(1, 60000)])
        flags = pick.choice([0x02, 0x12, 0x1B, 0x1F, 0x14, 0x10, 0x3F, 0x06]) if proto == 6 else 0
        rows.append((*key, packets, size, pick.randrange(0, 200000), length, flags))
    return rows


def datagrams(rows):
    """Export packets (Cisco's NetFlow v5: 24 bytes of header, 48 a record), the exporter having started at BEGIN."""
    for at in range(0, len(rows), 30):
        part = rows[at:at + 30]
        data = struct.pack("!HHIIIIBBH", 5, len(part), 300_000, BEGIN + 300, 0, at, 0, 0, 0)
        for source, destination, sport, dport, proto, packets, size, start, length, flags in part:
            data += struct.pack("!IIIHHIIIIHHBBBBHHBBH", source, destination, 0, 1, 2, packets, size, start, start + length,
                                sport, dport, 0, flags, proto, 0, 0, 0, 0, 0, 0)
        yield data


def write_capture(path, packets):
    """The datagrams as an Ethernet capture, from 192.0.2.1:2055 to 192.0.2.2:2055."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number, payload in enumerate(packets):
            udp = struct.pack("!HHHH", 2055, 2055, 8 + len(payload), 0) + payload
            ip = struct.pack("!BBHHHBBHII", 0x45, 0, 20 + len(udp), number & 0xFFFF, 0, 64, 17, 0, 0xC0000201, 0xC0000202) + udp
            frame = b"\x02" + bytes(4) + b"\x02\x02" + bytes(4) + b"\x01\x08\x00" + ip
            out.write(struct.pack("<IIII", BEGIN + 300, number, len(frame), len(frame)) + frame)


def collect(folder, packets):
    """The same datagrams through nfcapd; the file that it wrote."""
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
    probe.close()
    collector = subprocess.Popen(["nfcapd", "-p", str(port), "-b", "127.0.0.1", "-w", folder, "-t", "3600"], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
    time.sleep(1.5)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for data in packets:
        sender.sendto(data, ("127.0.0.1", port))
        time.sleep(0.003)
    time.sleep(1)
    collector.send_signal(signal.SIGTERM)
    collector.wait(timeout=30)
    files = sorted(pathlib.Path(folder).glob("nfcapd.2*"))
    assert files, os.listdir(folder)
    return files


def nfdump_passes(files, expression):
    lines = []
    for file in files:
        done = subprocess.run(["nfdump", "-r", file, "-q", "-N", "-o", "fmt:%sa,%da,%sp,%dp,%pkt,%byt", expression],
                              capture_output=True, text=True, check=True, timeout=60)
        lines += [line for line in done.stdout.splitlines() if line.count(",") == 5]
    rows = [[field.strip() for field in line.split(",")] for line in lines]
    # An ICMP record's ports are type and code, which nfdump writes as one number with a point.
    return sorted((s, d, 0 if "." in p else int(p), 0 if "." in q else int(q), int(n), int(b)) for s, d, p, q, n, b in rows)


def headwater_passes(capture, expression):
    done = subprocess.run([BINARY, "flows", capture, "--filter", expression, "--format", "ndjson"], capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1), done.stderr
    flows = [json.loads(line) for line in done.stdout.splitlines()]
    ports = [(0, 0) if f["protocol"] == "icmp" else (f["client"]["port"], f["server"]["port"]) for f in flows]
    return sorted((f["client"]["address"], f["server"]["address"], *p, f["request"]["packets"], f["request"]["bytes"]) for f, p in zip(flows, ports))


def main():
    if not shutil.which("nfdump") or not shutil.which("nfcapd"):
        print("skipped: nfdump and nfcapd are not installed")
        sys.exit(77)
    packets = list(datagrams(make_records()))
    with tempfile.TemporaryDirectory() as folder:
        capture = os.path.join(folder, "exports.pcap")
        write_capture(capture, packets)
        os.mkdir(os.path.join(folder, "nfcapd"))
        files = collect(os.path.join(folder, "nfcapd"), packets)
        wrong = 0
        for expression in FILTERS:
            theirs, ours = nfdump_passes(files, expression), headwater_passes(capture, expression)
            if theirs != ours:
                wrong += 1
                only = [row for row in theirs if row not in ours][:2], [row for row in ours if row not in theirs][:2]
                print(f"DIFFERS  {expression}: nfdump {len(theirs)}, headwater {len(ours)}; only nfdump {only[0]}, only headwater {only[1]}")
            else:
                print(f"ok  {len(ours):5}  {expression}")
    print(f"{len(FILTERS)} filters over {RECORDS} records, {wrong} differ")
    sys.exit(1 if wrong else 0)


main()
