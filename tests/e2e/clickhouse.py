#!/usr/bin/python3
"""tests/e2e/clickhouse.py TESTS HEADWATER: the ClickHouse adapter against Debian's server, one alone and two as the shards of a
cluster: its unit tests (the program TESTS), and the example's captures imported, traced, linked and listed by the program HEADWATER
with the same answers as from the files. Without clickhouse-server it skips, with a message."""

from __future__ import annotations

import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 240


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        shards = subprocess.Popen([str(ROOT / "lab/clickhouse_shards"), folder, "--for", str(LIMIT_S)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert shards.stdin and shards.stdout
        try:
            said = shards.stdout.readline()
            if not said:
                status = shards.wait()
                print("skipped: no ClickHouse server" if status == 77 else "the servers did not start")
                return status
            ports = json.loads(said)["http_ports"]
            one = f"clickhouse://127.0.0.1:{ports[0]}"
            two = f"clickhouse://127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}?cluster=two"
            subprocess.run([sys.argv[1], "--source-file=*/clickhouse/*_test.cpp", "--no-intro"], env=os.environ | {"HW_TEST_CLICKHOUSE": f"{one} {two}"},
                           timeout=LIMIT_S, check=True)
            for port in ports:
                for name in ("alone", "shards", "moved"):
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/", data=f"CREATE DATABASE {name}".encode(), timeout=20).close()
            foreign_tables(one, ports[0], Path(folder))
            return same_answers([f"{one}/alone", two.replace("?", "/shards?")])
        finally:
            shards.stdin.close()
            shards.wait()


def headwater(*arguments: str, stdin: IO[bytes] | int = subprocess.DEVNULL) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.argv[2], *arguments], stdin=stdin, capture_output=True, text=True, timeout=LIMIT_S, check=False)


def answer(question: list[str], source: str) -> dict[str, object]:
    """What is asked of `source`, less what says where the flows came from."""
    done = headwater(question[0], source, *question[1:], "--json")
    if done.returncode != 0:
        raise SystemExit(f"{question} of {source} ended with {done.returncode}: {done.stderr}")
    result = json.loads(done.stdout)
    assert "laboratory traffic" in result["note"], "the note on made traffic got lost"
    result["parameters"].pop("database", None)
    for member in ("inputs", "failures"):
        result.pop(member)
    return result


