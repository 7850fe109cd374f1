#!/usr/bin/python3
"""lab/evaluate.py --headwater BINARY OUTDIR...: traces every target session of recorded scenarios, compares with the truth.

For each target it asks what an analyst would ask (the victim's port, the peer seen there, a time on the victim's
clock) of all observers' captures, and compares the first trail with what really happened: every relay in order, both
flows at every hop, the ending. `--observers victim` gives the tool the victim's capture alone; the right answer is then
`relay-upstream-unseen` at the last relay.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from scoreboard import markdown, table

TIMEOUT_S = 300


@dataclass
class Verdict:
    """What one trace said, against the truth."""

    scenario: str
    session: str
    relay_kind: str
    driver: str
    chain_length: int
    outcome: str  # one of scoreboard.OUTCOMES
    seconds: float
    detail: str
    seed: int = 0
    command: list[str] = field(default_factory=list)


def question(folder: Path, truth: dict[str, Any], session: dict[str, Any], observers: str) -> list[str]:
    """The command line after the binary: inputs, victim, peer, time."""
    victim_flow, victim = session["flows"][0], session["victim"]
    side = "client" if victim_flow["client"]["address"] == victim else "server"
    peer = victim_flow["server" if side == "client" else "client"]["address"]
    mine = next(item for item in truth["observers"] if item["kind"] == "host" and victim in item["covers"])
    if observers == "victim":
        chosen = [mine]
    else:
        chosen = [item for item in truth["observers"] if item["kind"] == "host" or observers == "all"]
    first, last = (datetime.fromisoformat(victim_flow[end].replace("Z", "+00:00")) for end in ("first", "last"))
    at = first + (last - first) / 2 + timedelta(seconds=mine["clock_offset_s"])
    return ["trace", *(str(_capture(folder, item["file"])) for item in chosen),
            "--victim", f"{victim}:{victim_flow[side]['port']}", "--peer", peer,
            "--at", at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z", "--json", "--quiet"]


def _capture(folder: Path, name: str) -> Path:
    """Recordings may be kept compressed."""
    plain = folder / name
    return plain if plain.exists() else folder / (name + ".gz")


def ends_of(flow: dict[str, Any] | None) -> frozenset[tuple[str, int]]:
    if not flow:
        return frozenset()
    return frozenset((flow[side]["address"], flow[side]["port"]) for side in ("client", "server"))


def hops_right(session: dict[str, Any], trail: dict[str, Any]) -> int:
    """How many hops, from the victim backward, name the right relay and both right flows; -1 at the first wrong one."""
    for index, hop in enumerate(trail["hops"]):
        if index >= len(session["hops"]):
            return -1
        true = session["hops"][index]
        inbound = ends_of(session["flows"][true["inbound"]])
        outbound = ends_of(session["flows"][true["outbound"]])
        if hop["relay"] != true["relay"] or ends_of(hop.get("outbound")) != outbound:
            return -1
        if ends_of(hop.get("inbound")) not in (inbound, frozenset()):  # no inbound: an honest "unseen"
            return -1
        if not hop.get("inbound") and index < len(trail["hops"]) - 1:
            return -1
    return len(trail["hops"])


def is_right(session: dict[str, Any], trail: dict[str, Any]) -> bool:
    ending = trail["ending"]
    complete = all(hop.get("inbound") for hop in trail["hops"])
    return (hops_right(session, trail) == len(session["hops"]) and complete and ending["kind"] == "source"
            and ending["address"] == session["source"])


def judge(session: dict[str, Any], answer: dict[str, Any], observers: str) -> str:
    trails = answer.get("trails") or []
    if not trails:
        return "no trail"
    first = trails[0]
    kind, address = first["ending"]["kind"], first["ending"].get("address")
    if kind == "source" and (address != session["source"] or observers == "victim"):
        return "wrong source"
    if observers == "victim":
        if kind == "relay-upstream-unseen":
            return "right first" if address == session["hops"][0]["relay"] else "wrong trail"
        return "honest stop"
    if is_right(session, first):
        return "right first"
    if any(is_right(session, trail) for trail in trails[1:]):
        return "right, not first"
    if kind != "source" and hops_right(session, first) >= 0:
        return "honest stop"
    return "wrong trail"


def describe(answer: dict[str, Any]) -> str:
    if not answer.get("trails"):
        return "no trail"
    trail = answer["trails"][0]
    relays = " < ".join(hop["relay"] for hop in trail["hops"])
    ending = trail["ending"]
    return f"{relays or '-'} | {ending['kind']} {ending.get('address')} p={trail.get('probability')}"


def trace(binary: str, folder: Path, truth: dict[str, Any], session: dict[str, Any], observers: str) -> Verdict:
    command = [binary, *question(folder, truth, session, observers)]
    started = time.monotonic()
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
        answer = json.loads(run.stdout) if run.returncode in (0, 1, 5) else None
        outcome = judge(session, answer, observers) if answer is not None else "failed"
        detail = describe(answer) if answer is not None else f"exit {run.returncode}: {run.stderr.strip()[-200:]}"
    except (subprocess.TimeoutExpired, json.JSONDecodeError, KeyError, TypeError) as error:
        outcome, detail = "failed", f"{type(error).__name__}: {str(error)[-200:]}"
    return Verdict(truth["scenario"], session["id"], session["relay_kind"], session["driver"], session["chain_length"],
                   outcome, time.monotonic() - started, detail, truth["seed"], command)


def evaluate(binary: str, folders: list[Path], observers: str, jobs: int) -> list[Verdict]:
    work = []
    for folder in folders:
        truth = json.loads((folder / "truth.json").read_text())
        work += [(binary, folder, truth, session, observers) for session in truth["sessions"] if session["target"]]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        verdicts = []
        for number, verdict in enumerate(pool.map(lambda item: trace(*item), work)):
            if sys.stderr.isatty():
                print(f"\r{number + 1} of {len(work)}", end="", file=sys.stderr, flush=True)
            verdicts.append(verdict)
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    return verdicts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--headwater", default="build/release/headwater")
    parser.add_argument("--observers", choices=["hosts", "all", "victim"], default="hosts",
                        help="hosts: every host's own capture; all: borders too; victim: the victim's alone")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--markdown", type=Path, help="write the tables to this file too")
    parser.add_argument("--details", type=Path, help="write one JSON line a session")
    parser.add_argument("--require", type=float, metavar="SHARE",
                        help="exit 1 unless at least this share is right first and no source is wrong")
    arguments = parser.parse_args()
    verdicts = evaluate(arguments.headwater, arguments.folders, arguments.observers, arguments.jobs)
    if not verdicts:
        print("evaluate: no target session in these folders", file=sys.stderr)
        return 1
    for verdict in verdicts:
        if verdict.outcome != "right first":
            print(f"{verdict.outcome}: {verdict.scenario} {verdict.session} {verdict.driver} over {verdict.relay_kind}, "
                  f"{verdict.chain_length} relays: {verdict.detail}")
    print(table(verdicts))
    if arguments.details:
        arguments.details.write_text("".join(json.dumps(vars(verdict)) + "\n" for verdict in verdicts))
    if arguments.markdown:
        date = datetime.now(timezone.utc).strftime("%Y-%m-%d")
        arguments.markdown.write_text(markdown(verdicts, arguments.observers, date))
    right = sum(verdict.outcome == "right first" for verdict in verdicts) / len(verdicts)
    wrong_source = any(verdict.outcome == "wrong source" for verdict in verdicts)
    return 1 if arguments.require is not None and (right < arguments.require or wrong_source) else 0


if __name__ == "__main__":
    sys.exit(main())
