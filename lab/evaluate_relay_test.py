#!/usr/bin/python3
"""lab/evaluate_relay_test.py [--headwater BINARY] [--markdown FILE] [--machine TEXT] DIR...

Runs `headwater relay-test` on each recording of lab/relay_test (the victim's capture alone) and compares its verdicts with the
truth: relays found and honest peers flagged, with 95 % Wilson intervals, by kind, application, detour and number of handshakes.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Callable, Iterable

DETOURS = ((0, 10), (10, 25), (25, 50), (50, 100), (100, 201))
NEEDED, WIDE_MS = 3, 25


def wilson(hits: int, total: int) -> tuple[float, float]:
    if total == 0:
        return 0.0, 1.0
    z, share = 1.959964, hits / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def share_text(hits: int, total: int) -> str:
    if total == 0:
        return "-"
    low, high = wilson(hits, total)
    return f"{hits} of {total} = {hits / total:.4f} ({low:.4f}–{high:.4f})"


def judged(headwater: Path, folder: Path) -> list[dict[str, object]]:
    """The truth's peers, each with what Headwater says of it."""
    truth = json.loads((folder / "truth.json").read_text())
    done = subprocess.run([headwater, "relay-test", folder / "victim.pcap", "--json", "--quiet"], capture_output=True, check=True)
    told = {peer["address"]: peer for peer in json.loads(done.stdout)["peers"] if peer["role"] == "client"}
    peers = []
    for peer in truth["peers"]:
        answer = told.get(peer["address"], {"verdict": "absent", "handshakes": 0, "probability": None, "gap_ms": None, "far_rtt_ms": None,
                                            "max_distance_km": None, "method": None, "undecided_because": "absent"})
        peers.append({**peer, "folder": folder.name, "snap": truth["snap"], "told": answer})
    return peers


def tally(peers: Iterable[dict[str, object]]) -> Counter[str]:
    return Counter(peer["told"]["verdict"] for peer in peers)


def table(title: str, peers: list[dict[str, object]], key: Callable[[dict[str, object]], str]) -> list[str]:
    groups: dict[str, list[dict[str, object]]] = {}
    for peer in peers:
        groups.setdefault(key(peer), []).append(peer)
    lines = [f"| {title} | peers | relay | direct | undecided | share called relay (95 %) |", "|---|---|---|---|---|---|"]
    for name in sorted(groups):
        found = tally(groups[name])
        total = len(groups[name])
        lines.append(f"| {name} | {total} | {found['relay']} | {found['direct']} | {found['undecided'] + found['absent']} | "
                     f"{share_text(found['relay'], total)} |")
    return [*lines, ""]


def detour_class(peer: dict[str, object]) -> str:
    for low, high in DETOURS:
        if low <= peer["detour_ms"] < high:
            return f"{low:3d} to {min(high, 200):3d} ms"
    return "more"


def page(peers: list[dict[str, object]], arguments: argparse.Namespace) -> str:
    enough = [peer for peer in peers if peer["told"]["handshakes"] >= NEEDED]
    few = [peer for peer in peers if peer["told"]["handshakes"] < NEEDED]
    relayed = [peer for peer in enough if peer["relayed"]]
    wide = [peer for peer in relayed if peer["detour_ms"] >= WIDE_MS]
    direct = [peer for peer in enough if not peer["relayed"]]
    handshakes = sum(peer["done"] for peer in peers)
    flagged, found = tally(direct)["relay"], tally(wide)["relay"]
    within = sum(peer["told"]["far_rtt_ms"] is not None and peer["told"]["max_distance_km"] >= 100 * true_rtt(peer, arguments.paths) for peer in peers)
    bounded = sum(peer["told"]["far_rtt_ms"] is not None for peer in peers)
    folders = sorted({(peer["folder"], peer["snap"]) for peer in peers})
    lines = [
        "# The relay test, measured", "",
        f"`lab/bench_relay_test` records and `lab/evaluate_relay_test.py` judges; {date.today().isoformat()}, {arguments.machine}.",
        f"{len(folders)} recordings ({', '.join(f'{name}, snap length {snap}' for name, snap in folders)}), {len(peers)} peers, {handshakes} handshakes that",
        "succeeded. The tool saw the victim's capture alone. Real programs (curl with OpenSSL, OpenSSH) through real relays; the links are emulated, 5",
        "to 250 ms of round trip, exponential jitter of 0.1 to 4 ms each way, loss up to 1 % on a third of them, detours of 5 to 200 ms. None of these",
        "recordings was used to set a constant.", "",
        "| with 3 handshakes and more | goal | measured (95 % Wilson) |", "|---|---|---|",
        f"| relays found, detour 25 ms and more | ≥ 0.99 | {share_text(found, len(wide))} |",
        f"| direct peers flagged as relays | ≤ 0.005 | {share_text(flagged, len(direct))} |",
        f"| relays called direct, detour 25 ms and more | 0 | {share_text(tally(wide)['direct'], len(wide))} |",
        f"| direct peers called direct | | {share_text(tally(direct)['direct'], len(direct))} |",
        f"| with 1 or 2 handshakes: undecided | all | {share_text(tally(few)['undecided'] + tally(few)['absent'], len(few))} |",
        f"| `max_distance_km` at least the length of the path, all peers | all | {share_text(within, bounded)} |", "",
        "## Relays by detour", "", *table("detour", relayed, detour_class),
        "## Relays by kind (detour 25 ms and more)", "", *table("kind", wide, lambda p: p["kind"]),
        "## Relays by application (detour 25 ms and more)", "", *table("application", wide, lambda p: p["application"]),
        "## Direct peers by application", "",
        "`-group16`, `-group18`: SSH with 4096 and 8192 bit Diffie-Hellman, long computing; `-niced`: clients that get a processor",
        "only when nobody else wants it; `-retry`: a HelloRetryRequest first.", "", *table("application", direct, lambda p: p["application"]),
        "## By snap length", "", *table("relays, detour 25 ms and more", wide, lambda p: str(p["snap"])), *table("direct", direct, lambda p: str(p["snap"])),
        "## Failures", "",
    ]
    wrong = [p for p in wide if p["told"]["verdict"] != "relay"] + [p for p in direct if p["told"]["verdict"] == "relay"]
    lines += [f"- {p['folder']} {p['address']}: {p['kind']}, {p['application']}, detour {p['detour_ms']:.1f} ms, {p['told']['handshakes']} handshakes: "
              f"{p['told']['verdict']} ({p['told']['undecided_because'] or 'decided'}), gap {p['told']['gap_ms']} ms, probability {p['told']['probability']}, {p['told']['method']}"
              for p in wrong] or ["None."]
    return "\n".join(lines) + "\n"


def true_rtt(peer: dict[str, object], paths: dict[tuple[str, str, str], float]) -> float:
    near = paths[peer["folder"], "victim", peer["relay_site"] or peer["client_site"]]
    return near + peer["detour_ms"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--headwater", type=Path, default=Path(__file__).resolve().parent.parent / "build/release/headwater")
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--machine", default="2 cores, AMD EPYC")
    arguments = parser.parse_args()
    arguments.paths = {}
    peers = []
    for folder in arguments.folders:
        truth = json.loads((folder / "truth.json").read_text())
        arguments.paths.update({(folder.name, p["origin"], p["destination"]): p["rtt_ms"] for p in truth["paths"]})
        peers += judged(arguments.headwater.resolve(), folder)
    text = page(peers, arguments)
    if arguments.markdown:
        arguments.markdown.write_text(text)
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
