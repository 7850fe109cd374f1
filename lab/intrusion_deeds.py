"""What a step of the laboratory's intruder can be: a closed list of harmless deeds, done with real programs.

Each deed returns whether it worked. Programs' connections are noted with the time they may have been opened in, so that
the captures can tell which flow was whose.
"""

from __future__ import annotations

import http.client
import os
import queue
import random
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Iterator

import intrusion_wire as wire
from intrusion_wire import Frame

if TYPE_CHECKING:
    from intrusion_agent import Agent

AGENT = [sys.executable or "/usr/bin/python3", os.path.join(os.path.dirname(os.path.abspath(__file__)), "intrusion_agent.py")]
PORT = {"smb": 445, "ssh": 22, "winrm": 5985}
CHUNK = 120_000
PROGRAM_TIMEOUT_S = 50


def do(agent: Agent, step: dict[str, Any]) -> bool:
    try:
        return _DEEDS[step["what"]](agent, step)
    except (OSError, subprocess.TimeoutExpired, http.client.HTTPException) as error:
        agent.events.note("error", step=step["number"], why=repr(error))
        return False


@contextmanager
def _program(agent: Agent, purpose: str, address: str, port: int, step: int) -> Iterator[None]:
    began = time.time()
    try:
        yield
    finally:
        agent.events.note("program", node=agent.number, purpose=purpose, address=address, port=port, begin=began, step=step)


def _run(argv: list[str], given: bytes | None = None) -> bool:
    result = subprocess.run(argv, input=given, stdin=None if given is not None else subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=PROGRAM_TIMEOUT_S)
    if result.returncode != 0:
        print(argv[:3], result.stderr[-300:], file=sys.stderr)
    return result.returncode == 0


def _smb(address: str, share: str, commands: str) -> list[str]:
    return ["smbclient", f"//{address}/{share}", "-U", wire.SMB_LOGIN, "-c", commands]


# Looking around

def _survey(agent: Agent, _step: dict[str, Any]) -> bool:
    time.sleep(agent.rng.uniform(0.1, 1.5))
    return True


def _directory(agent: Agent, step: dict[str, Any]) -> bool:
    server = agent.plan["names"]
    with _program(agent, "directory", server, 389, step["number"]):
        return _run(["ldapsearch", "-x", "-H", f"ldap://{server}", "-b", "dc=lab,dc=invalid", agent.rng.choice(
            ["(objectClass=person)", "(objectClass=device)", "(objectClass=*)"])])


def _probe(agent: Agent, step: dict[str, Any]) -> bool:
    mine = agent.plan["address"][agent.me["host"]]
    near = [address for address in agent.plan["address"].values() if address.startswith("10.") and address != mine]
    for address in agent.rng.sample(near, min(len(near), step["details"]["count"])):
        for port in step["details"]["ports"]:
            with _program(agent, "probe", address, port, step["number"]), suppress(OSError):
                with socket.create_connection((address, port), timeout=1.5) as probe:
                    probe.settimeout(0.5)
                    probe.recv(100)
        time.sleep(agent.rng.uniform(0.05, 0.8))
    return True


# Tools: pulled from the master, pushed to the next host, started there

def _fetch(agent: Agent, step: dict[str, Any]) -> bool:
    master = agent.me["control"]["master"]
    address = agent.address_of(master)
    port = 443 if master < 0 else agent.nodes[master]["listen_https"]
    connection = agent.open_https(address, port, "tool", master < 0, step["number"])
    connection.request("GET", f"/static/{step['details']['bytes']}")
    got = len(connection.getresponse().read())
    connection.close()
    return got == step["details"]["bytes"]


def _deploy(agent: Agent, step: dict[str, Any]) -> bool:
    child = agent.nodes[step["details"]["child"]]
    tool, address, separate = step["details"]["bytes"], agent.plan["address"][child["host"]], step["details"]["separate_start"]
    if not {"smb": _push_smb, "ssh": _push_ssh, "winrm": _push_winrm}[child["method"]](agent, step, child, address, tool, separate):
        return False
    style = child["control"]["style"]
    if style in PORT:
        wire.in_background({"smb": _drive_smb, "ssh": _drive_ssh, "winrm": _drive_winrm}[style], agent, child, address)
    return True


