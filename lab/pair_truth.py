"""Runs bench/calibration_pairs over recordings and sets what it prints beside the truth."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEPT_OUT = {"microsocks", "stunnel", "ssh-D"}  # relay kinds that nothing is fitted on
LONGEST_FITTED_S = 250
FIRST_SEED_KEPT_OUT = 9000


@dataclass(slots=True)
class Pair:
    """One candidate control flow of an action, as the tool scored it."""

    label: str  # true: the link; chain: both of one session; unknown: traffic the truth tells nothing of; wrong
    hard: str  # the driver, where two wrong flows are driven alike; else empty
    fitted: bool  # nothing about it is kept out
    sessions: tuple[str, str]  # identifiers of both flows' sessions, the control's with its recording; empty for background
    call_back: bool
    compared: bool
    p: float
    llr_db: float
    z: float
    z_self: float
    log_null: float
    shared_s: float
    busy: float
    timing_db: float
    volume_db: float
    order_db: float | None
    log_p_local: float
    posterior: float
    unlike: float


@dataclass(slots=True)
class Action:
    """One flow to be explained at one host, with its candidates."""

    host: str
    moved: bool  # the candidates are another host's
    role: str  # relay: its cause was seen; source: it has none; other: the truth does not tell
    fitted: bool
    none: float
    pairs: list[Pair]


class Recording:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.truth: dict[str, Any] = json.loads((folder / "truth.json").read_text())
        self.roles = {host["address"]: host["role"] for host in self.truth["hosts"]}
        self.observers = [item for item in self.truth["observers"] if item["kind"] == "host"]
        self.flows: dict[frozenset[str], tuple[dict[str, Any], int]] = {}
        for session in self.truth["sessions"]:
            for index, flow in enumerate(session["flows"]):
                if flow:
                    self.flows[frozenset(f"{flow[side]['address']}:{flow[side]['port']}" for side in ("client", "server"))] = (session, index)

    def capture(self, name: str) -> Path:
        plain = self.folder / name
        return plain if plain.exists() else self.folder / (name + ".gz")

    def fitted(self, session: dict[str, Any]) -> bool:
        first, last = (session[end] for end in ("start", "end"))
        kinds = {session["relay_kind"], *(hop["kind"] for hop in session["hops"])}
        return not kinds & KEPT_OUT and _seconds(first, last) < LONGEST_FITTED_S and self.truth["seed"] < FIRST_SEED_KEPT_OUT


def _seconds(first: str, last: str) -> float:
    from datetime import datetime
    a, b = (datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (first, last))
    return (b - a).total_seconds()


def actions(tool: str, folder: Path, donors: int, seed: int = 1, lenders: Iterable[Path] = ()) -> Iterator[Action]:
    """Every action of every host of a recording, each with its candidates. Donors are also drawn from the `lenders`, other recordings."""
    recording = Recording(folder)
    hosts = _hosts(recording)
    owner = {path: recording for path in hosts}
    command = [tool, "--donors", str(donors), "--seed", str(seed), *(f"{path}={address}" for path, address in hosts.items())]
    for lender in map(Recording, lenders):
        lent = _hosts(lender)
        hosts |= lent
        owner |= {path: lender for path in lent}
        for path, address in lent.items():
            command += ["--donor", f"{path}={address}"]
    action: Action | None = None
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        for line in run.stdout:
            row = line.rstrip("\n").split("\t")
            if row[0] == "H":
                if action:
                    yield action
                host, donor = hosts[row[1]], hosts[row[2]]
                acted = recording.flows.get(frozenset(row[3:5]))
                lender = owner[row[2]]
                action = Action(host, row[1] != row[2], "other", bool(acted) and recording.fitted(acted[0]), float(row[6]), [])
                if acted:
                    session, index = acted
                    if any(hop["relay"] == host and hop["outbound"] == index for hop in session["hops"]):
                        action.role = "relay"
                    elif host == session["source"] and index == len(session["flows"]) - 1:
                        action.role = "source"
                ends = row[3:5]
            else:
                assert action
                action.pairs.append(_pair(row, recording, lender, action, acted, ends, host, donor))
    if action:
        yield action
    if run.returncode:
        raise SystemExit(f"{tool} failed on {folder}")


def _hosts(recording: Recording) -> dict[str, str]:
    return {str(recording.capture(item["file"])): item["covers"][0] for item in recording.observers}


def _pair(row: list[str], recording: Recording, lender: Recording, action: Action, acted: Any, ends: list[str], host: str, donor: str) -> Pair:
    control_ends = [end.replace(f"{host}:", f"{donor}:") if action.moved else end for end in row[1:3]]
    control = lender.flows.get(frozenset(control_ends))
    label = "wrong"
    if acted and control and acted[0] is control[0]:
        label = "chain"
        linked = any(hop["relay"] == host and (hop["inbound"], hop["outbound"]) == (control[1], acted[1]) for hop in acted[0]["hops"])
        if linked and not action.moved:
            label = "true"
    elif not acted and not control and recording.roles.get(host) == "relay" and not action.moved:
        peers = {end.rsplit(":", 1)[0] for end in (*ends, *control_ends)}
        if any(recording.roles.get(peer) == "server" for peer in peers):
            label = "unknown"  # may be somebody reading the web through this proxy
    hard = acted[0]["driver"] if acted and control and acted[0]["driver"] == control[0]["driver"] else ""
    number = [float(text) if text != "-" else None for text in row[6:20]]
    p, llr, z, z_self, log_null, shared, busy, timing, volume, order, local, posterior, _burst, unlike = number
    fitted = action.fitted and (control is None or lender.fitted(control[0]))
    return Pair(label, hard if label == "wrong" else "", fitted, (acted[0]["id"] if acted else "", f"{lender.folder}:{control[0]['id']}" if control else ""), row[4] == "c",
                row[5] == "1", p, llr, z, z_self, log_null, shared, busy, timing, volume, order, local, posterior, unlike)
