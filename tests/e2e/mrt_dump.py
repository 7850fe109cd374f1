#!/usr/bin/python3
"""mrt_dump.py HEADWATER: `map --dump` beside Debian's bgpdump on the files of the golden tests, line by line; and, where the reference data lie beside
the project, beside the text that each of their files should give."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT.parent / "shared/data/bgp/mrt"
LIMIT_S = 100


def dumped(path: Path) -> bytes:
    done = subprocess.run([sys.argv[1], "map", "--dump", "-q", "--rib", str(path)], capture_output=True, timeout=LIMIT_S, check=False)
    if done.returncode not in (0, 5):
        raise SystemExit(f"{path} ended with {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def first_difference(ours: bytes, wanted: bytes) -> str:
    for number, (a, b) in enumerate(zip(ours.splitlines() + [b"(nothing)"], wanted.splitlines() + [b"(nothing)"], strict=False), 1):
        if a != b:
            return f"line {number}:\n  {a.decode()}\n  {b.decode()}"
    return "in length"


def main() -> int:
    looked = 0
    if shutil.which("bgpdump"):
        for name in ("rib.mrt", "updates.mrt"):
            path = ROOT / "tests/golden/inputs" / name
            wanted = subprocess.run(["bgpdump", "-m", str(path)], capture_output=True, timeout=LIMIT_S, check=True).stdout
            # Of type 5 it leaves out the column for communities.
            ours = b"".join(line.replace(b"|0|0||", b"|0|0|") + b"\n" if line.startswith(b"BGP|") else line + b"\n" for line in dumped(path).splitlines())
            assert ours == wanted, f"{name} differs from bgpdump's, {first_difference(ours, wanted)}"
            looked += 1
        print("the same lines as bgpdump's from both files")
    for expected in sorted(REFERENCE.glob("*.expected-bgpdump-m.gz")):
        path = expected.with_name(expected.name.replace(".expected-bgpdump-m", ""))
        ours, wanted = dumped(path), gzip.decompress(expected.read_bytes())
        assert ours == wanted, f"{path.name} differs, {first_difference(ours, wanted)}"
        print(f"{path.name}: {len(wanted.splitlines())} lines as expected")
        looked += 1
    if not looked:
        print("skipped: neither bgpdump nor the reference data are here")
        return 77
    return 0


if __name__ == "__main__":
    sys.exit(main())
