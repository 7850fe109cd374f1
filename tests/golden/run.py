#!/usr/bin/env python3
"""run.py [--update] [--headwater BINARY] [COMMAND[/CASE]...]: runs the golden cases, or writes down what they give now.

A case is a folder tests/golden/COMMAND/CASE with `cmd` (a line for the shell, in which `headwater` is the program),
and what it must give: `stdout`, `stderr` (both empty where the file is missing) and `code` (0 where it is missing). It runs
in a fresh folder that holds the case's other files and `inputs`, with a bare environment. What differs from build to build
(version, compiler) is replaced by @VERSION@ and @COMPILER@.
"""

import argparse
import difflib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
EXPECTED = ("stdout", "stderr", "code")
TIME_LIMIT_S = 120


def build_names(binary):
    """The build's own texts with what stands for them in the cases, the longest first."""
    told = json.loads(subprocess.run([binary, "version", "--json"], capture_output=True, check=True).stdout)
    return [(told["compiler"], "@COMPILER@"), (told["version"], "@VERSION@")]


def run_case(case, binary, names):
    with tempfile.TemporaryDirectory(prefix="headwater-golden-") as temporary:
        place = pathlib.Path(temporary, "case")
        place.mkdir()
        for entry in case.iterdir():
            if entry.name in ("cmd", *EXPECTED):
                continue
            (shutil.copytree if entry.is_dir() else shutil.copy)(entry, place / entry.name)
        shutil.copytree(HERE / "inputs", place / "inputs")
        programs = pathlib.Path(temporary, "bin")
        programs.mkdir()
        (programs / "headwater").symlink_to(binary)
        environment = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": temporary, "LC_ALL": "C.UTF-8", "TERM": "dumb"}
        environment |= {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        done = subprocess.run(["sh", "-c", (case / "cmd").read_text()], cwd=place, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=TIME_LIMIT_S)
    result = {"stdout": done.stdout.decode(errors="backslashreplace"), "stderr": done.stderr.decode(errors="backslashreplace"),
              "code": f"{done.returncode}\n"}
    for text, mark in names:
        for part in ("stdout", "stderr"):
            result[part] = result[part].replace(text, mark)
    return result


def expected_of(case):
    wanted = {"stdout": "", "stderr": "", "code": "0\n"}
    for part in EXPECTED:
        if (case / part).exists():
            wanted[part] = (case / part).read_text()
    return wanted


def update(case, result):
    for part, missing in (("stdout", ""), ("stderr", ""), ("code", "0\n")):
        if result[part] == missing:
            (case / part).unlink(missing_ok=True)
        else:
            (case / part).write_text(result[part])


def selected(wanted):
    cases = sorted(path.parent for path in HERE.glob("*/*/cmd"))
    if not wanted:
        return cases
    return [case for case in cases if case.parent.name in wanted or case.relative_to(HERE).as_posix() in wanted]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="write down what the cases give now")
    parser.add_argument("--headwater", default=HERE.parent.parent / "build/dev/headwater", type=pathlib.Path)
    parser.add_argument("cases", nargs="*")
    arguments = parser.parse_args()
    binary = arguments.headwater.resolve()
    names = build_names(binary)
    cases = selected(arguments.cases)
    failed = 0
    for case in cases:
        name = case.relative_to(HERE).as_posix()
        result, wanted = run_case(case, binary, names), expected_of(case)
        if result == wanted:
            continue
        if arguments.update:
            update(case, result)
            print(f"updated {name}")
            continue
        failed += 1
        print(f"FAILED {name}: {(case / 'cmd').read_text().strip()}")
        for part in EXPECTED:
            sys.stdout.writelines(difflib.unified_diff(wanted[part].splitlines(True), result[part].splitlines(True), f"{part} wanted", f"{part} now", n=2))
    print(f"{len(cases)} cases, {failed} failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
