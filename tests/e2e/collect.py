#!/usr/bin/env python3
"""collect.py HEADWATER [--kills N] [--seed N]: the collector with exporters as other programs make them (softflowd), its store read meanwhile, killed at
random moments (SIGKILL), flooded with templates, by forged senders, and watched by a service manager."""

import argparse
import gzip
import json
import os
import pathlib
import pty
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CAPTURE = ROOT / "examples/captures/three-relays/relay-2.pcap.gz"


def check(what, good):
    print(("good: " if good else "BAD:  ") + what)
    if not good:
        sys.exit(1)


class Collector:
    """A collector on a free port of loopback."""

    def __init__(self, headwater, store, *options, environment=None):
        self.program = subprocess.Popen([headwater, "collect", "--store", str(store), "--udp", "127.0.0.1:0", "--receive-buffer", "4194304", "--format", "ndjson", "-q", *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ, **(environment or {})))
        line = self.program.stdout.readline()
        if not line:
            sys.exit("the collector did not start: " + self.program.stderr.read())
        self.port = int(json.loads(line)["listeners"][0]["address"].rsplit(":", 1)[1])

    def line(self):
        """The next line, a seal or the result."""
        return json.loads(self.program.stdout.readline())

    def stop(self):
        """Ends it in order: its last line, and the exit code."""
        self.program.send_signal(signal.SIGTERM)
        out, err = self.program.communicate(timeout=60)
        return json.loads(out.splitlines()[-1]), self.program.returncode, err

    def kill(self):
        self.program.kill()
        out, _ = self.program.communicate(timeout=60)
        return [json.loads(line) for line in out.splitlines() if line.endswith("}")]


class Exporter:
    """Sends NetFlow v5 from an address of loopback; each record has a client address of its own."""

    def __init__(self, port, address="127.0.0.1"):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.socket.connect(("127.0.0.1", port))
        self.sequence = 0

    def v5(self, count=20, first=None, uptime=1_000_000, seconds=None):
        """One datagram; gives the clients' numbers."""
        first = self.sequence if first is None else first
        seconds = int(time.time()) if seconds is None else seconds
        message = struct.pack(">HHIIIIBBH", 5, count, uptime, seconds, 0, self.sequence, 0, 0, 0)
        for i in range(first, first + count):
            message += struct.pack(">IIIHHIIIIHHBBBBHHBBH", 0x0a000000 + i, 0xc6336401, 0, 0, 0, 10, 1000, uptime - 2000, uptime - 1000, 40000, 443, 0, 0x1b, 6, 0, 0, 0, 0, 0, 0)
        self.sequence += count
        self.send(message)
        return range(first, first + count)

    def send(self, message):
        try:
            self.socket.send(message)
        except ConnectionRefusedError:  # an earlier datagram came to a port that is closed: the collector was killed
            return False
        return True


def flows(headwater, store, *options):
    done = subprocess.run([headwater, "flows", str(store), "--json", "-q", *options], capture_output=True, text=True, timeout=60)
    if done.returncode not in (0, 1):
        sys.exit("the store does not open: " + done.stderr)
    return json.loads(done.stdout)["flows"]


def conversations(found):
    """Packets and bytes each way, by end."""
    sums = {}
    for flow in found:
        client = (flow["client"]["address"], flow["client"]["port"])
        server = (flow["server"]["address"], flow["server"]["port"])
        for source, target, half in ((client, server, flow["request"]), (server, client, flow["reply"])):
            if half["packets"]:
                packets, octets = sums.get((flow["protocol"], source, target), (0, 0))
                sums[(flow["protocol"], source, target)] = (packets + half["packets"], octets + half["bytes"])
    return sums


