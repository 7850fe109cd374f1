#!/usr/bin/python3
"""lab/evaluate_calibration.py OUTDIR...: does p mean what it says? Realised beside nominal false positive rates over wrong pairs.

A pair is a control and an action flow of one host. It is wrong when the two belong to different sessions; pairs of one
session, and those of background traffic that the truth tells nothing of, are left out. `hard`: both flows have the same kind of
driver (two people typing, two bulk copies), in the same minutes at the same host over the same protocol. `moved`: the action
of one host against the flows of another, as if they had been its own; these are many more, for the far tail.

Also the reliability of the hop posteriors: every candidate's, and that of "none of them", at the actions of relays and sources.
"""

from __future__ import annotations

import argparse
import collections
import sys
from datetime import datetime, timezone
from pathlib import Path

from intervals import Reliability, poisson_interval
from pair_truth import actions

NOMINAL = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)


class Group:
    """Wrong pairs of one sort."""

    def __init__(self) -> None:
        self.pairs = 0
        self.hits = [0] * len(NOMINAL)
        self.sessions: list[set[tuple[str, ...]]] = [set() for _ in NOMINAL]
        self.pit = [0] * 10

    def add(self, p: float, where: tuple[str, ...]) -> None:
        self.pairs += 1
        self.pit[min(9, int(p * 10))] += 1
        for index, nominal in enumerate(NOMINAL):
            if p <= nominal:
                self.hits[index] += 1
                self.sessions[index].add(where)

    def row(self, name: str) -> str:
        cells = [f"| {name} | {self.pairs} "]
        for index, nominal in enumerate(NOMINAL):
            expected = self.pairs * nominal
            low, high = poisson_interval(self.hits[index])
            if expected < 0.5 and not self.hits[index]:
                cells.append("| - ")  # too few pairs to say anything
                continue
            cells.append(f"| {self.hits[index] / expected:.2f} ({low / expected:.2f} to {high / expected:.2f}; {self.hits[index]} pairs, "
                         f"{len(self.sessions[index])} different) ")
        return "".join(cells) + "|"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--tool", default="build/release/bench/calibration_pairs")
    parser.add_argument("--donors", type=int, default=8, help="other hosts whose flows each host's actions are compared with")
    parser.add_argument("--across", action="store_true", help="draw donors from all the folders, not only from the host's own")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--markdown", type=Path, help="write the tables to this file too")
    parser.add_argument("--svg", type=Path, help="write the diagram of the hop posteriors here")
    arguments = parser.parse_args()
    groups: dict[str, Group] = collections.defaultdict(Group)
    stated: list[tuple[float, bool]] = []
    true_p: list[float] = []
    for folder in arguments.folders:
        for action in actions(arguments.tool, folder, arguments.donors, arguments.seed,
                              [other for other in arguments.folders if arguments.across and other != folder]):
            for pair in action.pairs:
                if pair.label == "true":
                    true_p.append(pair.p)
                if pair.label == "wrong" and pair.compared and pair.shared_s > 0:
                    where = (str(folder), *sorted(pair.sessions))
                    kind = "moved" if action.moved else "same host"
                    groups[f"{kind}, all"].add(pair.p, where)
                    if pair.hard:
                        groups[f"{kind}, hard"].add(pair.p, where)
                        groups[f"{kind}, hard: {pair.hard}"].add(pair.p, where)
            if not action.moved and action.role != "other":
                stated += [(pair.posterior, pair.label == "true") for pair in action.pairs]
                stated.append((action.none, not any(pair.label == "true" for pair in action.pairs)))
    donors = f"{arguments.donors} donors a host{', from all of them' if arguments.across else ''}"
    lines = [f"Recordings: {', '.join(str(folder) for folder in arguments.folders)}; {donors}.", "",
             "Realised / nominal, with the exact 95 % Poisson interval, the pairs behind it and how many different pairs of sessions they are "
             "(the same two sessions meet at several hosts, so the pairs are not independent and the interval is too narrow).", "",
             "| wrong pairs | how many |" + "".join(f" {nominal:g} |" for nominal in NOMINAL), "|---|---|" + "---|" * len(NOMINAL)]
    lines += [groups[name].row(name) for name in sorted(groups)]
    lines += ["", "Where p falls (share of the wrong pairs in each tenth; a perfect p gives 0.1 everywhere):", "",
              "| wrong pairs |" + "".join(f" {i / 10:.1f} |" for i in range(10)), "|---|" + "---|" * 10]
    lines += [f"| {name} |" + "".join(f" {count / groups[name].pairs:.3f} |" for count in groups[name].pit) for name in sorted(groups) if "hard:" not in name]
    reliability = Reliability(stated)
    if true_p:
        shares = ", ".join(f"{sum(p <= nominal for p in true_p) / len(true_p):.4f} at {nominal:g}" for nominal in NOMINAL[2:])
        lines += ["", f"True links found by p alone, of {len(true_p)}: {shares}."]
    lines += ["", "Hop posteriors, every candidate's and that of none of them:", "", reliability.markdown()]
    text = "\n".join(lines)
    print(text)
    if arguments.markdown:
        arguments.markdown.write_text(f"{datetime.now(timezone.utc):%Y-%m-%d}\n\n{text}")
    if arguments.svg:
        arguments.svg.write_text(reliability.svg("Hop posteriors"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
