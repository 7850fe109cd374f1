#!/usr/bin/python3
"""tests/e2e/store_answers.py HEADWATER: traces, links and lists flows of inputs read as files and of the same inputs in a store, imported
all together and file by file in an order drawn from a seed, with the survey of the store and without: the answers must be the same JSON,
less where the flows came from. Recordings of the laboratory are asked too where they lie beside the sources."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests/golden/inputs"
EXAMPLES = ROOT / "examples/captures"
LIMIT_S = 100


def headwater(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.argv[1], *arguments], capture_output=True, text=True, timeout=LIMIT_S, check=False)


def answer(question: list[str], inputs: list[str]) -> tuple[int, dict[str, object]]:
    """What is asked of `inputs`, less what says where the flows came from, and the note that a folder's marker gives."""
    done = headwater(question[0], *inputs, *question[1:], "--json", "-q")
    if done.returncode not in (0, 1, 5):
        raise SystemExit(f"{question} of {inputs} ended with {done.returncode}: {done.stderr}")
    result = json.loads(done.stdout)
    if question[0] == "match":
        return done.returncode, {"matches": result["matches"], "pairs_tested": result["pairs_tested"]}
    for member in ("inputs", "failures", "note"):
        result.pop(member)
    return done.returncode, result


def files_of(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.iterdir() if ".pcap" in path.name or path.name.endswith(".log"))


def cases() -> list[tuple[str, list[str], list[list[str]]]]:
    asked = (EXAMPLES / "three-relays/demo.args").read_text().split()
    found = [
        ("three relays", files_of(EXAMPLES / "three-relays"),
         [["trace", *asked], ["trace", "--victim", "198.18.90.18"], ["link", "--host", "198.18.70.16"], ["flows"], ["flows", "--filter", "net 198.18.70.0/24", "--by", "host"]]),
        ("the victim's view", files_of(EXAMPLES / "victim-only"), [["trace", *asked], ["flows", "--every", "10s"]]),
        ("captures and a log", [str(GOLDEN / n) for n in ("conn.log", "handshakes.pcap", "relay-1.pcap.gz", "relay-2.pcap.gz", "small.pcap", "source.pcap.gz", "victim.pcap.gz")],
         [["trace", "--victim", "203.0.113.20:22"], ["trace", "--victim", "203.0.113.20", "--covers", "198.51.100.0/24"], ["link", "--host", "198.51.100.9"], ["flows"], ["match", "--against", "SAME"]]),
        ("cut short by a timeout", [str(GOLDEN / "relay-1.pcap.gz"), str(GOLDEN / "relay-2.pcap.gz"), str(GOLDEN / "victim.pcap.gz")],
         [["trace", "--victim", "203.0.113.20:22", "--active-timeout", "7s"], ["link", "--host", "198.51.100.9", "--active-timeout", "7s"], ["flows", "--active-timeout", "7s"]]),
    ]
    exports = ROOT.parent / "shared/data/pcap/flow-export"
    if exports.is_dir():
        some = sorted(str(p) for p in exports.iterdir() if p.suffix in (".pcap", ".pcapng"))[:6]
        found.append(("flow exports", some, [["flows"]]))
    return found


def stores_of(folder: Path, inputs: list[str], timeouts: list[str], seed: int) -> list[Path]:
    whole, pieces = folder / f"whole-{seed}", folder / f"pieces-{seed}"
    assert headwater("import", *inputs, "--store", str(whole), "-q", *timeouts).returncode in (0, 5)
    shuffled = list(inputs)
    random.Random(seed).shuffle(shuffled)
    for one in shuffled:
        headwater("import", one, "--store", str(pieces), "-q", *timeouts)
    return [whole, pieces]


def main() -> int:
    compared = 0
    with tempfile.TemporaryDirectory() as made:
        for number, (name, inputs, questions) in enumerate(cases()):
            timeouts = questions[0][-2:] if "--active-timeout" in questions[0] else []
            stores = stores_of(Path(made), inputs, timeouts, number)
            for question in questions:
                named = [w for word in question for w in (inputs if word == "SAME" else [word])]
                expected = answer(named, inputs)
                for store, survey in ((stores[0], True), (stores[1], True), (stores[1], False)):
                    if not survey:
                        (store / "survey").unlink(missing_ok=True)
                    asked = [str(store) if w == "SAME" else w for w in question]
                    given = answer(asked, [str(store)])
                    if given != expected:
                        Path("expected.json").write_text(json.dumps(expected, indent=1))
                        Path("given.json").write_text(json.dumps(given, indent=1))
                        raise SystemExit(f"{name}: {question} of {store.name}: another answer than from the files")
                    compared += 1
            print(f"{name}: {len(questions)} questions, the same from {len(inputs)} files and from stores of them")
    print(f"{compared} answers compared")
    return 0


if __name__ == "__main__":
    sys.exit(main())
