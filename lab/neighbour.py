#!/usr/bin/python3
"""neighbour.py JOB.json: the traffic of everybody else, from one host.

`web` fetches pages with the think times of a reader, directly or through a proxy; `backup` sends a long stream to a
server; `monitor` asks every host at intervals whether it lives.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

TOOLS = Path(__file__).resolve().parent


def browse(job: dict, rng: random.Random) -> None:
    while True:
        time.sleep(min(20.0, rng.lognormvariate(1.2, 0.8)))
        server = rng.choice(job["servers"])
        objects = [int(min(rng.lognormvariate(9.0, 1.3), 800_000)) for _ in range(rng.randint(1, 6))]
        try:
            _fetch(job, server, objects, rng)
        except (OSError, http.client.HTTPException, subprocess.TimeoutExpired):
            continue  # a lost page; the reader goes on


def _fetch(job: dict, server: str, objects: list[int], rng: random.Random) -> None:
    secure = rng.random() < 0.7
    if job["proxy"]:
        urls = [f"{'https' if secure else 'http'}://{server}/{size}" for size in objects]
        subprocess.run(["curl", "-s", "-k", "-o", "/dev/null", *job["proxy"], *urls], timeout=30,
                       stdout=subprocess.DEVNULL)
        return
    connection = (http.client.HTTPSConnection(server, context=ssl._create_unverified_context(), timeout=15)
                  if secure else http.client.HTTPConnection(server, timeout=15))
    for size in objects:
        connection.request("GET", f"/{size}")
        connection.getresponse().read()
        time.sleep(rng.expovariate(8.0))
    connection.close()


def back_up(job: dict, rng: random.Random) -> None:
    """A stream over SSH, as rsync or borg would make it."""
    time.sleep(rng.uniform(0, 25))
    while True:
        size, rate = rng.randint(2, 6) * 1_000_000, rng.randint(6, 16) * 100_000
        subprocess.run(f"/usr/bin/python3 {TOOLS}/payload.py {size} {rate} | ssh {job['servers'][0]} 'cat > /dev/null'",
                       shell=True)
        time.sleep(rng.uniform(5, 20))


def monitor(job: dict, rng: random.Random) -> None:
    period_s = rng.uniform(4, 8)
    while True:
        for address in job["servers"]:
            for port in (22, 80):
                try:
                    with socket.create_connection((address, port), timeout=2) as probe:
                        probe.settimeout(2)
                        if port == 80:
                            probe.sendall(b"GET /200 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                        probe.recv(1000)
                except OSError:
                    pass
        time.sleep(period_s * rng.uniform(0.95, 1.05))


if __name__ == "__main__":
    work = json.loads(Path(sys.argv[1]).read_text())
    {"web": browse, "backup": back_up, "monitor": monitor}[work["kind"]](work, random.Random(work["seed"]))
