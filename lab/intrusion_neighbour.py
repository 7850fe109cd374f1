#!/usr/bin/python3
"""intrusion_neighbour.py HOST JOBS.json: what one host of the company does all day, whoever else uses it.

Each job is a thread that works at random intervals with the real program for it.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import intrusion_wire as wire  # noqa: E402

Job = dict[str, Any]
HOST = sys.argv[1] if len(sys.argv) > 1 else ""
TIMEOUT_S = 60
names: wire.Names


def run(argv: list[str], given: bytes | None = None) -> None:
    subprocess.run(argv, input=given, stdin=subprocess.DEVNULL if given is None else None, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=TIMEOUT_S)


def pause(rng: random.Random, mean_s: float) -> None:
    time.sleep(min(4 * mean_s, rng.expovariate(1 / mean_s)))


def folder() -> Path:
    return wire.host_folder(HOST) / "home"


def https_get(address: str, paths: list[str], rng: random.Random) -> None:
    names.look_up(address)
    connection = http.client.HTTPSConnection(address, 443, context=wire.client_tls(), timeout=20)
    for path in paths:
        connection.request("GET", path)
        connection.getresponse().read()
        time.sleep(rng.expovariate(6.0))
    connection.close()


def directory(job: Job, rng: random.Random) -> None:
    """A logon or a look-up: bind and search."""
    server = f"{'ldaps' if job['secure'] else 'ldap'}://{job['server']}"
    wanted = rng.choice(["(uid=user7)", "(cn=group3)", "(objectClass=device)", "(objectClass=person)", "(uid=user4*)"])
    os.environ["LDAPTLS_REQCERT"] = "never"
    run(["ldapsearch", "-x", "-H", server, "-b", "dc=lab,dc=invalid", wanted])


def policy(job: Job, _rng: random.Random) -> None:
    smb(job["server"], "docs", f"lcd {folder()}; prompt; mget policy*")


def smb(address: str, share: str, commands: str) -> None:
    run(["smbclient", f"//{address}/{share}", "-U", wire.SMB_LOGIN, "-c", commands])


def files(job: Job, rng: random.Random) -> None:
    """A session at a file server: look, read, write, with a reader's pauses; one connection."""
    process = subprocess.Popen(["smbclient", f"//{rng.choice(job['servers'])}/docs", "-U", wire.SMB_LOGIN],
                               stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert process.stdin
    try:
        process.stdin.write(f"lcd {folder()}\nprompt\n".encode())
        for _ in range(rng.randint(2, 8)):
            number = rng.randrange(80)
            command = rng.choice(["ls", "ls", f"get note-{number}.doc", f"get note-{number}.doc", f"put draft.doc draft-{HOST}.doc"])
            process.stdin.write(command.encode() + b"\n")
            process.stdin.flush()
            time.sleep(min(20.0, rng.lognormvariate(1.0, 0.8)))
        if rng.random() < 0.15:  # a working copy of a whole area
            process.stdin.write(f"mget note-{rng.randint(1, 7)}*\n".encode())
        process.stdin.close()
        process.wait(TIMEOUT_S)
    finally:
        process.kill()


def updates(job: Job, rng: random.Random) -> None:
    connection = http.client.HTTPConnection(job["server"], 8530, timeout=40)
    connection.request("POST", "/catalogue", body=os.urandom(rng.randint(400, 3000)))
    connection.getresponse().read()
    if rng.random() < 0.3:
        # A few packages are current, so that several hosts ask for the same one.
        size = 200_000 + 37_000 * rng.randrange(40) + 1000 * int(time.time() / 90 % 7)
        connection.request("GET", f"/content/{size}")
        connection.getresponse().read()
    connection.close()


def call_home(job: Job, rng: random.Random) -> None:
    """Telemetry or management: asks a server at near-regular intervals, for the whole run."""
    connection: http.client.HTTPSConnection | None = None
    while True:
        if connection is None:
            names.look_up(job["server"])
            connection = http.client.HTTPSConnection(job["server"], job["port"], context=wire.client_tls(), timeout=20)
        connection.request("POST", "/v1/events", body=os.urandom(rng.choice([150, 300, rng.randint(400, 6000)])))
        connection.getresponse().read()
        if job["fresh"]:
            connection.close()
            connection = None
        time.sleep(job["period_s"] * (1 + job["jitter"] * rng.uniform(-1, 1)))


def messages(job: Job, rng: random.Random) -> None:
    """Holds a connection to a server that sends messages or orders; may answer."""
    names.look_up(job["server"])
    with wire.client_tls().wrap_socket(socket.create_connection((job["server"], job["port"]), timeout=20)) as connection:
        connection.settimeout(None)
        connection.sendall(os.urandom(300))
        while connection.recv(4000):
            if rng.random() < 0.3:
                time.sleep(rng.uniform(0.5, 4))
                connection.sendall(os.urandom(rng.randint(30, 900)))


def web(job: Job, rng: random.Random) -> None:
    https_get(rng.choice(job["servers"]), [f"/{int(min(rng.lognormvariate(9.3, 1.3), 900_000))}" for _ in range(rng.randint(1, 6))], rng)


def intranet(job: Job, rng: random.Random) -> None:
    connection = http.client.HTTPConnection(rng.choice(job["servers"]), 80, timeout=20)
    for _ in range(rng.randint(1, 5)):
        connection.request("GET", f"/{int(min(rng.lognormvariate(8.5, 1.2), 400_000))}")
        connection.getresponse().read()
        time.sleep(rng.expovariate(1.0))
    connection.close()


def monitor(job: Job, rng: random.Random) -> None:
    for address in job["servers"]:
        port = rng.choice([22, 22, 445, 5985])
        try:
            with socket.create_connection((address, port), timeout=2) as probe:
                probe.settimeout(0.3)
                if port == 5985:
                    probe.sendall(b"GET /wsman/ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                probe.recv(1000)
        except OSError:
            pass
    time.sleep(job["period_s"] * rng.uniform(0.95, 1.05))


def backup(job: Job, rng: random.Random) -> None:
    """rsync over ssh out of each host in turn; what changed is a part of it."""
    for address in rng.sample(job["servers"], len(job["servers"])):
        source = f"{address}:{wire.ROOM}/documents/{rng.randrange(12)}"
        target = folder() / "backup" / address / str(rng.randrange(1000))
        target.mkdir(parents=True, exist_ok=True)
        run(["rsync", "-a", "--bwlimit=1500", "-e", "ssh", source, str(target)])
        pause(rng, job["mean_s"])


def administer(job: Job, rng: random.Random) -> None:
    """An administrator at work on a server; one time in four, on to another from there."""
    first, second = rng.sample(job["servers"], 2)
    process = subprocess.Popen(["ssh", "-T", first, "sh"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert process.stdin
    commands = ["ps aux", "ls -la /usr/bin | head -200", "df -h", "id", "cat /proc/meminfo", "uptime"]
    if rng.random() < 0.25:
        commands += [f"ssh -T {second} 'ps aux'", f"head -c {rng.randint(20_000, 900_000)} /dev/urandom | ssh -T {second} 'cat > /dev/null'"]
    try:
        for _ in range(rng.randint(3, 9)):
            process.stdin.write(rng.choice(commands).encode() + b"\n")
            process.stdin.flush()
            time.sleep(min(25.0, rng.lognormvariate(1.3, 0.8)))
        process.stdin.close()
        process.wait(20)
    finally:
        process.kill()


def post_remote(address: str, requests: list[tuple[str, int]], rng: random.Random) -> None:
    connection = http.client.HTTPConnection(address, 5985, timeout=20)
    for path, size in requests:
        connection.request("POST", path, body=os.urandom(size))
        connection.getresponse().read()
        time.sleep(rng.uniform(0.1, 2.0))
    connection.close()


def help_user(job: Job, rng: random.Random) -> None:
    """The administrator runs a few things on a user's machine."""
    post_remote(rng.choice(job["servers"]), [(f"/wsman/run/{rng.randint(300, 20_000)}", rng.randint(500, 1500))
                                             for _ in range(rng.randint(2, 7))], rng)


def distribute(job: Job, rng: random.Random) -> None:
    """Software distribution: a package pulled from its maker, pushed to a few hosts, started there."""
    size = rng.randint(200_000, 2_500_000)
    https_get(job["origin"], [f"/{size}"], rng)
    package = folder() / "package.bin"
    package.write_bytes(os.urandom(size))
    for address in rng.sample(job["servers"], rng.randint(1, 4)):
        time.sleep(rng.uniform(0.5, 5))
        how = rng.choice(["smb", "smb", "ssh", "winrm"])
        if how == "smb":
            smb(address, "work", f"put {package} package-{rng.randrange(1000)}.bin")
            post_remote(address, [("/wsman/run/900", 700)], rng)
        elif how == "ssh":
            run(["ssh", address, "cat > /dev/null"], package.read_bytes())
        else:
            post_remote(address, [("/wsman/put", 120_000)] * (size // 120_000 + 1) + [("/wsman/run/900", 700)], rng)


JOBS: dict[str, Callable[[Job, random.Random], None]] = {
    "directory": directory, "policy": policy, "files": files, "updates": updates, "call-home": call_home, "messages": messages,
    "web": web, "intranet": intranet, "monitor": monitor, "backup": backup, "administer": administer, "help": help_user,
    "distribute": distribute,
}


def keep_at(job: Job) -> None:
    rng = random.Random(job["seed"])
    mean_s = job.get("mean_s", 5.0)
    time.sleep(rng.uniform(0, min(mean_s, 25)))
    while True:
        try:
            JOBS[job["kind"]](job, rng)
        except (OSError, http.client.HTTPException, subprocess.TimeoutExpired):
            time.sleep(1)  # lost; the next will do
        if job["kind"] not in ("monitor", "backup"):
            pause(rng, mean_s)


if __name__ == "__main__":
    plan = json.loads(wire.PLAN.read_text())
    names = wire.Names(plan["names"], random.Random(HOST))
    for its in json.loads(Path(sys.argv[2]).read_text()):
        wire.in_background(keep_at, its)
    while True:
        time.sleep(3600)