def real_exporters(headwater, place):
    if not shutil.which("softflowd"):
        print("skipped: softflowd is not installed")
        return
    capture = place / "relay-2.pcap"
    capture.write_bytes(gzip.decompress(CAPTURE.read_bytes()))
    expected = conversations(flows(headwater, capture))
    for version in ("5", "9", "10"):
        store = place / f"softflowd-{version}"
        collector = Collector(headwater, store, "--seal-every", "500ms")
        subprocess.run(["softflowd", "-a", "-r", capture, "-d", "-n", f"127.0.0.1:{collector.port}", "-v", version, "-p", place / "pid", "-c", "none"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
        collector.line()  # sealed
        during = conversations(flows(headwater, store))
        result, code, _ = collector.stop()
        check(f"softflowd -v {version}: {result['records']} records, the conversations of the capture itself", conversations(flows(headwater, store)) == expected)
        check(f"softflowd -v {version}: the store was read while collecting", 0 < len(during) <= len(expected))
        exporter = result["exporters"][0]
        check(f"softflowd -v {version}: nothing lost, exit code 0", code == 0 and exporter["lost"] == 0 and result["kernel_dropped"] == 0 and result["sealed_records"] == result["records"])
        check(f"softflowd -v {version}: templates are counted", (exporter["templates"] > 0) == (version != "5"))


def cut_by_a_seal(headwater, place):
    """What softflowd exports, with a seal between two of its datagrams, for each place where that can be: the store tells of the same conversations."""
    if not shutil.which("softflowd"):
        return
    capture = place / "relay-2.pcap"
    for version in ("5", "10"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
            listener.bind(("127.0.0.1", 0))
            listener.settimeout(0.5)
            subprocess.run(["softflowd", "-a", "-r", capture, "-d", "-n", f"127.0.0.1:{listener.getsockname()[1]}", "-v", version, "-p", place / "pid", "-c", "none"],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
            datagrams = []
            try:
                while True:
                    datagrams.append(listener.recv(65536))
            except TimeoutError:
                pass
        def collected(name, *parts):
            store = place / f"cut-{version}-{name}"
            collector = Collector(headwater, store, "--seal-every", "100ms")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.connect(("127.0.0.1", collector.port))
                for i, part in enumerate(parts):
                    for datagram in part:
                        sender.send(datagram)
                    if i + 1 < len(parts):
                        while collector.line()["records"] == 0:
                            pass
            result, _, _ = collector.stop()
            return result, flows(headwater, store)
        def plain(found):
            return sorted(json.dumps({key: value for key, value in flow.items() if key != "id"}, sort_keys=True) for flow in found)
        _, whole = collected("not", datagrams)
        same = sums = 0
        for at in range(1, len(datagrams)):
            result, found = collected(at, datagrams[:at], datagrams[at:])
            if result["seals"] < 1:
                sys.exit("not sealed between")
            sums += conversations(found) == conversations(whole)
            same += plain(found) == plain(whole)
        check(f"softflowd -v {version}: a seal between any two of its {len(datagrams)} datagrams leaves every conversation's packets and bytes as they are; for {same} of "
              f"{len(datagrams) - 1} places the flows are the same ones, else the directions that it parts are flows of their own", sums == len(datagrams) - 1 > 0)


def on_a_terminal(headwater, place):
    """The status line: one line that is written again and again, and gone at the end."""
    try:
        ours, theirs = pty.openpty()
    except OSError as error:
        print(f"skipped: no pseudo-terminal can be opened here ({error})")
        return
    program = subprocess.Popen([headwater, "collect", "--store", str(place / "terminal"), "--udp", "127.0.0.1:0", "--receive-buffer", "65536", "--seal-every", "500ms", "--format", "ndjson"],
                               stdout=subprocess.PIPE, stderr=theirs, text=True)
    os.close(theirs)
    exporter = Exporter(int(json.loads(program.stdout.readline())["listeners"][0]["address"].rsplit(":", 1)[1]))
    end = time.monotonic() + 3.2
    while time.monotonic() < end:
        exporter.v5(20)
        time.sleep(0.02)
    program.send_signal(signal.SIGTERM)
    program.communicate(timeout=60)
    seen = b""
    try:
        while piece := os.read(ours, 65536):
            seen += piece
    except OSError:
        pass  # the other end of the terminal is gone
    os.close(ours)
    lines = [line for line in re.split(r"[\r\n]", seen.decode()) if "collecting  " in line]
    check(f"on a terminal: {len(lines)} status lines with rate, exporters, what was lost and the last seal", len(lines) >= 2 and
          re.search(r"collecting  [\d.,]+ ?k? records/s  1 exporter  0 lost on the way  0 dropped  last seal \d+ ?\w* ago", lines[-1]) is not None)
    check("on a terminal: the line is written over, not below, and gone at the end", seen.rstrip(b"\r\n").endswith(b"\x1b[K") and seen.count(b"\n") <= 4)


def full_disk(headwater, place):
    """No room to write ahead: the collector goes on, says so, and seals all when there is room again."""
    small = place / "small"
    small.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small], capture_output=True).returncode != 0:
        print("skipped: a small file system takes root to mount")
        return
    try:
        (small / "filler").write_bytes(bytes(15 * 512 * 1024))
        collector = Collector(headwater, small / "store")
        exporter = Exporter(collector.port)
        for _ in range(1500):
            exporter.v5(20)
            time.sleep(0.0003)
        time.sleep(0.3)
        written = sum(path.stat().st_size for path in (small / "store").glob("*.ahead"))
        (small / "filler").unlink()
        exporter.v5(20)
        time.sleep(0.3)
        grown = sum(path.stat().st_size for path in (small / "store").glob("*.ahead"))
        result, code, _ = collector.stop()
        check(f"with a full disk {result['write_ahead']['unwritten_datagrams']} of 1501 datagrams are not written ahead, and counted; with room again it goes on writing",
              0 < result["write_ahead"]["unwritten_datagrams"] < 1501 and 0 < written < grown)
        check("with room again everything is sealed", code == 0 and result["sealed_records"] == 1501 * 20 and len(flows(headwater, small / "store")) == 1501 * 20)
    finally:
        subprocess.run(["umount", small], check=False)


def check_store(headwater, store):
    checked = json.loads(subprocess.run([headwater, "store", "check", str(store), "--json"], capture_output=True, text=True, timeout=60).stdout)
    if checked["damages"]:
        sys.exit(f"damage: {checked['damages']}")


def killed(headwater, place, kills, chance):
    """After each kill: what had been sealed is there, once; the store opens and its sums are right. After five kills a collector that is ended in order: what
    had been received and not sealed has been put in by the next one, once."""
    store = place / "killed"
    all_sealed = all_sent = all_rows = all_written = sealed = sent = number = 0
    last = 0.0
    for kill in range(kills):
        if kill % 5 == 0:  # a new store, before reading it takes longer than filling it
            shutil.rmtree(store, ignore_errors=True)
            sealed = sent = number = 0
        collector = Collector(headwater, store, "--seal-every", "100ms" if kill % 2 else "60s")
        exporter = Exporter(collector.port)
        end = time.monotonic() + chance.random() * 0.6
        while time.monotonic() < end:
            number = exporter.v5(20, number).stop
            time.sleep(0.001)
        lines = collector.kill()
        sent += exporter.sequence
        told = [line["sealed_records"] for line in lines if line["schema"] == "headwater.collect.seal/1"]
        sealed += max(told, default=0)
        if (store / "manifest").exists():
            clients = [flow["client"]["address"] for flow in flows(headwater, store)]
            if len(set(clients)) != len(clients):
                sys.exit(f"{len(clients) - len(set(clients))} flows are doubled")
            if len(clients) < sealed or len(clients) > sent:
                sys.exit(f"{len(clients)} flows in the store, {sealed} had been sealed, {sent} sent")
            check_store(headwater, store)
        elif sealed:
            sys.exit("sealed, but there is no store")
        if kill % 5 == 4 or kill == kills - 1:
            collector = Collector(headwater, store)
            deadline = time.monotonic() + 20
            while list(store.glob("*.ahead")) and time.monotonic() < deadline:
                time.sleep(0.01)
            result, _, err = collector.stop()
            clients = [flow["client"]["address"] for flow in flows(headwater, store)]
            if len(set(clients)) != len(clients):
                sys.exit(f"{len(clients) - len(set(clients))} flows are doubled by writing ahead")
            if len(clients) > sent or len(clients) < sealed or list(store.glob("*.ahead")):
                sys.exit(f"{len(clients)} flows in the store, {sealed} had been sealed, {sent} sent; {err}")
            check_store(headwater, store)
            all_written += result["replayed_records"]
            all_sealed, all_sent, all_rows = all_sealed + sealed, all_sent + sent, all_rows + len(clients)
    check(f"killed at {kills} random moments: {all_sent} records sent, {all_sealed} told to be sealed, {all_rows} in the store after all; 0 sealed ones lost, 0 doubled, "
          f"0 failed opens; {all_sent - all_rows} that were on their way when it was killed did not come through", all_rows >= all_sent * 0.9)


class Templated(Exporter):
    """Sends IPFIX: its template once, then data only."""

    def message(self, *sets):
        body = b"".join(struct.pack(">HH", number, 4 + len(inside)) + inside for number, inside in sets)
        self.send(struct.pack(">HHIII", 10, 16 + len(body), int(time.time()), self.sequence, 7) + body)

    def template(self, number=300):
        fields = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (1, 8), (2, 8), (152, 8), (153, 8))
        self.message((2, struct.pack(">HH", number, len(fields)) + b"".join(struct.pack(">HH", *field) for field in fields)))

    def data(self, first, count=10, number=300):
        now = int(time.time() * 1000)
        records = b"".join(struct.pack(">IIHHBQQQQ", 0x0a000000 + i, 0xc6336401, 40000, 443, 6, 1000, 10, now - 2000, now - 1000) for i in range(first, first + count))
        self.message((number, records))
        self.sequence += count


def killed_with_templates(headwater, place):
    """What was written ahead is read as it was meant: templates told before the last seal, and data that came before their template, are known again."""
    store = place / "templates"
    collector = Collector(headwater, store, "--seal-every", "300ms")
    exporter = Templated(collector.port)
    exporter.template()
    exporter.data(0)
    exporter.data(1000, number=301)  # its template comes after the seal
    collector.line()                 # sealed: ten
    time.sleep(0.05)
    collector.kill()
    before = len(flows(headwater, store))
    collector = Collector(headwater, store)
    time.sleep(0.3)
    collector.stop()
    check("killed after a seal: what was sealed is not put in again", before == 10 and len(flows(headwater, store)) == 10)
    shutil.rmtree(store)
    collector = Collector(headwater, store, "--seal-every", "300ms")
    exporter = Templated(collector.port)
    exporter.template()
    exporter.data(0)
    exporter.data(1000, number=301)
    collector.line()
    exporter.data(20)                # by the template of before the seal
    exporter.template(301)
    time.sleep(0.1)
    collector.kill()
    told = len(flows(headwater, store))
    ahead = list(store.glob("*.ahead"))
    with open(ahead[0], "ab") as torn:
        torn.write(b"\x40\0\0\0torn")
    (store / "0-0-0.ahead").write_bytes(b"HWAHEAD\n" + struct.pack("<I", 99))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM):
        collector = Collector(headwater, store, "--seal-every", "60s")
        deadline = time.monotonic() + 20
        while ahead[0].exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        result, code, err = collector.stop()
    found = sorted(flow["client"]["address"] for flow in flows(headwater, store))
    check("killed between seals: data whose template came before the last seal, and data from before it whose template came after it, are put in once",
          told in (10, 20, 30) and len(set(found)) == len(found) == 30)
    check("a torn end is cut off and counted; a write-ahead of another version is left, with a word", result["write_ahead"]["torn_bytes"] == 8 and (store / "0-0-0.ahead").exists()
          and result["write_ahead"]["trouble"] == "a write-ahead of another version")


