#!/usr/bin/python3
"""rpki.py HEADWATER: `map --rtr` and `watch --rtr` with a real RPKI cache, stayrtr, that serves three made-up authorisations on loopback; then one that is not there. Skipped where stayrtr is not installed."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT_S = 60
INPUTS = Path(__file__).resolve().parents[1] / "golden" / "inputs"
ROAS = [
    {"prefix": "192.0.2.0/24", "maxLength": 24, "asn": "AS64510", "ta": "test"},
    {"prefix": "203.0.113.0/24", "maxLength": 24, "asn": "AS64502", "ta": "test"},
    {"prefix": "2001:db8:5::/48", "maxLength": 48, "asn": "AS64500", "ta": "test"},
]


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("stayrtr does not listen")


def headwater(binary: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=LIMIT_S, check=False)


def check(what: str, got, wanted) -> None:
    if got != wanted:
        raise SystemExit(f"{what}: {got}, wanted {wanted}")
    print(f"{what}: {got}")


def main() -> int:
    binary = sys.argv[1]
    if shutil.which("stayrtr") is None:
        print("skipped: stayrtr is not installed")
        return 77
    rib, updates = str(INPUTS / "rib.mrt"), str(INPUTS / "updates.mrt")
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "vrps.json"
        cache.write_text(json.dumps({"metadata": {"counts": len(ROAS), "generated": int(time.time()), "valid": int(time.time()) + 3600}, "roas": ROAS}))
        port = free_port()
        server = subprocess.Popen(["stayrtr", "-bind", f"127.0.0.1:{port}", "-cache", str(cache), "-checktime=false", "-metrics.addr", f"127.0.0.1:{free_port()}"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(port)
            said = {}
            for prefix in ("192.0.2.0/24", "203.0.113.0/24", "2001:db8:5::/48"):
                run = headwater(binary, "map", prefix, "--rib", rib, "--rtr", f"127.0.0.1:{port}", "--json")
                check(f"map {prefix} ends with", run.returncode, 0)
                for announced in json.loads(run.stdout)["prefixes"]:
                    said |= {(announced["prefix"], origin["asn"]): origin["rpki"] for origin in announced["origins"]}
            check("what the cache makes of the origins", said, {
                ("192.0.2.0/24", 64510): "valid",
                ("203.0.113.0/24", 64502): "valid",
                ("203.0.113.128/25", 65551): "invalid",
                ("2001:db8:5::/48", 64510): "invalid",
            })
            run = headwater(binary, "watch", "192.0.2.0/24", "--rib", rib, "--updates", updates, "--rtr", f"127.0.0.1:{port}", "--json")
            kinds = {e["kind"]: e["subject"] for e in json.loads(run.stdout)["events"]}
            check("an unauthorised origin is told", "rpki-invalid" in kinds, True)
            print(kinds["rpki-invalid"])
        finally:
            server.terminate()
            server.wait(10)
        run = headwater(binary, "map", "192.0.2.0/24", "--rib", rib, "--rtr", f"127.0.0.1:{port}")
        check("without the cache it ends with", run.returncode, 3)
        check("and says what to do", "hint:" in run.stderr and "cannot be reached" in run.stderr, True)
    return 0


sys.exit(main())
