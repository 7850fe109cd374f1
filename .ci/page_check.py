#!/usr/bin/env python3
"""page_check.py --browser CHROMIUM REPORT.html OUT.png: opens the report in a headless browser, light and dark, and fails
when the page is blank, logs anything to the console, or asks for something that is not inside the file."""

import argparse
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zlib


def pixels(path):
    """The set of colours of a PNG (8 bits a channel, RGB or RGBA, not interlaced) and how many pixels are not the most
    frequent one."""
    data = path.read_bytes()
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("no PNG")
    at, packed, header = 8, b"", None
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
        at += size + 12
    width, height, depth, colour, _, _, interlaced = header
    if depth != 8 or colour not in (2, 6) or interlaced:
        raise ValueError("a kind of PNG that is not expected here")
    step = 3 if colour == 2 else 4
    raw, row = zlib.decompress(packed), bytearray(width * step)
    counts = {}
    for y in range(height):
        start = y * (width * step + 1)
        kind, line = raw[start], bytearray(raw[start + 1:start + 1 + width * step])
        for x in range(len(line)):
            left = line[x - step] if x >= step else 0
            up, corner = row[x], row[x - step] if x >= step else 0
            if kind == 1:
                line[x] = (line[x] + left) & 255
            elif kind == 2:
                line[x] = (line[x] + up) & 255
            elif kind == 3:
                line[x] = (line[x] + (left + up) // 2) & 255
            elif kind == 4:
                guess = left + up - corner
                nearest = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))
                line[x] = (line[x] + nearest[2]) & 255
        row = line
        if y % 4 == 0:  # a quarter of the rows tells enough
            for x in range(0, len(line), step):
                pixel = bytes(line[x:x + 3])
                counts[pixel] = counts.get(pixel, 0) + 1
    return counts


def look(browser, report, out, dark):
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                   "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                   f"--user-data-dir={profile}", "--enable-logging=stderr", "--v=0", "--virtual-time-budget=4000",
                   "--window-size=1000,1600", f"--screenshot={out}"]
        if dark:
            command.append("--blink-settings=preferredColorScheme=0")
        done = subprocess.run([*command, report.resolve().as_uri()], capture_output=True, text=True, timeout=180, check=False)
    problems = []
    said = [line for line in done.stderr.splitlines() if re.search(r":CONSOLE[:(]", line)]
    problems += [f"the page logs: {line}" for line in said]
    if not out.exists():
        return [*problems, f"no screenshot came (browser code {done.returncode}): {done.stderr[-800:]}"]
    counts = pixels(out)
    total, most = sum(counts.values()), max(counts.values())
    ink = 1 - most / total
    print(f"{'dark' if dark else 'light'}: {len(counts)} colours, {ink:.1%} of the page is not background, {len(said)} console lines")
    if len(counts) < 8 or ink < 0.01:
        problems.append("the page looks blank")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browser", required=True)
    parser.add_argument("report", type=pathlib.Path)
    parser.add_argument("png", type=pathlib.Path)
    options = parser.parse_args()
    options.png.parent.mkdir(parents=True, exist_ok=True)
    problems = look(options.browser, options.report, options.png.resolve(), dark=False)
    problems += look(options.browser, options.report, options.png.with_stem(options.png.stem + "-dark").resolve(), dark=True)
    html = options.report.read_text(encoding="utf-8")
    for found in re.findall(r"""(?:src|href|action)\s*=\s*["'](?!#|data:)([^"']*)|url\((?!#|["']?data:)([^)]*)|@import""", html):
        problems.append(f"the page refers to something outside itself: {found}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
