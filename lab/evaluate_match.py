#!/usr/bin/python3
"""lab/evaluate_match.py --headwater BINARY [--markdown FILE] OUTDIR...: blind-spot matching against the laboratory's truth.

Of every recorded scenario two observers' captures are given to `headwater match`, the middle withheld: each source's host
against each victim's host, and each country's border against each other's. A pair of flows is right when both belong to one
session of the truth. Asked are: is the best partner of a session's flow right (top-1)? How many sessions are claimed
(recall)? How often do wrong pairs reach a p of 1e-3, 1e-4, 1e-5, against how often they should? How far off is the clock?
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LEVELS = (1e-2, 1e-3, 1e-4, 1e-5)


@dataclass
class Tally:
    """What was counted over the runs of one kind."""

    runs: int = 0
    seconds: float = 0
    sessions: int = 0          # seen by both observers, as different flows
    top1: int = 0
    claimed: int = 0           # of these, claimed with a right partner
    matches: int = 0           # claimed pairs that can be judged
    wrong: int = 0
    unjudged: int = 0          # claimed pairs of two flows that the truth does not know
    expected: float = 0
    wrong_tested: int = 0
    wrong_at: dict[float, int] = field(default_factory=lambda: dict.fromkeys(LEVELS, 0))
    right_at: dict[float, int] = field(default_factory=lambda: dict.fromkeys(LEVELS, 0))
    right_tested: int = 0
    clock_errors: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


def wilson(hits: int, of: int) -> str:
    """A share with its 95 % interval (Wilson 1927)."""
    if of == 0:
        return "-"
    z, p = 1.96, hits / of
    centre, spread = (p + z * z / (2 * of)), z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    low, high = (centre - spread) / (1 + z * z / of), (centre + spread) / (1 + z * z / of)
    return f"{p:.3f} ({max(0.0, low):.3f} to {min(1.0, high):.3f})"


def key_of(flow: dict[str, Any]) -> tuple[Any, ...]:
    ends = sorted((end["address"], end["port"]) for end in (flow["client"], flow["server"]))
    return (*ends, flow["protocol"])


def evaluate(binary: str, folder: Path, truth: dict[str, Any], a: dict[str, Any], b: dict[str, Any], tally: Tally) -> None:
    sessions_of: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    kind_of = {}
    for session in truth["sessions"]:
        kind_of[session["id"]] = session
        for flow in session["flows"]:
            sessions_of[key_of(flow)].add(session["id"])
    began = time.monotonic()
    run = subprocess.run([binary, "match", str(folder / a["file"]), "--against", str(folder / b["file"]), "--unclaimed", "--top", "0", "--json",
                          "--quiet"], capture_output=True, check=False)
    if run.returncode not in (0, 1):
        sys.exit(f"{folder.name} {a['name']} {b['name']}: {run.stderr.decode()}")
    result = json.loads(run.stdout)
    tally.seconds += time.monotonic() - began
    tally.runs += 1
    true_ahead = (b["clock_offset_s"] - a["clock_offset_s"]) * 1000
    tally.clock_errors[result["clock"]["basis"]].append(abs(result["clock"]["ahead_ms"] - true_ahead))
    tally.expected += result["expected_false_accusations"]
    best: dict[str, float] = {}
    found: dict[str, bool] = {}
    claimed: set[str] = set()
    for match in result["matches"]:
        of_a, of_b = sessions_of.get(key_of(match["a"]), set()), sessions_of.get(key_of(match["b"]), set())
        common = of_a & of_b
        complete = all(kind_of[s]["complete"] for s in of_a | of_b)
        if not complete:
            continue
        if not of_a and not of_b:
            tally.unjudged += match["claimed"]
            continue
        for session in of_a:  # the best of all partners of any of its flows
            if match["z"] > best.get(session, -1e9):
                best[session], found[session] = match["z"], session in common
        if common:
            tally.right_tested += 1
            if match["claimed"]:
                claimed |= common
        else:
            tally.wrong_tested += 1
        counts = tally.right_at if common else tally.wrong_at
        for level in LEVELS:
            counts[level] += match["p"] <= level
        if match["claimed"]:
            tally.matches += 1
            if not common:
                tally.wrong += 1
    both = {s for match in result["matches"]
            for s in sessions_of.get(key_of(match["a"]), set()) & sessions_of.get(key_of(match["b"]), set()) if kind_of[s]["complete"]}
    tally.sessions += len(both)
    tally.top1 += sum(found.get(s, False) for s in both)
    tally.claimed += len(both & claimed)


def row(name: str, tally: Tally) -> str:
    rates = " | ".join(f"{tally.wrong_at[level]} ({tally.wrong_at[level] / max(1, tally.wrong_tested) / level:.2f})" for level in LEVELS[1:])
    return (f"| {name} | {tally.runs} | {tally.sessions} | {wilson(tally.top1, tally.sessions)} | {wilson(tally.claimed, tally.sessions)} | "
            f"{tally.matches} | {tally.wrong} | {tally.unjudged} | {tally.wrong_tested} | {rates} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--headwater", required=True)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("outdirs", nargs="+", type=Path)
    arguments = parser.parse_args()
    lines = ["| recordings, observers | runs | sessions both saw | top-1 right | claimed | judged claims | wrong | unjudged | wrong pairs tested "
             "| at 1e-3 (÷ nominal) | at 1e-4 | at 1e-5 |", "|" + "---|" * 12]
    clocks = []
    for folder in arguments.outdirs:
        truth = json.loads((folder / "truth.json").read_text())
        role = {host["address"]: host["role"] for host in truth["hosts"]}
        by_role = defaultdict(list)
        for observer in truth["observers"]:
            by_role["border" if observer["kind"] != "host" else role[observer["covers"][0]]].append(observer)
        for name, side_a, side_b in (("sources / victims", by_role["source"], by_role["victim"]), ("border / border", by_role["border"], by_role["border"])):
            tally = Tally()
            for a in side_a:
                for b in side_b:
                    if a["name"] != b["name"] and (name != "border / border" or a["name"] < b["name"]):
                        evaluate(arguments.headwater, folder, truth, a, b, tally)
            lines.append(row(f"{folder.name} (seed {truth['seed']}), {name}", tally))
            print(lines[-1], flush=True)
            for basis, errors in sorted(tally.clock_errors.items()):
                errors.sort()
                clocks.append(f"| {folder.name}, {name} | {basis} | {len(errors)} | {errors[len(errors) // 2]:.0f} | {errors[-1]:.0f} |")
                print(clocks[-1], flush=True)
    if arguments.markdown:
        clock_head = ["", "| recordings, observers | clock told by | runs | median error, ms | largest, ms |", "|---|---|---|---|---|"]
        arguments.markdown.write_text("\n".join(lines + clock_head + clocks) + "\n")


if __name__ == "__main__":
    main()
