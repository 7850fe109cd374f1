#!/usr/bin/python3
"""tests/e2e/clickhouse.py TESTS: runs the tests of the ClickHouse adapter (the program TESTS) against Debian's server: one alone,
and two as the shards of a cluster. Without clickhouse-server it skips, with a message."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
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
            return subprocess.run([sys.argv[1], "--source-file=*/clickhouse/*_test.cpp", "--no-intro"], env=os.environ | {"HW_TEST_CLICKHOUSE": f"{one} {two}"},
                                  timeout=LIMIT_S, check=False).returncode
        finally:
            shards.stdin.close()
            shards.wait()


if __name__ == "__main__":
    sys.exit(main())
