#!/usr/bin/python3
"""`trace --follow` on a capture that grows: it tells as it goes, and ends with the same result as `trace` of the whole."""

import gzip
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

CAPTURES = Path(__file__).resolve().parents[1] / "golden" / "inputs"


def main() -> int:
    headwater = sys.argv[1]
    captures = {name: gzip.decompress((CAPTURES / f"{name}.pcap.gz").read_bytes()) for name in ("victim", "relay-1", "relay-2", "source")}
    query = ["--victim", "203.0.113.20:22", "--peer", "198.51.100.9", "--quiet"]
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / f"{name}.pcap" for name in captures}
        paths = [str(path) for path in files.values()]
        for name, path in files.items():
            path.write_bytes(captures[name][: len(captures[name]) // 3])
        program = subprocess.Popen([headwater, "trace", "--follow", "--every", "100ms", "--format", "ndjson", *query, *paths],
                                   stdout=subprocess.PIPE, text=True)
        try:
            first = json.loads(program.stdout.readline())
            assert first["schema"] == "headwater.trace.update/1", first
            for name, path in files.items():
                with path.open("ab") as file:
                    file.write(captures[name][len(captures[name]) // 3:])
            update = first
            while update["records"] < 22128:
                update = json.loads(program.stdout.readline())
            program.send_signal(signal.SIGINT)
            rest, _ = program.communicate(timeout=120)
        finally:
            program.kill()
        assert program.returncode == 0, program.returncode
        followed = [line for line in rest.splitlines() if "headwater.trace.trail/1" in line]
        batch = subprocess.run([headwater, "trace", "--format", "ndjson", *query, *paths], capture_output=True, text=True, timeout=120)
        assert batch.returncode == 0, batch.stderr
        assert followed == batch.stdout.splitlines(), "the followed result differs from the batch result"
    print("followed and batch results are the same")
    return 0


if __name__ == "__main__":
    sys.exit(main())
