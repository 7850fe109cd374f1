#!/usr/bin/python3
"""tests/e2e/clickhouse.py TESTS HEADWATER: the ClickHouse adapter against Debian's server, one alone and two as the shards of a
cluster: its unit tests (the program TESTS), and the example's captures imported, traced, linked and listed by the program HEADWATER
with the same answers as from the files. Without clickhouse-server it skips, with a message."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

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
                for name in ("alone", "shards"):
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/", data=f"CREATE DATABASE {name}".encode(), timeout=20).close()
            return same_answers([f"{one}/alone", two.replace("?", "/shards?")])
        finally:
            shards.stdin.close()
            shards.wait()


def headwater(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.argv[2], *arguments], capture_output=True, text=True, timeout=LIMIT_S, check=False)


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
    with tempfile.TemporaryDirectory() as store:
        assert headwater("import", str(captures), "--store", f"{store}/s").returncode == 0
        for question in questions:
            answers = [answer(question, source) for source in (str(captures), *databases, f"{store}/s")]
            assert answers[0] == answers[1] == answers[2] == answers[3], f"{question[0]}: the answers differ"
            print(f"{question[0]}: the same from files, from one server, from two shards and from the embedded store")
    refused = headwater("relay-test", databases[0])
    assert refused.returncode == 2 and "captures" in refused.stderr, refused.stderr
    return 0


if __name__ == "__main__":
    sys.exit(main())
