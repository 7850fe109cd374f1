#!/usr/bin/python3
"""watch_replay.py HEADWATER MAKE_OUTAGE_REPLAY: `watch` on routing data made after the outages of 2014 and 2013: the events that there are and no others; stopped and taken up
again after every file; a folder that fills while it is followed. Small tables (20,000 prefixes): docs/results/watch.md has the figures of full ones."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

HEADWATER, MAKE = sys.argv[1], sys.argv[2]
LIMIT_S = 100


def when(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc).timestamp()


def watch(*arguments: str) -> dict:
    done = subprocess.run([HEADWATER, "watch", "AS131279", "--json", "-q", *arguments], capture_output=True, timeout=LIMIT_S, check=False)
    assert done.returncode in (0, 1), f"ended with {done.returncode}: {done.stderr.decode()}"
    return json.loads(done.stdout)


def near(text: str, wanted: str) -> None:
    assert abs(when(text) - when(wanted)) <= 60, f"{text} is more than a minute from {wanted}"


def causes(event: dict) -> dict[str, str]:
    return {c["name"]: c["fit"] for c in event["causes"]}


def case_2014(folder: Path) -> None:
    subprocess.run([MAKE, "2014", str(folder), "20000", "8"], check=True, timeout=LIMIT_S)
    result = watch("--rib", str(folder / "rib.mrt"), "--updates", str(folder / "updates.mrt"), "--svg", str(folder / "seen.svg"))
    assert result["note"].startswith("synthetic"), result["note"]
    assert [e["kind"] for e in result["events"]] == ["instability", "outage", "session-down"], [e["kind"] for e in result["events"]]
    unstable, outage, _ = result["events"]
    near(outage["start"], "2014-12-22T16:15:00Z")
    near(outage["end"], "2014-12-23T01:46:00Z")
    assert when(unstable["start"]) < when("2014-12-21T18:00:00Z"), unstable["start"]
    assert all(when(p["end"]) - when(p["start"]) < 900 for p in unstable["parts"])
    fits = causes(outage)
    assert fits["only-upstream"] == fits["withdrawn-by-origin"] == "fits" and fits["collector"] == "does not fit", fits
    assert b"</svg>" in (folder / "seen.svg").read_bytes()
    print("2014: instability, the outage at its times, the router's session; nothing else")
    in_pieces(folder, result)


def split(source: Path, folder: Path, pieces: int) -> list[Path]:
    """The records of one file in several, as collectors write them."""
    folder.mkdir()
    whole = source.read_bytes()
    files, at, begin = [], 0, 0
    while at < len(whole):
        at += 12 + struct.unpack_from(">I", whole, at + 8)[0]
        if at - begin >= len(whole) / pieces or at == len(whole):
            files.append(folder / f"updates.{len(files):03}.mrt")
            files[-1].write_bytes(whole[begin:at])
            begin = at
    return files


def in_pieces(folder: Path, wanted: dict) -> None:
    files = split(folder / "updates.mrt", folder / "pieces", 6)
    state = folder / "state"
    for file in files:
        result = watch("--rib", str(folder / "rib.mrt"), "--updates", str(file), "--state", str(state))
    assert kinds_and_times(result) == kinds_and_times(wanted), "taken up again it comes to other events"
    again = watch("--rib", str(folder / "rib.mrt"), "--updates", str(folder / "pieces"), "--state", str(state))
    assert again["inputs"] == [] and again["changes"] == result["changes"], "what was read is read again"
    print(f"2014: stopped and taken up again {len(files)} times: the same events")
    follow(folder, files, wanted)


def kinds_and_times(result: dict) -> list:
    return [(e["kind"], e["target"], e["start"], e["end"]) for e in result["events"]]


def follow(folder: Path, files: list[Path], wanted: dict) -> None:
    """Files come into the folder one by one; each event is told once it is found."""
    inbox = folder / "inbox"
    inbox.mkdir()

    def fill() -> None:
        for file in files:
            (inbox / file.name).write_bytes(file.read_bytes())
            time.sleep(0.3)

    filling = threading.Thread(target=fill)
    command = [HEADWATER, "watch", "AS131279", "--format", "ndjson", "-q", "--rib", str(folder / "rib.mrt"), "--updates", str(inbox), "--follow", "--for", "80s"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        filling.start()
        told, ended = [], False
        for line in running.stdout:
            event = json.loads(line)
            if event["schema"] == "headwater.watch.event/1":
                told.append(event)
            if event.get("kind") == "session-down" and event["end"]:
                running.send_signal(2)  # the last that there is to tell
                ended = True
        filling.join()
        assert ended and running.wait(timeout=LIMIT_S) in (0, 130), running.stderr.read()
    last = {e["id"]: e for e in told if e["part_of"] is None}
    outage = [e for e in last.values() if e["kind"] == "outage" and e["severity"] > 100]
    true = next(e for e in wanted["events"] if e["kind"] == "outage")
    assert [(e["start"], e["end"]) for e in outage] == [(true["start"], true["end"])], outage
    print("2014: followed while the files came: the same outage, told as it was found")


def case_2013(folder: Path) -> None:
    subprocess.run([MAKE, "2013", str(folder), "20000", "8"], check=True, timeout=LIMIT_S)
    result = watch("--rib", str(folder / "rib.mrt"), "--updates", str(folder / "updates.mrt"))
    outages = [e for e in result["events"] if e["kind"] == "outage"]
    assert len(outages) == len(result["events"]) == 2, kinds_and_times(result)
    near(outages[0]["start"], "2013-03-13T00:59:30Z")
    near(outages[1]["start"], "2013-03-13T22:40:00Z")
    near(outages[1]["end"], "2013-03-14T00:40:00Z")
    assert all(causes(e)["only-upstream"] == "does not fit" for e in outages)
    print("2013: two outages at their times, two upstreams")


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        case_2014(Path(name) / "2014")
        case_2013(Path(name) / "2013")
    return 0


if __name__ == "__main__":
    sys.exit(main())
