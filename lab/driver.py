#!/usr/bin/python3
"""driver.py JOB.json RESULT.json: plays one session from its source, at a person's or a program's pace.

The job names the command whose input and output are the session (relays.Client) and how to use it: `keystroke` types
at a terminal, `command` runs short commands with pauses, `bulk` takes files out, `beacon` asks at intervals. Seeded:
the same job types the same keys at the same pace, as far as the answers allow.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from channel import Channel, SessionEnded

TOOLS = Path(__file__).resolve().parent
LOGIN_TIMEOUT_S = 25.0
ANSWER_TIMEOUT_S = 20.0

TYPED = [
    "ls -la", "ls -la documents", "cat documents/finance/note-%d.txt", "cat documents/staff/note-%d.txt | head -30",
    "ps aux | head -40", "ps aux", "df -h", "id", "uname -a", "w", "find documents -type f | sort", "ls -la /usr/bin | head -80",
    "grep -n report documents/projects/note-%d.txt", "wc -l documents/*/*", "cat /etc/passwd", "env", "ip addr",
    "ss -tn | head", "du -sh documents/*", "head -50 documents/projects/note-%d.txt", "date", "history | tail",
]
EDITOR = "vim -u NONE -n documents/projects/note-%d.txt"
SCRIPTED = [
    "id", "hostname; date", "ls -la documents/finance", "ps aux | head -60", "df -h", "cat documents/staff/note-%d.txt",
    "find /usr/share/doc -maxdepth 1 | head -400", "grep -c order documents/*/*", "cat /etc/passwd /etc/group",
    "ls -laR documents", "ls -la /usr/bin", "head -c %d00 /dev/urandom | base64",
]


class Typist:
    """A person at a keyboard: log-normal gaps (median 0.16 s), mistakes, reading and thinking."""

    def __init__(self, channel: Channel, rng: random.Random) -> None:
        self._channel, self._rng = channel, rng
        self._median_gap_s = rng.uniform(0.12, 0.2)

    def type(self, text: str) -> None:
        for letter in text:
            if self._rng.random() < 0.02:  # a slip, seen and corrected
                self._press(self._rng.choice("asdfjkl"))
                self._channel.idle(self._rng.uniform(0.2, 0.6))
                self._press("\x7f")
            self._press(letter)
        self._press("\r")

    def _press(self, key: str) -> None:
        self._channel.write(key.encode())
        self._channel.idle(min(2.0, self._rng.lognormvariate(0, 0.45) * self._median_gap_s))

    def think(self) -> None:
        self._channel.idle(min(12.0, self._rng.paretovariate(1.6) * 1.0))

    def edit(self, number: int) -> None:
        self.type(EDITOR % number)
        self._channel.until_quiet(0.5, 4)
        for _ in range(self._rng.randint(6, 18)):
            self._press(self._rng.choice(["j", "j", "j", "k", "w", "\x06", "\x02", "x", "u"]))
        self._press("\x1b")
        self.type(":q!")


def login_limit_s(job: dict) -> float:
    """A log-in takes some ten round trips; a relay that delays on purpose delays each."""
    return LOGIN_TIMEOUT_S + 20 * job["delay_s"]


def answer_limit_s(job: dict) -> float:
    return ANSWER_TIMEOUT_S + 4 * job["delay_s"]


def log_in(channel: Channel, typist: Typist | None, logins: list[str], limit_s: float) -> None:
    """Waits for each prompt and types the next log-in."""
    if not channel.until(b"$ ", limit_s):
        raise SessionEnded("no prompt came")
    for command in logins:
        assert typist is not None
        channel.idle(0.8)
        channel.tail = b""
        typist.type(command)
        channel.until(b"\n", 5)
        channel.tail = b""
        if not channel.until(b"$ ", limit_s):
            raise SessionEnded(f"no prompt after '{command}'")


def play_keystroke(channel: Channel, rng: random.Random, end: float, job: dict) -> None:
    typist = Typist(channel, rng)
    log_in(channel, typist, job["typed_logins"], login_limit_s(job))
    job["enough"] = time.monotonic() + min(60.0, job["length_s"])
    end = max(end, time.monotonic() + job["length_s"])  # logging in from host to host takes its own time
    while time.monotonic() < end:
        if rng.random() < 0.12:
            typist.edit(rng.randint(0, 7))
        else:
            command = rng.choice(TYPED)
            typist.type(command % rng.randint(0, 7) if "%d" in command else command)
        channel.until_quiet(0.4, 8)
        typist.think()


def play_command(channel: Channel, rng: random.Random, end: float, job: dict) -> None:
    number = 0
    while time.monotonic() < end:
        command = rng.choice(SCRIPTED)
        command = command % rng.randint(0, 7) if "%d" in command else command
        number += 1
        _ask(channel, command, number, job)
        channel.idle(min(12.0, rng.lognormvariate(0.9, 0.6)))


def play_script(channel: Channel, rng: random.Random, end: float, job: dict) -> None:
    """The job's own commands in order, spread over the session's length."""
    pause_s = job["length_s"] / len(job["script"])
    for number, command in enumerate(job["script"]):
        _ask(channel, command, number, job)
        channel.idle(min(pause_s * rng.uniform(0.5, 1.2), max(0.0, end - time.monotonic())))


def play_beacon(channel: Channel, rng: random.Random, end: float, job: dict) -> None:
    period_s, number = rng.uniform(2.5, 8.0), 0
    while time.monotonic() < end:
        number += 1
        size = rng.choice([40, 60, 80]) if rng.random() < 0.85 else rng.randint(2000, 20000)
        _ask(channel, f"printf '%{size}s\\n' {number}", number, job)
        channel.idle(period_s * rng.uniform(0.9, 1.1))


def _ask(channel: Channel, command: str, number: int, job: dict) -> None:
    channel.tail = b""
    # The marker is spelled so that a terminal's echo of the command cannot be taken for the answer.
    channel.write(f"{command}; echo end''of {number}\n".encode())
    limit_s = answer_limit_s(job) + (login_limit_s(job) if number <= 1 else 0)  # the first answer waits for the log-in too
    if not channel.until(f"endof {number}".encode(), limit_s):
        raise SessionEnded(f"no answer to command {number}")


def play_bulk(channel: Channel, rng: random.Random, end: float, job: dict) -> None:
    """Several files, most of them out, some in; paced by a program or as fast as the path lets them."""
    low, high = job["bulk_mbit"]
    while time.monotonic() < end:
        rate = rng.uniform(low, high) * 1e6
        left_s = max(2.0, end - time.monotonic())
        size = int(min(rng.lognormvariate(13.3, 0.9), 6e6, rate * left_s / 8))
        channel.tail = b""
        if rng.random() < 0.2:
            channel.write(f"head -c {size} > /dev/null; echo end''of file\n".encode())
            _write_paced(channel, size, rate, rng)
        else:
            pace = 0 if rng.random() < 0.25 else round(rate)
            channel.write(f"/usr/bin/python3 {TOOLS}/payload.py {size} {pace} {rng.randint(1, 10**6)}; echo end''of file\n".encode())
        if not channel.until(b"endof file", left_s + answer_limit_s(job) + login_limit_s(job)):
            raise SessionEnded("a file did not arrive")
        channel.idle(min(10.0, rng.expovariate(1 / 3.0) + 0.3))


def _write_paced(channel: Channel, size: int, rate: float, rng: random.Random) -> None:
    stock = os.urandom(65536)
    while size > 0:
        piece = min(size, rng.choice([4096, 8192, 16384]))
        channel.write(stock[:piece])
        size -= piece
        channel.idle(piece * 8 / rate * rng.uniform(0.6, 1.4))


def play_server(channel: Channel, _rng: random.Random, end: float, _job: dict) -> None:
    """The session's command drives itself (the polled HTTPS server): only wait."""
    channel.idle(end - time.monotonic())


