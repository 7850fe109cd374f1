#!/usr/bin/env python3
"""Flow exports made by other programs from a capture of the examples: softflowd's NetFlow v5, v9 and IPFIX (uni- and
bidirectional), and nfpcapd's files, plain and packed with LZO, LZ4 and bzip2. Each must give the same conversations, packets and
bytes as the capture itself does (softflowd), or as nfdump says (files).

flow_exports.py HEADWATER. Ends with 77 (skipped) where softflowd and nfdump are not installed."""

import csv
import gzip
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
CAPTURE = ROOT / "examples/captures/three-relays/relay-2.pcap.gz"
HEADWATER = sys.argv[1]


def flows(path):
    out = subprocess.run([HEADWATER, "flows", str(path), "--json", "--quiet"], check=True, capture_output=True, text=True, timeout=60)
    return json.loads(out.stdout)


def conversations(result):
    """Packets and bytes each way, by end, so that who is called the client does not matter."""
    found = {}
    for flow in result["flows"]:
        client = (flow["client"]["address"], flow["client"]["port"])
        server = (flow["server"]["address"], flow["server"]["port"])
        for source, target, half in ((client, server, flow["request"]), (server, client, flow["reply"])):
            if half["packets"]:
                key = (flow["protocol"], source, target)
                packets, octets = found.get(key, (0, 0))
                found[key] = (packets + half["packets"], octets + half["bytes"])
    return found


def clients(result):
    return {(f["protocol"], f["client"]["address"], f["client"]["port"], f["server"]["address"], f["server"]["port"]) for f in result["flows"]}


def receive(port_socket, messages):
    port_socket.settimeout(2)
    try:
        while True:
            messages.append(port_socket.recv(65535))
    except TimeoutError:
        pass


def check(what, good):
    print(("good: " if good else "BAD:  ") + what)
    if not good:
        sys.exit(1)


def exported(capture, folder, name, options):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        s.bind(("127.0.0.1", 0))
        messages = []
        listener = threading.Thread(target=receive, args=(s, messages))
        listener.start()
        subprocess.run(["softflowd", "-a", "-r", capture, "-d", "-n", f"127.0.0.1:{s.getsockname()[1]}", *options, "-p", folder / "pid", "-c", "none"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
        listener.join()
    path = folder / name
    path.write_bytes(b"".join(messages))
    return path


def by_nfdump(path):
    out = subprocess.run(["nfdump", "-r", path, "-o", "csv", "-q"], check=True, capture_output=True, text=True, timeout=60).stdout
    found = {}
    for row in csv.reader(out.splitlines()):
        if len(row) < 13 or row[0] == "ts":
            continue
        key = (row[7].lower(), (row[3], int(row[5])), (row[4], int(row[6])))
        packets, octets = found.get(key, (0, 0))
        found[key] = (packets + int(row[11]), octets + int(row[12]))
    return found


def main():
    if any(shutil.which(tool) is None for tool in ("softflowd", "nfpcapd", "nfdump")):
        print("skipped: softflowd and nfdump are not installed")
        return 77
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        capture = folder / "relay.pcap"
        capture.write_bytes(gzip.decompress(CAPTURE.read_bytes()))
        truth = flows(capture)
        for kind, options in (("v5", ["-v", "5"]), ("v9", ["-v", "9"]), ("ipfix", ["-v", "10"]), ("biflow", ["-v", "10", "-b"])):
            result = flows(exported(capture, folder, kind, [*options, "-A", "milli"]))
            report = result["inputs"][0]
            check(f"{kind}: {report['records']} records, {len(result['flows'])} conversations, nothing passed over",
                  report["skipped"] == 0 and len(result["flows"]) == len(truth["flows"]))
            check(f"{kind}: the packets and bytes of every direction", conversations(result) == conversations(truth))
            same = len(clients(result) & clients(truth))
            check(f"{kind}: {same} of {len(truth['flows'])} clients told as from packets", same * 10 >= len(truth["flows"]) * 9)
        for option in ("", "-z", "-y"):
            made = folder / f"nf{option}"
            made.mkdir()
            subprocess.run(["nfpcapd", "-r", capture, "-w", made, *([option] if option else [])], check=True, capture_output=True, timeout=60)
            files = sorted(made.glob("nfcapd.2*"))
            for path in files:
                check(f"nfpcapd {option or 'plain'}: {path.name} holds what nfdump finds in it", conversations(flows(path)) == by_nfdump(path) != {})
            if not option:
                packed = folder / "packed"
                subprocess.run(["nfdump", "-r", files[0], "-j", "-w", packed], check=True, capture_output=True, timeout=60)
                check("nfdump -j (bzip2): the same", conversations(flows(packed)) == by_nfdump(files[0]))
            result = flows(made)
            check(f"nfpcapd {option or 'plain'}: the pieces are one observer's", len({f["observer"] for f in result["flows"]}) == 1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
