#!/usr/bin/python3
"""store_kill.py HEADWATER [--kills N] [--seed N]: kills imports at random moments, and looks whether the store is as it must be.

Each time an import is killed (SIGKILL) at a moment drawn from its usual length, then: the store opens, holds every input that an
import has ended with, and nothing of the others; the killed import made again adds each flow once. Then the disk is full
(a limit on the size of files): a clean error, and the store as it was.
"""

import argparse
import json
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
INPUTS = sorted((ROOT / "examples/captures/three-relays").glob("*.pcap.gz"))


def run(*arguments, **more):
    return subprocess.run([str(a) for a in arguments], capture_output=True, text=True, check=False, timeout=100, **more)


def flows_of(headwater, source):
    """The flows, as a sorted list of CSV lines."""
    done = run(headwater, "flows", "-q", source, "--format", "csv")
    if done.returncode not in (0, 1):
        sys.exit(f"the store does not open: {done.stderr}")
    return sorted(done.stdout.splitlines()[1:])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("headwater")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    place = pathlib.Path(tempfile.mkdtemp(prefix="headwater-kill-"))
    alone = {}
    lengths = []
    for i, path in enumerate(INPUTS):
        began = time.monotonic()
        made = run(given.headwater, "import", "-q", path, "--store", place / f"alone-{i}")
        lengths.append(time.monotonic() - began)
        assert made.returncode == 0, made.stderr
        alone[path] = flows_of(given.headwater, place / f"alone-{i}")
    killed = unharmed = 0
    store, held, order = place / "store", [], []
    while killed < given.kills:
        if not order:  # all are in: begin a new store
            shutil.rmtree(store, ignore_errors=True)
            held, order = [], chance.sample(INPUTS, len(INPUTS))
        path = order[-1]
        started = subprocess.Popen([given.headwater, "import", "-q", str(path), "--store", str(store)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.random() * max(lengths) * 1.1)
        started.send_signal(signal.SIGKILL)
        if started.wait() == -signal.SIGKILL:
            killed += 1
        else:
            unharmed += 1
        if (store / "manifest").exists():
            now = flows_of(given.headwater, store)
            without, within = sorted(held), sorted(held + alone[path])
            if now not in (without, within):
                sys.exit(f"after a kill in {path.name}: {len(now)} flows, expected {len(without)} or {len(within)}")
        elif held:
            sys.exit("the manifest is gone")
        again = run(given.headwater, "import", "-q", path, "--store", store)
        assert again.returncode == 0, again.stderr
        held += alone[path]
        if flows_of(given.headwater, store) != sorted(held):
            sys.exit(f"{path.name} imported again: flows are lost or doubled")
        checked = json.loads(run(given.headwater, "store", "check", store, "--json").stdout)
        if checked["damages"]:
            sys.exit(f"damage after a kill: {checked['damages']}")
        order.pop()
    print(f"{killed} imports killed ({unharmed} had ended before): 0 flows lost, 0 doubled, 0 failed opens")

    limit = 4096

    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    shutil.rmtree(place / "full", ignore_errors=True)
    run(given.headwater, "import", "-q", INPUTS[0], "--store", place / "full")
    before = {p.name: p.read_bytes() for p in (place / "full").iterdir()}
    full = run(given.headwater, "import", "-q", INPUTS[1], "--store", place / "full", preexec_fn=small_files)
    after = {p.name: p.read_bytes() for p in (place / "full").iterdir()}
    if full.returncode != 5 or "disk is full" not in full.stderr or before != after:
        sys.exit(f"a full disk: code {full.returncode}, {full.stderr}, {sorted(before)} against {sorted(after)}")
    print("a full disk: a clean error, and the store as it was")
    shutil.rmtree(place)


main()
