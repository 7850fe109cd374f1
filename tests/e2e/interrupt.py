#!/usr/bin/env python3
"""interrupt.py HEADWATER: the first SIGINT prints what is known so far and ends with 130, the second one kills."""

import json
import signal
import subprocess
import sys
import tempfile
import time

import capture

BINARY = sys.argv[1]
PACKETS = 4_000


def interrupted(number, *arguments):
    """Starts the program on a pipe, fills the pipe, sends the signal; the pipe stays open until the program has ended,
    so that it is the signal and not the end of the input that ends it. Returns (code, stdout, stderr)."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen([BINARY, *arguments], stdin=subprocess.PIPE, stdout=out, stderr=errors)
        process.stdin.write(capture.HEADER + capture.packets(0, PACKETS))
        process.stdin.flush()
        time.sleep(0.3)  # Not for the result's sake: it only lets the last of the pipe be read before the signal.
        process.send_signal(number)
        try:
            process.wait(timeout=60)
        finally:
            process.kill()
            process.stdin.close()
        out.seek(0)
        errors.seek(0)
        return process.returncode, out.read(), errors.read()


def first_signal_prints_what_is_known():
    code, out, errors = interrupted(signal.SIGINT, "flows", "-", "--json")
    assert code == 130, (code, errors)
    told = json.loads(out)
    assert told["interrupted"] is True
    assert 0 < len(told["flows"]) <= PACKETS, len(told["flows"])
    assert b"interrupted: this is what was known until then" in errors, errors


def table_says_so_first():
    code, out, _ = interrupted(signal.SIGTERM, "flows", "-")
    assert code == 130, code
    assert out.startswith(b"INTERRUPTED"), out[:80]


def trace_too():
    code, out, errors = interrupted(signal.SIGINT, "trace", "-", "--victim", "192.0.2.1")
    assert code == 130, (code, errors)
    assert b"INTERRUPTED" in out, out[:200]


for check in (first_signal_prints_what_is_known, table_says_so_first, trace_too):
    check()
    print("ok", check.__name__)
