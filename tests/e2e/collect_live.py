#!/usr/bin/env python3
"""collect_live.py HEADWATER: `collect --interface` on a live interface: two network namespaces of the test's own with a veth pair between them, real programs
talking over it (curl to a web server, socat), and tcpdump beside the collector as the witness. Takes root; skipped for others."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

NEEDED = ("ip", "unshare", "nsenter", "curl", "socat", "tcpdump")


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


def check(what, good):
    print(("good: " if good else "BAD:  ") + what)
    if not good:
        sys.exit(1)


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, **more).stdout


def flows(headwater, of):
    """Packets and bytes each way, by end."""
    found = json.loads(run(headwater, "flows", str(of), "--json", "-q"))["flows"]
    sums = {}
    for flow in found:
        client, server = ((flow[end]["address"], flow[end]["port"]) for end in ("client", "server"))
        for source, target, half in ((client, server, flow["request"]), (server, client, flow["reply"])):
            packets, octets = sums.get((flow["protocol"], source, target), (0, 0))
            sums[(flow["protocol"], source, target)] = (packets + half["packets"], octets + half["bytes"])
    return {ends: sum for ends, sum in sums.items() if sum[0]}


def wait_for(what, seconds=20):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            sys.exit("timed out")
        time.sleep(0.05)


def inside(headwater):
    """In a namespace of its own."""
    started = []
    with tempfile.TemporaryDirectory(prefix="headwater-live-") as folder:
        place = pathlib.Path(folder)
        try:
            peer = subprocess.Popen(["unshare", "-n", "sleep", "300"])
            started.append(peer)
            mine = os.readlink("/proc/self/ns/net")
            wait_for(lambda: os.readlink(f"/proc/{peer.pid}/ns/net") != mine)
            there = ("nsenter", "-t", str(peer.pid), "-n")
            run("ip", "link", "set", "lo", "up")
            run("ip", "link", "add", "hwlive0", "type", "veth", "peer", "name", "hwlive1")
            run("ip", "link", "set", "hwlive1", "netns", str(peer.pid))
            run("ip", "address", "add", "192.0.2.1/24", "dev", "hwlive0")
            run(*there, "ip", "address", "add", "192.0.2.2/24", "dev", "hwlive1")
            run("ip", "link", "set", "hwlive0", "addrgenmode", "none", "up")
            run(*there, "ip", "link", "set", "hwlive1", "addrgenmode", "none", "up")
            (place / "page").write_bytes(os.urandom(300_000))
            started.append(subprocess.Popen([*there, sys.executable, "-m", "http.server", "8080", "--bind", "192.0.2.2"], cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            started.append(subprocess.Popen([*there, "socat", "TCP-LISTEN:7007,reuseaddr,fork", "EXEC:cat"], stderr=subprocess.DEVNULL))
            wait_for(lambda: subprocess.run(["curl", "-s", "-o", "/dev/null", "http://192.0.2.2:8080/"], timeout=10).returncode == 0)
            wait_for(lambda: subprocess.run(["socat", "-u", "OPEN:/dev/null", "TCP:192.0.2.2:7007"], stderr=subprocess.DEVNULL, timeout=10).returncode == 0)
            time.sleep(0.5)  # what these said is over
            witness = subprocess.Popen(["tcpdump", "-i", "hwlive0", "-U", "--immediate-mode", "-B", "16384", "-w", place / "seen.pcap", "-Z", "root", "-s", "0"], stderr=subprocess.DEVNULL)
            started.append(witness)
            wait_for(lambda: (place / "seen.pcap").exists() and (place / "seen.pcap").stat().st_size >= 24)
            collector = subprocess.Popen([headwater, "collect", "--store", place / "store", "--interface", "hwlive0", "--seal-every", "1s", "--format", "ndjson", "-q"],
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            started.append(collector)
            ready = json.loads(collector.stdout.readline())
            check("it says that it captures", [i["name"] for i in ready["interfaces"]] == ["hwlive0"])
            for _ in range(5):
                run("curl", "-s", "-o", place / "got", "http://192.0.2.2:8080/page")
            check("curl got what the server has", (place / "got").read_bytes() == (place / "page").read_bytes())
            talk = subprocess.Popen(["socat", "-", "TCP:192.0.2.2:7007"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            for i in range(24):  # over more than ten seconds and several seals: the conversation is cut
                talk.stdin.write(b"line %d\n" % i)
                talk.stdin.flush()
                talk.stdout.readline()
                time.sleep(0.5)
            talk.stdin.close()
            talk.wait(timeout=20)
            time.sleep(0.5)
            collector.send_signal(signal.SIGTERM)
            out, err = collector.communicate(timeout=60)
            witness.send_signal(signal.SIGTERM)
            witness.wait(timeout=20)
            lines = [json.loads(line) for line in out.splitlines()]
            result = lines[-1]
            check("it ends in order, nothing dropped " + err, collector.returncode == 0 and result["kernel_dropped"] == 0 and result["interfaces"][0]["packets"] > 100)
            check("it sealed while it captured", sum(line["schema"] == "headwater.collect.seal/1" for line in lines) >= 2)
            seen = flows(headwater, place / "seen.pcap")
            stored = flows(headwater, place / "store")
            check(f"the store has the conversations that tcpdump saw, to the packet and byte: {len(seen)} directions, {result['interfaces'][0]['packets']} packets",
                  seen == stored and len([ends for ends in seen if ends[0] == "tcp"]) == 12)
        finally:
            for process in reversed(started):
                if process.poll() is None:
                    process.kill()
                    process.wait()


def main():
    if os.geteuid() != 0:
        skip("capturing takes root")
    missing = [program for program in NEEDED if not shutil.which(program)]
    if missing:
        skip("not installed: " + ", ".join(missing))
    if "--inside" in sys.argv:
        return inside(sys.argv[1])
    probe = subprocess.run(["unshare", "-n", "sh", "-c", "ip link add hwprobe0 type veth peer name hwprobe1"], capture_output=True, text=True)
    if probe.returncode != 0:
        skip("no network namespace with a veth pair can be made here: " + probe.stderr.strip())
    sys.exit(subprocess.run(["unshare", "-n", sys.executable, __file__, str(pathlib.Path(sys.argv[1]).resolve()), "--inside"], timeout=110).returncode)


main()