PLAYS = {"keystroke": play_keystroke, "command": play_command, "bulk": play_bulk, "beacon": play_beacon}


def open_helpers(before: list[dict], limit_s: float) -> list[subprocess.Popen]:
    """Tunnels that must stand first; each is waited for by its listening port."""
    helpers = []
    for helper in before:
        helpers.append(subprocess.Popen(helper["argv"], stdin=subprocess.DEVNULL, start_new_session=True))
        deadline = time.monotonic() + limit_s
        while not _listens(int(helper["port"])):
            if helpers[-1].poll() is not None or time.monotonic() > deadline:
                raise SessionEnded(f"tunnel did not open: {' '.join(helper['argv'])}")
            time.sleep(0.05)
    return helpers


def _listens(port: int) -> bool:
    wanted = f":{port:04X}"
    return any(line.split()[1].endswith(wanted) and line.split()[3] == "0A"
               for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:])


def main(job_path: str, result_path: str) -> int:
    job = json.loads(Path(job_path).read_text())
    rng, started, note, channel = random.Random(job["seed"]), time.time(), "", None
    helpers: list[subprocess.Popen] = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        helpers = open_helpers(job["before"], login_limit_s(job))
        channel = Channel(job["argv"], job["terminal"], raw=job["raw"])
        play = play_script if job["script"] else PLAYS[job["driver"]] if job["prompt"] else play_server
        end = time.monotonic() + job["length_s"]
        job["enough"] = end
        play(channel, rng, end, job)
    except SessionEnded as ended:
        note = str(ended)
    except SystemExit:
        note = "stopped at the time limit" if time.monotonic() < job.get("enough", float("inf")) else ""
    finally:
        if channel:
            channel.close()
            if note:
                note += ": " + channel.tail[-200:].decode(errors="replace")
        for helper in helpers:
            os.killpg(helper.pid, signal.SIGKILL)
        result = {"id": job["id"], "ok": not note, "note": note, "started": started, "ended": time.time(),
                  "sent": channel.sent if channel else 0, "received": channel.received if channel else 0}
        Path(result_path).write_text(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
