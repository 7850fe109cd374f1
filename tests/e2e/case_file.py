#!/usr/bin/env python3
"""case_file.py HEADWATER: a case file under kill -9, a full disk, two writers and no permission: what was acknowledged is there, the rest is not, and
the log verifies."""

import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

KILLS = 60


def run(headwater, *arguments, **more):
    return subprocess.run([headwater, *arguments], capture_output=True, text=True, timeout=60, **more)


def check(condition, what):
    if not condition:
        sys.exit(f"case_file.py: {what}")


def holds(headwater, case):
    told = run(headwater, "case", "verify", case, "--json")
    check(told.returncode == 0, f"the case does not verify: {told.stdout}{told.stderr}")
    return json.loads(told.stdout)


def notes(headwater, case):
    told = run(headwater, "case", "show", case, "--kind", "note", "--json")
    check(told.returncode in (0, 1), told.stderr)
    return {note["body"]["words"] for note in json.loads(told.stdout)["objects"]}


def kills(headwater, case, key):
    """Writers killed at any moment lose nothing that they acknowledged, and leave nothing half-written."""
    random.seed(6)
    acknowledged = set()
    began = time.monotonic()
    check(run(headwater, "case", "add", case, "--note", "first", "--key", key).returncode == 0, "cannot add")
    usual = time.monotonic() - began
    for number in range(KILLS):
        words = [f"note {number} {part}" for part in range(3)]
        options = [option for word in words for option in ("--note", word)]
        writer = subprocess.Popen([headwater, "case", "add", case, *options, "--key", key], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        time.sleep(random.uniform(0, usual * 1.2))
        writer.send_signal(signal.SIGKILL)
        out, _ = writer.communicate(timeout=30)
        if "Filed 3 notes" in out:
            acknowledged.update(words)
        there = notes(headwater, case)
        check(acknowledged <= there, f"lost: {acknowledged - there}")
        check(sum(word in there for word in words) in (0, 3), f"half an append is there: {words}")
    told = holds(headwater, case)
    print(f"{KILLS} writers killed, {len(acknowledged) // 3} of them after they had acknowledged; {told['entries']} entries hold")


def writers(headwater, case, key):
    """Writers at the same time take turns; none loses what it wrote."""
    running = [subprocess.Popen([headwater, "case", "add", case, "--note", f"writer {number}", "--key", key], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
               for number in range(12)]
    for number, writer in enumerate(running):
        out, err = writer.communicate(timeout=60)
        check(writer.returncode == 0, f"writer {number}: {out}{err}")
    check({f"writer {number}" for number in range(12)} <= notes(headwater, case), "a writer's note is not there")
    holds(headwater, case)


def full_disk(headwater, case, key):
    """What does not fit is told, and loses nothing."""
    before = holds(headwater, case)["head"]
    room = os.path.getsize(case) + 20_000

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    told = run(headwater, "case", "add", case, *[option for number in range(400) for option in ("--note", f"{number} " + "x" * 2000)], "--key", key, preexec_fn=limit)
    check(told.returncode == 3, f"a full disk gave {told.returncode}: {told.stdout}{told.stderr}")
    check("nothing that was acknowledged is lost" in told.stderr, told.stderr)
    check(holds(headwater, case)["head"] == before, "the head has moved")
    check(run(headwater, "case", "add", case, "--note", "after", "--key", key).returncode == 0, "cannot write once there is room again")


def real_full_disk(headwater, case, key, folder):
    """The same on a file system that is really full, where we may mount one."""
    place = folder / "small"
    place.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True).returncode != 0:
        print("not tried on a file system of its own: that takes root")
        return
    try:
        small = str(place / "a.hwcase")
        check(run(headwater, "case", "new", small, "--key", key).returncode == 0, "cannot begin a case on the small disk")
        document = folder / "notes.json"
        document.write_text(json.dumps({"format": "headwater.statements/1", "note": [{"id": f"n{number}", "words": "x" * 60_000} for number in range(40)]}))
        told = run(headwater, "case", "add", small, str(document), "--key", key)
        check(told.returncode == 3 and "the disk is full" in told.stderr, f"{told.returncode}: {told.stderr}")
        holds(headwater, small)
    finally:
        subprocess.run(["umount", place], check=True)


def permissions(headwater, case, folder):
    """A case that may only be read is read; nothing is written."""
    kept = folder / "kept"
    kept.mkdir()
    shutil.copy(case, kept / "a.hwcase")
    (kept / "a.hwcase").chmod(0o400)
    kept.chmod(0o500)
    as_nobody = {"user": 65534, "group": 65534} if os.geteuid() == 0 else {}
    if as_nobody:
        os.chown(kept / "a.hwcase", 65534, 65534)
        os.chown(kept, 65534, 65534)
        folder.chmod(0o755)
    told = run(headwater, "case", "verify", str(kept / "a.hwcase"), **as_nobody)
    check(told.returncode == 0, f"a case that may only be read: {told.stdout}{told.stderr}")
    kept.chmod(0o700)


def main():
    headwater = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="headwater-case-") as temporary:
        folder = pathlib.Path(temporary)
        case, key = str(folder / "a.hwcase"), str(folder / "key")
        begun = run(headwater, "case", "new", case, "--key", key)
        check(begun.returncode == 0, begun.stderr)
        secret = pathlib.Path(key).read_text().splitlines()[1]
        kills(headwater, case, key)
        writers(headwater, case, key)
        full_disk(headwater, case, key)
        real_full_disk(headwater, case, key, folder)
        permissions(headwater, case, folder)
        everything = run(headwater, "case", "export", case).stdout + run(headwater, "case", "log", case, "--json").stdout + begun.stdout
        check(secret not in everything and not re.search(secret.encode(), pathlib.Path(case).read_bytes()), "the secret key is in what is shown or kept")


if __name__ == "__main__":
    main()
