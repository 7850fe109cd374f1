#!/usr/bin/python3
"""lab/reliability.py --headwater BINARY OUTDIR...: do the probabilities of trails mean what they say?

Traces every target session as lab/evaluate.py does, and sets the stated probability of each trail beside whether it was
right: every relay in order and both flows at each, as far as the chain was watched without a gap, and the address where it ends.
(The kind of ending, `source` or `lost`, is another statement; lab/evaluate.py judges it.) ECE over the first trails and over all.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from evaluate import TIMEOUT_S, choose_observers, hops_right, question
from intervals import Reliability


def is_true(session: dict[str, Any], trail: dict[str, Any], watched: set[str]) -> bool:
    chain = [hop["relay"] for hop in session["hops"]] + [session["source"]]
    seen = next((index for index, host in enumerate(chain) if host not in watched), len(chain))
    hops = min(seen, len(session["hops"]))
    return hops_right(session, trail) == hops and trail["ending"]["address"] == chain[hops]


def stated(binary: str, folder: Path, truth: dict[str, Any], session: dict[str, Any], observers: str) -> list[tuple[float, bool]]:
    chosen = choose_observers(truth, session, observers)
    watched = {address for item in chosen for address in item["covers"]}
    run = subprocess.run([binary, *question(folder, session, chosen)], capture_output=True, text=True, timeout=TIMEOUT_S)
    trails = json.loads(run.stdout).get("trails") or [] if run.returncode in (0, 1, 5) else []
    return [(trail["probability"], is_true(session, trail, watched)) for trail in trails]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--headwater", default="build/release/headwater")
    parser.add_argument("--observers", choices=["hosts", "all", "some", "victim"], default="hosts")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--svg", type=Path, help="write the diagram of the first trails here")
    parser.add_argument("--details", type=Path, help="write one JSON line a session")
    arguments = parser.parse_args()
    work = []
    for folder in arguments.folders:
        truth = json.loads((folder / "truth.json").read_text())
        work += [(folder, truth, session) for session in truth["sessions"] if session["target"]]
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        answers = list(pool.map(lambda item: stated(arguments.headwater, *item, arguments.observers), work))
    if arguments.details:
        arguments.details.write_text("".join(json.dumps({"scenario": truth["scenario"], "session": session["id"], "trails": trails}) + "\n"
                                             for (_, truth, session), trails in zip(work, answers)))
    silent = sum(not trails for trails in answers)
    first = Reliability(trails[0] for trails in answers if trails)
    print(f"{len(work)} sessions, observers: {arguments.observers}; {silent} without a trail.\n\nFirst trails:\n\n{first.markdown()}")
    print(f"All trails:\n\n{Reliability(trail for trails in answers for trail in trails).markdown()}")
    if arguments.svg:
        arguments.svg.write_text(first.svg(f"First trails, observers: {arguments.observers}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
