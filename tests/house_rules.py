#!/usr/bin/env python3
"""Checks what STYLE asks of every file and a compiler does not see: rooms include only the rooms they stand on, no file
is longer than 600 lines, every header is guarded, a text file ends its last line. Prints what breaks a rule."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
STANDS_ON = {
    "base": set(),
    "net": {"base"},
    "flow": {"base", "net"},
    "route": {"base", "net"},
    "trace": {"base", "net", "flow"},
    "casefile": {"base", "net", "flow", "trace", "route"},
    "weigh": {"base", "net", "flow", "trace", "route", "casefile"},
    "block": {"base", "net", "flow", "trace", "route", "casefile"},
    "share": {"base", "net", "flow", "trace", "route", "casefile"},
}
LONGEST = 600
# Headers that cost seconds stay in the one file (or folder) named here.
SEAMS = {
    r"CLI/": "src/app/",
    r"spdlog/": "src/base/log.cpp",
    r"toml\+\+/": "src/app/",
    r"openssl/": "src/base/",
    r"simdjson": ("src/flow/read/", "src/trace/profile_json.cpp", "src/base/json_parse.cpp"),
}


def files():
    """The C++ and Python files of the tree; those that git ignores are none of ours."""
    try:
        listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                capture_output=True, check=True).stdout.decode().split("\0")
        paths = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        paths = [p for p in ROOT.rglob("*") if "build" not in p.relative_to(ROOT).parts]
    return sorted(p for p in paths if p.suffix in {".cpp", ".hpp", ".py"} and p.is_file())


def problems_of(path):
    name = path.relative_to(ROOT).as_posix()
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    if len(lines) > LONGEST:
        yield f"{name}: {len(lines)} lines; {LONGEST} is the limit, make it two files"
    if text and not text.endswith("\n"):
        yield f"{name}: the last line has no end"
    if path.suffix == ".hpp" and "#pragma once" not in lines[:5]:
        yield f"{name}: no #pragma once at its head"
    if path.suffix == ".py" or not name.startswith("src/"):
        return
    room = name.split("/")[1]
    for number, line in enumerate(lines, 1):
        if re.match(r"using namespace (?!std::\w+_literals;)", line) and not name.endswith("_test.cpp"):
            yield f"{name}:{number}: no using namespace at file scope; the release joins the files of a room"
        if not (found := re.match(r'\s*#\s*include\s+([<"])([^>"]+)', line)):
            continue
        included = found.group(2)
        if found.group(1) == '"':
            other = included.split("/")[0]
            if room in STANDS_ON and other != room and other not in STANDS_ON[room]:
                yield f"{name}:{number}: {room} does not stand on {other}"
        for heavy, seam in SEAMS.items():
            if re.match(heavy, included) and not name.startswith(seam) and not name.endswith("_test.cpp"):
                yield f"{name}:{number}: {included} belongs behind {seam}"
        if re.match(r"(regex|nlohmann/)", included):
            yield f"{name}:{number}: {included} costs seconds and is not used here"


def main():
    found = [problem for path in files() for problem in problems_of(path)]
    print("\n".join(found) if found else "all files keep the house rules")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