def floods(headwater, place):
    collector = Collector(headwater, place / "flooded", "--exporter", "127.0.0.0/28", "--max-rate", "5000")
    good = Exporter(collector.port, "127.0.0.2")
    flood = Exporter(collector.port, "127.0.0.3")
    for domain in range(400):  # each with templates that nobody needs
        template = b"".join(struct.pack(">HHHHHH", 256 + i, 2, 8, 4, 12, 4) for i in range(100))
        flood.send(struct.pack(">HHIIIHH", 10, 20 + len(template), int(time.time()), 0, domain, 2, 4 + len(template)) + template)
        if domain % 20 == 0:
            good.v5()
            time.sleep(0.01)
    strangers = [Exporter(collector.port, f"127.0.1.{i}") for i in range(1, 50)]
    for stranger in strangers:
        stranger.v5()
    for _ in range(20_000):
        flood.v5(1)
    good.v5()
    time.sleep(0.3)
    result, code, _ = collector.stop()
    by = {e["address"]: e for e in result["exporters"]}
    check("a flood of templates is refused past the exporter's share", by["127.0.0.3"]["templates"] <= 4096 and by["127.0.0.3"]["skipped"].get("domain of an exporter forgotten: it sends from too many", 0) > 0)
    check("strangers are counted and unread", result["strangers"] == 49 and set(by) == {"127.0.0.2", "127.0.0.3"})
    check("an exporter past its rate is dropped and counted", by["127.0.0.3"]["too_fast"] > 0)
    check("another exporter loses nothing meanwhile", by["127.0.0.2"]["records"] == 21 * 20 and by["127.0.0.2"]["lost"] == 0)
    check("all that was dropped stands among the skipped", {"datagram of a sender that is not on the list", "datagram past its exporter's rate"} <= set(result["skipped"]) and code == 0)


