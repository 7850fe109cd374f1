#!/usr/bin/python3
"""lab/evaluate.py --headwater BINARY OUTDIR...: traces every target session of recorded scenarios, compares with the truth.

For each target it asks what an analyst would ask (the victim's port, the peer seen there, a time on the victim's
clock) of all observers' captures, and compares the first trail with what really happened: every relay in order, both
flows at every hop, the ending. With `--observers victim` (the victim's capture alone) or `some` (the victim's and a part of
the others, another for every session) the right answer follows the chain as far as it was watched without a gap, and
ends there in `relay-upstream-unseen`.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from scoreboard import markdown, table

TIMEOUT_S = 300
SHARE_OF_SOME = 0.6  # of the other hosts' captures that `--observers some` gives


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


def choose_observers(truth: dict[str, Any], session: dict[str, Any], observers: str) -> list[dict[str, Any]]:
    """Whose captures the tool is given, the victim's own first."""
    hosts = [item for item in truth["observers"] if item["kind"] == "host"]
    mine = next(item for item in hosts if session["victim"] in item["covers"])
    others = [item for item in (truth["observers"] if observers == "all" else hosts) if item is not mine]
    if observers == "victim":
        others = []
    elif observers == "some":
        draw = random.Random(f"{truth['seed']} {session['id']}")
        others = [item for item in others if draw.random() < SHARE_OF_SOME]
    return [mine, *others]


def question(folder: Path, session: dict[str, Any], chosen: list[dict[str, Any]]) -> list[str]:
    """The command line after the binary: inputs, victim, peer, time."""
    victim_flow, victim = session["flows"][0], session["victim"]
    side = "client" if victim_flow["client"]["address"] == victim else "server"
    peer = victim_flow["server" if side == "client" else "client"]["address"]
    first, last = (datetime.fromisoformat(victim_flow[end].replace("Z", "+00:00")) for end in ("first", "last"))
    at = first + (last - first) / 2 + timedelta(seconds=chosen[0]["clock_offset_s"])
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


def is_right(session: dict[str, Any], trail: dict[str, Any], watched: set[str]) -> bool:
    """As far as the chain was watched without a gap, and the ending that is honest there."""
    chain = [hop["relay"] for hop in session["hops"]] + [session["source"]]
    seen = next((index for index, host in enumerate(chain) if host not in watched), len(chain))
    kind = "source" if seen == len(chain) else "relay-upstream-unseen"
    hops = min(seen, len(session["hops"]))
    complete = all(hop.get("inbound") for hop in trail["hops"])
    ending = trail["ending"]
    return hops_right(session, trail) == hops and complete and ending["kind"] == kind and ending["address"] == chain[hops]


def judge(session: dict[str, Any], answer: dict[str, Any], watched: set[str]) -> str:
    trails = answer.get("trails") or []
    if not trails:
        return "no trail"
    first = trails[0]
    if first["ending"]["kind"] == "source" and (first["ending"].get("address") != session["source"] or session["source"] not in watched):
        return "wrong source"
    if is_right(session, first, watched):
        return "right first"
    if any(is_right(session, trail, watched) for trail in trails[1:]):
        return "right, not first"
    if first["ending"]["kind"] != "source" and hops_right(session, first) >= 0:
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
    chosen = choose_observers(truth, session, observers)
    watched = {address for item in chosen for address in item["covers"]}
    command = [binary, *question(folder, session, chosen)]
    started = time.monotonic()
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
        answer = json.loads(run.stdout) if run.returncode in (0, 1, 5) else None
        outcome = judge(session, answer, watched) if answer is not None else "failed"
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
    parser.add_argument("--observers", choices=["hosts", "all", "some", "victim"], default="hosts",
                        help="hosts: every host's own capture; all: borders too; some: the victim's and a part of the "
                             "others; victim: the victim's alone")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--markdown", type=Path, help="write the tables to this file too")
    parser.add_argument("--command", default="lab/evaluate.py", help="what the page names as the command that made it")
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
        arguments.markdown.write_text(markdown(verdicts, arguments.observers, date, arguments.command))
    right = sum(verdict.outcome == "right first" for verdict in verdicts) / len(verdicts)
    wrong_source = any(verdict.outcome == "wrong source" for verdict in verdicts)
    return 1 if arguments.require is not None and (right < arguments.require or wrong_source) else 0


if __name__ == "__main__":
    sys.exit(main())
