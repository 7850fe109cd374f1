#!/usr/bin/python3
"""store_upkeep_kill.py HEADWATER [--kills N] [--seed N]: kills `store retain` and `store compact` at random moments: nothing but what
was to go is gone.

A store of twelve imports is copied, and one verb killed (SIGKILL) on the copy at a moment drawn from its usual length. Then the store
opens without damage and holds either all that it held or what the verb leaves when nobody kills it; the verb run again ends with what
it leaves, and with no file that the manifest does not name.
"""

import argparse
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
INPUTS = sorted((ROOT / "examples/captures/three-relays").glob("*.pcap.gz"))


def run(*arguments):
    return subprocess.run([str(a) for a in arguments], capture_output=True, text=True, check=False, timeout=100)


def flows_of(headwater, store):
    """The flows, as a sorted list of JSON lines."""
    done = run(headwater, "flows", "-q", store, "--format", "ndjson")
    if done.returncode not in (0, 1):
        sys.exit(f"the store does not open: {done.stderr}")
    return sorted(line for line in done.stdout.splitlines() if "client" in json.loads(line))


def must_be_sound(headwater, store, when):
    checked = json.loads(run(headwater, "store", "check", store, "--json").stdout)
    if checked["damages"]:
        sys.exit(f"damage {when}: {checked['damages']}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("headwater")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    place = pathlib.Path(tempfile.mkdtemp(prefix="headwater-upkeep-"))
    base = place / "base"
    for path in INPUTS:
        made = run(given.headwater, "import", "-q", path, "--store", base)
        assert made.returncode == 0, made.stderr
    whole = flows_of(given.headwater, base)
    observers = sorted({name for line in whole for name in [json.loads(line).get("observer")] if name})
    size = sum(p.stat().st_size for p in base.glob("*.segment"))
    verbs = [["compact"], ["retain", "--max-bytes", str(size // 2)]] + [["retain", "--of-observer", name] for name in observers[:3]]
    left = []
    lengths = []
    for i, verb in enumerate(verbs):
        shutil.copytree(base, place / f"left-{i}")
        began = time.monotonic()
        done = run(given.headwater, "store", "-q", verb[0], place / f"left-{i}", *verb[1:])
        lengths.append(time.monotonic() - began)
        assert done.returncode == 0, done.stderr
        left.append(flows_of(given.headwater, place / f"left-{i}"))
    assert left[0] == whole, "compact lost flows"
    assert all(0 < len(rest) < len(whole) and set(rest) <= set(whole) for rest in left[1:]), [len(rest) for rest in left]
    killed = unharmed = as_before = already = 0
    while killed < given.kills:
        i = chance.randrange(len(verbs))
        store = place / "store"
        shutil.rmtree(store, ignore_errors=True)
        shutil.copytree(base, store)
        command = [given.headwater, "store", "-q", verbs[i][0], str(store), *verbs[i][1:]]
        started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.random() * lengths[i] * 1.1)
        started.send_signal(signal.SIGKILL)
        if started.wait() != -signal.SIGKILL:
            unharmed += 1
            continue
        killed += 1
        now = flows_of(given.headwater, store)
        if now not in (whole, left[i]):
            sys.exit(f"after a kill of {verbs[i]}: {len(now)} flows, expected {len(whole)} or {len(left[i])}")
        old_manifest = (store / "manifest").read_bytes() == (base / "manifest").read_bytes()
        as_before += old_manifest
        already += not old_manifest
        must_be_sound(given.headwater, store, f"after a kill of {verbs[i]}")
        again = run(*command)
        assert again.returncode == 0, again.stderr
        if flows_of(given.headwater, store) != left[i]:
            sys.exit(f"{verbs[i]} run again leaves other flows than at once")
        must_be_sound(given.headwater, store, f"after {verbs[i]} run again")
        segments = len(list(store.glob("*.segment"))), len(list((place / f"left-{i}").glob("*.segment")))
        if segments[0] != segments[1] or list(store.glob("*.new")):
            sys.exit(f"{verbs[i]} run again: files left over: {sorted(p.name for p in store.iterdir())}")
    print(f"{killed} runs of {len(verbs)} verbs killed ({unharmed} had ended before; {as_before} stores as before, {already} changed already): nothing gone but what was to go")
    shutil.rmtree(place)


main()
