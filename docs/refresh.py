#!/usr/bin/env python3
"""refresh.py HEADWATER: pastes what `make demo` prints today into README.md, and takes the picture of its page."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEMO = "examples/captures/three-relays"


def paste(text, mark, block):
    """README with what stands between the marks replaced."""
    found = re.compile(rf"(<!-- {mark}: begin -->\n).*?(<!-- {mark}: end -->)", re.DOTALL)
    if not found.search(text):
        sys.exit(f"README.md has no marks for {mark}")
    return found.sub(lambda m: m.group(1) + block + m.group(2), text)


def main():
    headwater = pathlib.Path(sys.argv[1]).resolve()
    arguments = (ROOT / DEMO / "demo.args").read_text().split()
    with tempfile.TemporaryDirectory() as folder:
        page = pathlib.Path(folder, "demo.html")
        done = subprocess.run([headwater, "trace", DEMO, *arguments, "--html", page, "--color", "never"],
                              cwd=ROOT, capture_output=True, text=True, check=True)
        browser = shutil.which("chromium")
        if browser:
            subprocess.run([browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/profile",
                            "--window-size=1000,870", f"--screenshot={ROOT / 'docs/demo.png'}", page.as_uri()],
                           capture_output=True, check=True, timeout=180)
    shown = done.stdout.split("\nInputs:\n")[0].rstrip()
    command = f"$ headwater trace {DEMO} {' '.join(arguments)} --html report.html"
    readme = ROOT / "README.md"
    readme.write_text(paste(readme.read_text(), "demo", f"\n```text\n{command}\n{shown}\n```\n\n"
                            "(The inputs follow, each with its records, what was skipped, and its SHA-256.) The same as a page, `report.html`:\n\n"
                            "![The report: the trail from the victim back over three relays to the source, with each flow's traffic over time](docs/demo.png)\n\n"))
    print("README.md and docs/demo.png show the demo as it is today")


if __name__ == "__main__":
    main()
