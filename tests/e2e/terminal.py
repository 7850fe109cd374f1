#!/usr/bin/env python3
"""terminal.py HEADWATER: progress is one line on standard error, only on a terminal, only after a while, and gone at the
end; no input on a terminal gives help; colour follows the terminal and NO_COLOR."""

import os
import pty
import subprocess
import sys
import time

import capture

BINARY = sys.argv[1]


def read_all(end):
    data = b""
    while True:
        try:
            piece = os.read(end, 65536)
        except OSError:  # The other end of a terminal is gone: so Linux says the end.
            return data
        if not piece:
            return data
        data += piece


def run_slowly(*arguments, seconds=1.5, environment=None):
    """Feeds a capture bit by bit, with a terminal as standard error; returns what went there and to standard output."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([BINARY, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=theirs,
                               env={**os.environ, **(environment or {})})
    os.close(theirs)
    process.stdin.write(capture.HEADER)
    begin, number = time.monotonic(), 0
    while time.monotonic() - begin < seconds:
        process.stdin.write(capture.packets(number, 200))
        process.stdin.flush()
        number += 200
        time.sleep(0.02)
    process.stdin.close()
    out = process.stdout.read()
    errors = read_all(ours)
    os.close(ours)
    assert process.wait(timeout=60) == 0, (process.returncode, errors)
    return errors, out, number


def progress_comes_and_goes():
    errors, out, number = run_slowly("flows", "-", "--format", "csv")
    assert b"reading  " in errors and b"records/s" in errors, errors
    assert errors.endswith(b"\r\x1b[K"), errors[-40:]
    assert b"reading" not in out
    assert out.count(b"\n") == number + 1, (out.count(b"\n"), number)


def quiet_means_quiet():
    for option in ("--quiet", "--no-progress"):
        errors, _, _ = run_slowly("flows", "-", option, seconds=0.8)
        assert errors == b"", errors


def no_progress_for_quick_work():
    errors, _, _ = run_slowly("flows", "-", seconds=0.05)
    assert errors == b"", errors


def help_where_a_person_sits():
    ours, theirs = pty.openpty()
    done = subprocess.run([BINARY, "trace"], stdin=theirs, capture_output=True, timeout=60)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 2 and done.stdout == b""
    assert b"Examples:" in done.stderr and done.stderr.count(b"  headwater trace ") >= 2, done.stderr


def colour_of(environment, *more):
    ours, theirs = pty.openpty()
    inputs = os.path.join(os.path.dirname(__file__), "..", "golden", "inputs", "victim.pcap.gz")
    clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    process = subprocess.Popen([BINARY, "trace", inputs, "--victim", "203.0.113.20", *more], stdin=subprocess.DEVNULL, stdout=theirs,
                               stderr=subprocess.DEVNULL, env={**clean, **environment})
    os.close(theirs)
    out = read_all(ours)
    os.close(ours)
    process.wait(timeout=60)
    return b"\x1b[" in out


def colour_follows_the_terminal():
    assert colour_of({"TERM": "xterm"})
    assert not colour_of({"TERM": "xterm", "NO_COLOR": "1"})
    assert not colour_of({"TERM": "dumb"})
    assert not colour_of({"TERM": "xterm"}, "--color", "never")
    assert colour_of({"TERM": "xterm", "NO_COLOR": "1"}, "--color", "always")


try:
    for end in pty.openpty():
        os.close(end)
except OSError as error:
    print(f"skipped: no pseudo-terminal can be opened here ({error})")
    sys.exit(77)

for check in (progress_comes_and_goes, quiet_means_quiet, no_progress_for_quick_work, help_where_a_person_sits, colour_follows_the_terminal):
    check()
    print("ok", check.__name__)
