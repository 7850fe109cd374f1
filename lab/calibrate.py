#!/usr/bin/python3
"""lab/calibrate.py profile|constants OUTDIR...: learns what ships with the program from laboratory recordings.

`profile` runs `headwater calibrate` over the hosts' captures without the flows of what is kept out of anything that is
fitted (relay kinds microsocks, stunnel and ssh-D; sessions of 250 s and longer; recordings made with a seed of 9000 or more) and
writes data/default-profile.json.

`constants` fits the law of true links' activity scores by maximum likelihood: r = z / z_self of the links that the truth names, under
f(r) = share * Beta(r; a, b) + (1 - share), expectation and maximisation in turn; and shows how the likelihood of the truth under the hop
posteriors depends on the discount of the record channel's timing. It prints what to write into src/trace/calibration.hpp and
beside it what stands there; it changes nothing.
"""

from __future__ import annotations

import argparse
import math
import re
import subprocess
import sys
from pathlib import Path

from pair_truth import Recording, actions

HEADER = Path(__file__).resolve().parent.parent / "src/trace/calibration.hpp"


def learn_profile(arguments: argparse.Namespace) -> int:
    captures, without = [], []
    for folder in arguments.folders:
        recording = Recording(folder)
        captures += [str(recording.capture(item["file"])) for item in recording.observers]
        for session in recording.truth["sessions"]:
            if not recording.fitted(session):
                for flow in filter(None, session["flows"]):
                    without += ["--without", f"{flow['client']['address']}:{flow['client']['port']}"]
    print(f"{len(captures)} captures; {len(without) // 2} flows kept out", file=sys.stderr)
    return subprocess.run([arguments.headwater, "calibrate", *captures, *without, "--pairs", str(arguments.pairs), "--seed", "1",
                           "--output", arguments.output]).returncode


def log_beta(r: float, a: float, b: float) -> float:
    return (a - 1) * math.log(r) + (b - 1) * math.log1p(-r) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)


def best_beta(shares: list[tuple[float, float]]) -> tuple[float, float]:
    """The a and b that maximise the weighted likelihood, by a search that halves its steps."""
    total = sum(weight for _, weight in shares)
    logs = sum(weight * math.log(r) for r, weight in shares) / total
    logs_of_rest = sum(weight * math.log1p(-r) for r, weight in shares) / total
    gain = lambda a, b: (a - 1) * logs + (b - 1) * logs_of_rest + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    a, b, step = 2.0, 2.0, 1.0
    while step > 1e-4:
        better = max(((gain(x, y), x, y) for x in (a * math.exp(-step), a, a * math.exp(step)) for y in (b * math.exp(-step), b, b * math.exp(step))))
        if (better[1], better[2]) == (a, b):
            step /= 2
        else:
            a, b = better[1:]
    return a, b


def fit_shape(ratios: list[float], even_at_least: float) -> tuple[float, float, float, float]:
    share, a, b = 0.8, 2.0, 2.0
    for _ in range(200):
        prompt = [share * math.exp(log_beta(r, a, b)) for r in ratios]
        belongs = [p / (p + 1 - share) for p in prompt]
        share = min(sum(belongs) / len(belongs), 1 - even_at_least)
        a, b = best_beta(list(zip(ratios, belongs)))
    return share, a, b, sum(math.log(share * math.exp(log_beta(r, a, b)) + 1 - share) for r in ratios)


def fit_constants(arguments: argparse.Namespace) -> int:
    ratios: list[float] = []
    hops: list[tuple[list[tuple[float, float, bool]], bool]] = []
    stands = {name: float(value) for name, value in re.findall(r"double (\w+) = ([0-9.e-]+);", HEADER.read_text())}
    for folder in arguments.folders:
        for action in actions(arguments.tool, folder, 0):
            if action.role == "other" or not action.fitted:
                continue
            weights = []
            for pair in action.pairs:
                if not pair.compared:
                    continue
                r = min(max(pair.z / max(pair.z_self, 4), 0.001), 0.999)
                if pair.label == "true":
                    ratios.append(r)
                weights.append((r, pair.z_self, pair.log_null, pair.timing_db, pair.volume_db, pair.label == "true", pair.call_back))
            if weights and (action.role == "source" or any(w[5] for w in weights)):
                hops.append(weights)
    ordered = sorted(ratios)
    print(f"{len(ratios)} true links; r at the 1, 5, 25, 50, 75 % points: "
          + ", ".join(f"{ordered[int(q * (len(ordered) - 1))]:.3f}" for q in (0.01, 0.05, 0.25, 0.5, 0.75)))
    free = fit_shape(ratios, 0.0)
    held = fit_shape(ratios, arguments.even_at_least)
    now = [math.log(stands["prompt_share"] * math.exp(log_beta(r, stands["prompt_a"], stands["prompt_b"])) + 1 - stands["prompt_share"]) for r in ratios]
    print("prompt_share prompt_a prompt_b  ln likelihood a link")
    for name, (share, a, b, gain) in (("free", free), (f"even share held at {arguments.even_at_least:g} or more", held)):
        print(f"{share:12.3f} {a:8.2f} {b:8.2f} {gain / len(ratios):12.3f}  {name}")
    print(f"{stands['prompt_share']:12.3f} {stands['prompt_a']:8.2f} {stands['prompt_b']:8.2f} {sum(now) / len(ratios):12.3f}  in calibration.hpp")
    print(f"\nln likelihood of the truth a hop ({len(hops)} hops), by timing_discount, by the law in calibration.hpp and by the held one:")
    for discount in (0.0, 0.25, 0.5, 0.75, 1.0):
        values = [sum(_log_chance(hop, law, discount, stands) for hop in hops) / len(hops)
                  for law in ((stands["prompt_share"], stands["prompt_a"], stands["prompt_b"]), held[:3])]
        print(f"  {discount:.2f}  {values[0]:.6f}  {values[1]:.6f}")
    return 0


def _log_chance(hop: list[tuple], law: tuple[float, ...], discount: float, stands: dict[str, float]) -> float:
    """ln of the posterior of what is true at one hop, candidates that pass bytes on and none of them (hop.cpp without orders)."""
    share, a, b = law
    called = sum(w[6] for w in hop)
    logs, truth = [], None
    for r, z_self, log_null, timing, volume, true, call_back in hop:
        prior = stands["call_back_share"] if call_back else 1 - stands["call_back_share"]
        alike = called if call_back else len(hop) - called
        weight = math.log((share * math.exp(log_beta(r, a, b)) + 1 - share) / max(z_self, 4)) - log_null
        weight += (discount * timing + volume) * math.log(10) / 10 + math.log(stands["relay_prior"] * prior / alike)
        if true:
            truth = len(logs)
        logs.append(weight)
    logs.append(math.log(1 - stands["relay_prior"]))
    top = max(logs)
    chance = logs[truth if truth is not None else -1] - top - math.log(sum(math.exp(x - top) for x in logs))
    return max(chance, math.log(stands["model_error"]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["profile", "constants"])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--headwater", default="build/release/headwater")
    parser.add_argument("--tool", default="build/release/bench/calibration_pairs")
    parser.add_argument("--pairs", type=int, default=600_000)
    parser.add_argument("--output", default="data/default-profile.json")
    parser.add_argument("--even-at-least", type=float, default=0.2,
                        help="least share of links whose r may be anything: the recordings fitted on hold nobody who evades")
    arguments = parser.parse_args()
    return learn_profile(arguments) if arguments.what == "profile" else fit_constants(arguments)


if __name__ == "__main__":
    sys.exit(main())
