#!/usr/bin/env python3
"""interrupt.py HEADWATER: the first SIGINT prints what is known so far and ends with 130, the second one kills."""

import json
import signal
import subprocess
import sys
import time

import capture

BINARY = sys.argv[1]
PACKETS = 4_000


def start(*arguments):
    return subprocess.Popen([BINARY, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_until_reading(process):
    """Fills the pipe: once all is written, the program has taken most of it."""
    process.stdin.write(capture.HEADER + capture.packets(0, PACKETS))
    process.stdin.flush()
    time.sleep(0.3)  # Not for the result's sake: it only lets the last of the pipe be read before the signal.


def first_signal_prints_what_is_known():
    process = start("flows", "-", "--json")
    wait_until_reading(process)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 130, (process.returncode, errors)
    told = json.loads(out)
    assert told["interrupted"] is True
    assert 0 < len(told["flows"]) <= PACKETS, len(told["flows"])
    assert b"interrupted: this is what was known until then" in errors, errors


def table_says_so_first():
    process = start("flows", "-")
    wait_until_reading(process)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130, process.returncode
    assert out.startswith(b"INTERRUPTED"), out[:80]


def trace_too():
    process = start("trace", "-", "--victim", "192.0.2.1")
    wait_until_reading(process)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 130, (process.returncode, errors)
    assert b"INTERRUPTED" in out, out[:200]


for check in (first_signal_prints_what_is_known, table_says_so_first, trace_too):
    check()
    print("ok", check.__name__)