def _push_smb(agent: Agent, step: dict[str, Any], child: dict[str, Any], address: str, tool: int, separate: bool) -> bool:
    local = _scratch(agent, os.urandom(tool))
    trigger = _scratch(agent, b"")
    put, start = f"put {local} svc{step['number']}.bin", f"put {trigger} start-{child['number']}"
    with _program(agent, "deploy", address, 445, step["number"]):
        if not _run(_smb(address, "work", put if separate else f"{put}; {start}")):
            return False
    if not separate:
        return True
    time.sleep(agent.rng.uniform(0.5, 3))
    with _program(agent, "start", address, 445, step["number"]):
        return _run(_smb(address, "work", start))


def _push_ssh(agent: Agent, step: dict[str, Any], child: dict[str, Any], address: str, tool: int, separate: bool) -> bool:
    driven = child["control"]["style"] == "ssh"  # then the held session starts it
    start = f"setsid {' '.join(AGENT)} {child['number']} > /dev/null 2>&1 < /dev/null &"
    store = f"cat > {wire.host_folder(child['host']) / 'work'}/svc{step['number']}.bin"
    with _program(agent, "deploy", address, 22, step["number"]):
        if not _run(["ssh", address, store if separate or driven else f"{store}; {start}"], os.urandom(tool)):
            return False
    if driven or not separate:
        return True
    time.sleep(agent.rng.uniform(0.5, 3))
    with _program(agent, "start", address, 22, step["number"]):
        return _run(["ssh", address, start])


def _push_winrm(agent: Agent, step: dict[str, Any], child: dict[str, Any], address: str, tool: int, separate: bool) -> bool:
    connection = _open_http(agent, address, "deploy", step["number"])
    for offset in range(0, tool, CHUNK):
        _post(connection, "/wsman/put", os.urandom(min(CHUNK, tool - offset)))
    if separate:
        connection.close()
        time.sleep(agent.rng.uniform(0.5, 3))
        connection = _open_http(agent, address, "start", step["number"])
    _post(connection, f"/wsman/start/{child['number']}", os.urandom(700))
    connection.close()
    return True


def _open_http(agent: Agent, address: str, purpose: str, step: int = -1) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(address, PORT["winrm"], timeout=30)
    connection.connect()
    agent.note_opened(purpose, connection.sock, address, PORT["winrm"], step)
    return connection


def _post(connection: http.client.HTTPConnection, path: str, body: bytes) -> bytes:
    connection.request("POST", path, body=body, headers={"Content-Type": "application/soap+xml;charset=UTF-8"})
    return connection.getresponse().read()


def _scratch(agent: Agent, data: bytes) -> Path:
    path = wire.host_folder(agent.me["host"]) / "work" / f"scratch-{random.getrandbits(48):012x}"
    path.write_bytes(data)
    return path


# Children driven forward: orders go through a session that I opened

