"""Counts of verdicts as tables: for the terminal and as Markdown."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable

OUTCOMES = ("right first", "right, not first", "honest stop", "wrong trail", "wrong source", "no trail", "failed")
MEANING = {
    "right first": "the first trail names every relay in order, both flows at each, and the true source",
    "right, not first": "that trail is among the answers, but not first",
    "honest stop": "all that is named is right, and the trail ends in `lost` or `relay-upstream-unseen`",
    "wrong trail": "some relay or flow is not the session's",
    "wrong source": "an address is called the source that is not",
    "no trail": "nothing was found",
    "failed": "the tool did not answer",
}


def _rows(verdicts: list[Any], key: Callable[[Any], tuple[str, ...]]) -> list[list[str]]:
    groups: dict[tuple[str, ...], list[Any]] = {}
    for verdict in verdicts:
        groups.setdefault(key(verdict), []).append(verdict)
    rows = []
    for name, members in sorted(groups.items()):
        counts = [sum(member.outcome == outcome for member in members) for outcome in OUTCOMES]
        rows.append([*name, str(len(members)), *(str(count) if count else "." for count in counts)])
    return rows


_VIEWS: list[tuple[list[str], Callable[[Any], tuple[str, ...]]]] = [
    (["relay kind", "driver"], lambda verdict: (verdict.relay_kind, verdict.driver)),
    (["chain of"], lambda verdict: (str(verdict.chain_length),)),
    (["scenario"], lambda verdict: (verdict.scenario,)),
]


def summary(verdicts: list[Any]) -> str:
    right = sum(verdict.outcome == "right first" for verdict in verdicts)
    wrong = sum(verdict.outcome == "wrong source" for verdict in verdicts)
    times = sorted(verdict.seconds for verdict in verdicts)
    return (f"{right} of {len(verdicts)} right first ({100 * right / len(verdicts):.1f} %), {wrong} wrong sources; "
            f"a trace took {times[len(times) // 2]:.1f} s (median), {times[-1]:.1f} s (longest)")


def table(verdicts: list[Any]) -> str:
    parts = []
    for heads, key in _VIEWS:
        rows = [[*heads, "sessions", *OUTCOMES], *_rows(verdicts, key)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        parts.append("\n".join("  ".join(
            cell.ljust(width) if column < len(heads) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in rows))
    return "\n\n".join(parts) + "\n\n" + summary(verdicts)


def machine() -> str:
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "unknown CPU")
    return f"{os.cpu_count()} cores, {model}"


def markdown(verdicts: list[Any], observers: str, date: str, command: str) -> str:
    scenarios = ", ".join(sorted({f"{verdict.scenario} (seed {verdict.seed})" for verdict in verdicts}))
    lines = ["# Tracing through the laboratory's relays", "",
             "Real programs on a laboratory network; every session below is traced while all the others run through the "
             "same relays.", "",
             f"- Result: {summary(verdicts)}.", f"- Scenarios: {scenarios}.",
             f"- Seen by: {_OBSERVERS[observers]}.", f"- Date: {date}. Machine: {machine()}.",
             f"- Command: `{command}`.", ""]
    for heads, key in _VIEWS:
        columns = [*heads, "sessions", *OUTCOMES]
        lines += ["| " + " | ".join(columns) + " |", "|" + "---|" * len(heads) + "---:|" * (len(columns) - len(heads))]
        lines += ["| " + " | ".join(row) + " |" for row in _rows(verdicts, key)] + [""]
    lines += [f"- **{outcome}**: {MEANING[outcome]}." for outcome in OUTCOMES]
    return "\n".join(lines) + "\n"


_OBSERVERS = {"hosts": "every host's own capture, each with its own clock error",
              "all": "every host's and every border's capture, each with its own clock error",
              "some": "the victim's capture and about 60 % of the others', drawn for each session (right: as far as the watch goes, "
                      "then `relay-upstream-unseen`)",
              "victim": "the victim's capture alone (right: `relay-upstream-unseen` at the last relay)"}