def clocks(headwater, place):
    collector = Collector(headwater, place / "clocks")
    exporter = Exporter(collector.port)
    exporter.v5(10)
    exporter.sequence = 0
    exporter.v5(10, first=100, uptime=5_000)
    exporter.v5(10, first=200, uptime=6_000, seconds=int(time.time()) + 400 * 86_400)
    exporter.v5(10, first=300, uptime=7_000, seconds=1000)
    time.sleep(0.2)
    result, _, _ = collector.stop()
    told = result["exporters"][0]
    check("a restart and a clock that jumps are counted, and the records kept", told["restarts"] == 1 and told["off_times"] == 20 and len(flows(headwater, place / "clocks")) == 40)


def service(headwater, place):
    for name in (str(place / "notify"), f"\0headwater-collect-{os.getpid()}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(name)
            manager.settimeout(20)
            collector = Collector(headwater, place / "service", "--seal-every", "200ms", environment={"NOTIFY_SOCKET": name.replace("\0", "@"), "WATCHDOG_USEC": "400000"})
            told = [manager.recv(4096).decode()]
            while not ("WATCHDOG=1" in told and any("records/s" in text for text in told)):
                told.append(manager.recv(4096).decode())
            collector.stop()
            manager.settimeout(0.2)
            try:
                while True:
                    told.append(manager.recv(4096).decode())
            except TimeoutError:
                pass
        check("the service manager is told: ready, alive, how it fares, stopping", told[0].startswith("READY=1") and told[-1].startswith("STOPPING=1"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("headwater")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headwater-collect-") as folder:
        place = pathlib.Path(folder)
        real_exporters(given.headwater, place)
        floods(given.headwater, place)
        clocks(given.headwater, place)
        service(given.headwater, place)
        cut_by_a_seal(given.headwater, place)
        on_a_terminal(given.headwater, place)
        full_disk(given.headwater, place)
        killed_with_templates(given.headwater, place)
        killed(given.headwater, place, given.kills, random.Random(given.seed))


main()