def _drive_ssh(agent: Agent, child: dict[str, Any], address: str) -> None:
    with _program(agent, "control", address, 22, -1):
        process = subprocess.Popen(["ssh", "-T", address, f"{' '.join(AGENT)} {child['number']} stdio"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin and process.stdout
        reader, writer = process.stdout, process.stdin
        first = wire.read_frame(reader.read1)  # type: ignore[attr-defined]
    if first is None:
        return
    agent.come_up(first)

    def write() -> None:
        while True:
            writer.write(agent.down[child["number"]].get().encode())
            writer.flush()

    wire.in_background(write)
    while (frame := wire.read_frame(reader.read1)) is not None:  # type: ignore[attr-defined]
        agent.come_up(frame)


def _drive_winrm(agent: Agent, child: dict[str, Any], address: str) -> None:
    """A request for each order, then requests for its output until it has come; now and then one for news from behind it."""
    awaited, used, connection, idle_s = 1, 0.0, _open_http(agent, address, "control"), agent.rng.uniform(4, 9)
    waiting: queue.Queue[Frame] = agent.down[child["number"]]
    while True:
        try:
            frame: Frame | None = waiting.get(timeout=1.2 if awaited else idle_s)
        except queue.Empty:
            frame = None
        if time.monotonic() - used > 5 and used:
            connection.close()
            connection = _open_http(agent, address, "control")
        awaited += frame is not None
        answer = _post(connection, f"/wsman/frames/{child['number']}", frame.encode() if frame else b"")
        used = time.monotonic()
        for report in wire.decode(answer):
            awaited = max(0, awaited - 1)
            agent.come_up(report)


def _drive_smb(agent: Agent, child: dict[str, Any], address: str) -> None:
    """One held connection to the share: orders are put there as files, reports fetched."""
    with _program(agent, "control", address, 445, -1):
        process = subprocess.Popen(["smbclient", f"//{address}/work", "-U", wire.SMB_LOGIN], stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1.0)
    assert process.stdin
    awaited, sent, got, number, idle_s = 1, 0, 0, child["number"], agent.rng.uniform(4, 9)
    waiting: queue.Queue[Frame] = agent.down[number]
    while True:
        try:
            frame: Frame | None = waiting.get(timeout=1.5 if awaited else idle_s)
        except queue.Empty:
            frame = None
        if frame is not None:
            awaited += 1
            process.stdin.write(f"put {_scratch(agent, frame.encode())} in-{number}-{sent}.bin\n".encode())
            sent += 1
        fetched = wire.host_folder(agent.me["host"]) / "work" / f"got-{number}-{got}.bin"
        process.stdin.write(f"get out-{number}-{got}.bin {fetched}\n".encode())
        process.stdin.flush()
        time.sleep(0.4)
        try:
            for report in wire.decode(fetched.read_bytes() or b"?"):
                agent.come_up(report)
                awaited = max(0, awaited - 1)
            got += 1
        except (OSError, ValueError):
            pass  # no report yet


# At the victim

def _look(agent: Agent, step: dict[str, Any]) -> bool:
    return _at_victim(agent, step, "recurse; ls", "ls -lR", None)


def _collect(agent: Agent, step: dict[str, Any]) -> bool:
    folder = wire.host_folder(agent.me["host"]) / "work"
    return _at_victim(agent, step, f"lcd {folder}; prompt; mget {_some_files(step)}*",
                      f"cat {_some_files(step)}*", None)


def _destroy(agent: Agent, step: dict[str, Any]) -> bool:
    """Overwrites documents that the laboratory made, in the box."""
    count = step["details"]["files"]
    each = step["details"]["bytes"] // count
    local = _scratch(agent, os.urandom(each))
    return _at_victim(agent, step, "; ".join(f"put {local} note-{number}.doc" for number in range(count)),
                      f"for n in $(seq {count}); do head -c {each} /dev/urandom > note-$n.doc; echo note-$n.doc; done", None)


def _upload(agent: Agent, step: dict[str, Any]) -> bool:
    data = os.urandom(step["details"]["bytes"])
    return _at_victim(agent, step, f"put {_scratch(agent, data)} stage.bin", "cat > stage.bin", data)


def _some_files(step: dict[str, Any]) -> str:
    return "note-" + str(1 + step["details"]["files"] % 4)


def _at_victim(agent: Agent, step: dict[str, Any], smb: str, shell: str, given: bytes | None) -> bool:
    address, method = agent.plan["victim"], agent.plan["victim_method"]
    host = next(name for name, its in agent.plan["address"].items() if its == address)
    with _program(agent, "victim", address, PORT[method], step["number"]):
        if method == "smb":
            return _run(_smb(address, "docs", smb))
        return _run(["ssh", address, f"cd {wire.host_folder(host)}/docs && {shell}"], given)


_DEEDS: dict[str, Callable[[Agent, dict[str, Any]], bool]] = {
    "survey": _survey, "directory": _directory, "probe": _probe, "fetch": _fetch, "receive": _survey, "deploy": _deploy,
    "look": _look, "collect": _collect, "destroy": _destroy, "upload": _upload, "send": _survey,
}