def foreign_tables(server: str, port: int, folder: Path) -> None:
    """Tables that others made: Akvorado's, and one of other types under a configuration, against the same records in a NetFlow file."""
    def ask(sql: str, body: bytes = b"") -> bytes:
        place = f"http://127.0.0.1:{port}/?query={urllib.parse.quote(sql)}"
        with urllib.request.urlopen(place, data=body, timeout=30) as answer:
            return answer.read()

    rng, start, records = random.Random(4), 1_700_000_000, []
    for i in range(6000):
        inner, outer = 0x0A000000 + rng.randrange(40), 0x2D000000 + rng.randrange(500)
        port_, service, proto = 1024 + i, rng.choice((443, 22, 53)), rng.choice((6, 17))
        first = start * 1000 + i * 1200
        last, packets = first + rng.randrange(50_000), 1 + rng.randrange(40)
        flags = 0x1B if proto == 6 else 0
        records.append((inner, outer, port_, service, proto, flags, packets, packets * 100, first, last))
        if i % 7:
            records.append((outer, inner, service, port_, proto, flags, packets + 1, packets * 600, first + 20, last + 30))
    records.sort(key=lambda r: r[9])
    netflow = folder / "edge.nf5"
    with open(netflow, "wb") as out:
        for k, (a, b, ap, bp, proto, flags, packets, size, first, last) in enumerate(records):
            exported = last // 1000 + 2
            uptime = 1_000_000_000  # the exporter's clock at export; what is told is how long ago
            ago = exported * 1000 - first, exported * 1000 - last
            out.write(struct.pack(">HHIIIIBBH", 5, 1, uptime, exported, 0, k, 0, 0, 0))
            out.write(struct.pack(">IIIHHIIIIHHBBBBHHBBH", a, b, 0, 1, 2, packets, size, uptime - ago[0], uptime - ago[1], ap, bp, 0, flags, proto, 0, 0, 0, 0, 0, 0))

    def mapped(address: int) -> bytes:
        return bytes(10) + b"\xff\xff" + struct.pack(">I", address)

    ask("CREATE DATABASE others")
    # Akvorado's types, but for IPv6, which this server does not know: the same 16 bytes.
    ask("CREATE TABLE others.flows (TimeReceived DateTime, SamplingRate UInt64, ExporterAddress FixedString(16), SrcAddr FixedString(16), DstAddr FixedString(16), SrcPort UInt16, DstPort UInt16, "
        "Proto UInt32, Bytes UInt64, Packets UInt64) ENGINE = MergeTree PARTITION BY toDate(TimeReceived) ORDER BY (TimeReceived, ExporterAddress)")
    ask("INSERT INTO others.flows FORMAT RowBinary", b"".join(
        struct.pack("<IQ", last // 1000, 100) + mapped(0xC0000201) + mapped(a) + mapped(b) + struct.pack("<HHIQQ", ap, bp, proto, size, packets)
        for a, b, ap, bp, proto, _, packets, size, _, last in records))
    ask("CREATE TABLE others.`our flows` (`end` UInt64, begin UInt64, a String, b Nullable(String), ap UInt16, bp Int32, p UInt8, f UInt8, n Nullable(UInt64), size UInt64, box String) "
        "ENGINE = MergeTree PARTITION BY intDiv(`end`, 3600000) ORDER BY `end`")
    dotted = lambda n: ".".join(str(n >> s & 255) for s in (24, 16, 8, 0))
    ask("INSERT INTO others.`our flows` FORMAT TabSeparated", b"".join(
        f"{last}\t{first}\t{dotted(a)}\t{dotted(b)}\t{ap}\t{bp}\t{proto}\t{flags}\t{packets}\t{size}\tgate\n".encode()
        for a, b, ap, bp, proto, flags, packets, size, first, last in records) + b"1700000000000\t1700000000000\t192.0.2.9\t\\N\t1\t2\t6\t0\t1\t1\tgate\n")
    config = folder / "config.toml"
    config.write_text('[columns.own]\ntable = "our flows"\ntime = "end"\ntime_unit = "ms"\nfirst = "begin"\nsource = "a"\ndestination = "b"\nsource_port = "ap"\ndestination_port = "bp"\n'
                      'protocol = "p"\ntcp_flags = "f"\npackets = "n"\nbytes = "size"\nexporter = "box"\n')

    def flows(source: str, *more: str) -> list:
        done = headwater("flows", source, *more, "--config", str(config), "--format", "ndjson")
        assert done.returncode in (0, 1), done.stderr
        listed = [json.loads(line) for line in done.stdout.splitlines()]
        keys = ("client", "server", "protocol", "first", "last", "request", "reply", "end")
        return sorted(json.dumps({k: f[k] for k in keys if k in f}, sort_keys=True) for f in listed if "client" in f)

    own = f"{server}/others?columns=own&from=2023-11-14T00:00:00Z&to=2023-11-16T00:00:00Z"
    expected = flows(str(netflow))
    assert len(expected) == 6000, len(expected)
    assert flows(own) == expected, "the flows of the table are not those of the file"
    for host in ("10.0.0.7", "45.0.0.77", "203.0.113.1"):
        assert flows(own, "--host", host) == flows(str(netflow), "--host", host), host
    window = ("--from", "2023-11-14T22:50:00Z", "--to", "2023-11-14T22:55:00Z")
    assert flows(own, *window) == flows(str(netflow), *window) and 0 < len(flows(own, *window)) < 6000

    akvorado = f"{server}/others?columns=akvorado"
    assert len(flows(akvorado)) >= 6000
    listed = headwater("flows", "host 10.0.0.7", akvorado, "--json")
    answer_ = json.loads(listed.stdout)
    assert "its last day is looked at" in listed.stderr and "does not tell when flows began" in listed.stderr, listed.stderr
    assert listed.returncode == 0 and all(f["sampling"] == 100 for f in answer_["flows"]), listed.stdout[:400]
    total = answer_["total"]
    assert total["sampled_flows"] == total["flows"] and total["bytes"] == 100 * sum(f["request"]["bytes"] + f["reply"]["bytes"] for f in answer_["flows"]), total
    assert {f["observer"] for f in answer_["flows"]} == {"akvorado/192.0.2.1"}
    linked = headwater("link", own, "--host", "10.0.0.7", "--covers", "10.0.0.0/24", "--config", str(config), "--json")
    assert linked.returncode in (0, 1), linked.stderr
    assert "--covers is without effect" in linked.stderr, linked.stderr
    covered = headwater("link", akvorado, "--host", "10.0.0.7", "--covers", "10.0.0.0/24", "--json")
    assert covered.returncode in (0, 1) and "without effect" not in covered.stderr, covered.stderr
    traced = headwater("trace", akvorado, "--victim", "45.0.0.77:443", "--json")
    assert traced.returncode in (0, 1), traced.stderr
    for wrong, said in ((f"{server}/others?columns=nobody", "no columns are called"), (f"{server}/alone?columns=akvorado", "no table"), (f"{server}/others?from=now", "columns=NAME is missing")):
        refused = headwater("flows", wrong)
        assert refused.returncode != 0 and said in refused.stderr, (wrong, refused.stderr)
    print("tables of others: the flows of a NetFlow file, by host and by time; Akvorado's columns")


def same_answers(databases: list[str]) -> int:
    captures = ROOT / "examples/captures/three-relays"
    asked = (captures / "demo.args").read_text().split()
    questions = [["trace", *asked], ["link", "--host", "198.18.70.16"], ["flows"]]
    for database in databases:
        first = headwater("import", str(captures), "--store", database, "--json")
        assert first.returncode == 0, first.stderr
        assert json.loads(first.stdout)["flows"] == 783, first.stdout
        again = json.loads(headwater("import", str(captures), "--store", database, "--json").stdout)
        assert (again["flows"], again["known_inputs"]) == (0, 12), again
        assert not list(Path(tempfile.gettempdir()).glob("headwater-import-*")), "what was read for the database is still there"
    with tempfile.TemporaryDirectory() as store:
        assert headwater("import", str(captures), "--store", f"{store}/s").returncode == 0
        for question in questions:
            answers = [answer(question, source) for source in (str(captures), *databases, f"{store}/s")]
            assert answers[0] == answers[1] == answers[2] == answers[3], f"{question[0]}: the answers differ"
            for database in databases:  # one who may change nothing, not even a setting
                assert answer(question, database.replace("//", "//reader@", 1)) == answers[0], f"{question[0]}: a reader's answer differs"
            print(f"{question[0]}: the same from files, from one server, from two shards and from the embedded store")
    with tempfile.TemporaryDirectory() as folder:  # a store's flows, and standard input, twice each
        one, other = sorted(captures.glob("*.pcap*"))[:2]
        moved = f"{databases[0].rsplit('/', 1)[0]}/moved"
        assert headwater("import", str(one), "--store", f"{folder}/s").returncode == 0
        for known in (0, 1):
            done = headwater("import", f"{folder}/s", "--store", moved, "--json")
            assert done.returncode == 0 and json.loads(done.stdout)["known_inputs"] == known, done.stdout + done.stderr
            with other.open("rb") as given:
                piped = headwater("import", "-", "--store", moved, "--json", stdin=given)
            assert piped.returncode == 0 and json.loads(piped.stdout)["known_inputs"] == known, piped.stdout + piped.stderr
        with other.open("rb") as given:
            assert headwater("import", str(one), "-", "--store", f"{folder}/both", stdin=given).returncode == 0
        assert answer(["flows"], moved) == answer(["flows"], f"{folder}/both"), "what was moved into a database differs"
        print("import: a store's flows and standard input, once each however often they come")
    refused = headwater("import", str(ROOT / "tests"), "--store", databases[0].replace("//", "//reader@", 1))
    assert refused.returncode != 0, refused.stdout
    refused = headwater("relay-test", databases[0])
    assert refused.returncode == 2 and "captures" in refused.stderr, refused.stderr
    return 0


if __name__ == "__main__":
    sys.exit(main())
