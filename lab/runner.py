"""One scenario from start to end, inside the box: build, start, play, stop, rewrite clocks, write the truth."""

from __future__ import annotations

import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import background
import capture
import pcap
import relays
import services
import topology
import truth
from plan import Plan, Session
from relays import CLIENTS, PYTHON, SHIM
from sandbox import HOME, STATE, TOOLS, UID

RESULTS = STATE / "results"
SETTLE_S = 1.0  # between the last packet and the end of the captures


class Interrupted(Exception):
    """Somebody asked the run to stop."""


def run(plan: Plan, emulator: Path, shim: Path | None, out: Path, lab: Path) -> dict[str, Any]:
    """Plays the plan and leaves captures and truth.json in `out`; returns the figures of the run. `shim` is the program of
    the evading relays, where a session has some."""
    signal.signal(signal.SIGTERM, _interrupt)
    began = time.monotonic()
    raw = STATE / "raw"  # in the box's memory: gone with it when the run is killed
    topology.build(plan.topology)
    links = _start_emulator(plan, emulator)
    fitting = relays.fit(plan)
    services.prepare_files(lab, fitting)
    if shim:
        shutil.copy(shim, SHIM)
    RESULTS.mkdir()
    os.chown(RESULTS, UID, UID)
    processes = services.Processes(plan)
    services.start_daemons(plan, fitting, processes)
    if fitting.tor:
        services.start_tor(plan, processes)
    captures = capture.Captures(plan, raw)
    captures.wait_until_listening()
    set_up_s = time.monotonic() - began
    idle_before = idle_share_clock()
    background.start(plan, processes)
    _play(plan, fitting, processes)
    time.sleep(SETTLE_S)
    busy = 1 - (idle_share_clock()[0] - idle_before[0]) / (idle_share_clock()[1] - idle_before[1])
    captured = captures.stop()
    links.send_signal(signal.SIGTERM)
    emulator_report = links.communicate(timeout=10)[0].strip().splitlines()[-1]
    written = _write(plan, raw, out)
    if os.environ.get("HW_LAB_KEEP_LOGS"):
        shutil.copytree(STATE / "log", out / "log", dirs_exist_ok=True)
    figures = {"set_up_s": round(set_up_s, 1), "total_s": round(time.monotonic() - began, 1), "packets": captured, "machine_busy": round(busy, 2),
               "emulator": emulator_report} | written
    (out / "run.json").write_text(json.dumps(figures, indent=1) + "\n")
    return figures


def find_program(name: str, source: str, folder: Path) -> Path:
    """The program that the environment names (HW_LINK_EMULATOR for hw-link-emulator) or the build made, else one compiled here."""
    lab = Path(__file__).resolve().parent
    given = os.environ.get(name.upper().replace("-", "_"))
    if given:
        return Path(given).resolve()
    built = sorted(glob.glob(str(lab.parent / "build/*/lab" / name)), key=os.path.getmtime)
    if built:
        return Path(built[-1])
    target = folder / name
    subprocess.run(["g++", "-O2", "-std=c++23", str(lab / source), "-o", str(target)], check=True)
    return target


def idle_share_clock() -> tuple[int, int]:
    """Idle and total time of all cores since boot, in ticks: a busy machine is jitter that no link had."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def _interrupt(_number: int, _frame: object) -> None:
    raise Interrupted


def _start_emulator(plan: Plan, emulator: Path) -> subprocess.Popen[str]:
    config = STATE / "etc/links.conf"
    topology.write_emulator_config(plan.topology, plan.scenario.seed, config)
    process = subprocess.Popen([str(emulator), str(config)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    if process.stdout.readline().strip() != "ready":
        raise services.ServiceError("the link emulator did not start")
    return process


def _play(plan: Plan, fitting: relays.Fitting, processes: services.Processes) -> None:
    """Starts every session at its time and waits for the last one, within the scenario's limit."""
    began = time.monotonic()
    steps: list[tuple[float, str, Session]] = []
    for session in plan.sessions:
        agent = fitting.agents.get(session.id)
        delay = agent.delay_s if agent else 0.0
        steps.append((session.start_s + max(0.0, -delay), "driver", session))
        if agent:
            steps.append((session.start_s + max(0.0, delay), "agent", session))
    drivers = []
    for at, what, session in sorted(steps, key=lambda step: step[0]):
        time.sleep(max(0.0, began + at - time.monotonic()))
        if what == "agent":
            agent = fitting.agents[session.id]
            processes.start(agent.host, agent.argv, f"agent-{session.id}", as_user=agent.as_user, cwd=str(HOME))
        else:
            drivers.append(_start_driver(plan, session, fitting.clients[session.id], processes))
    limit = began + plan.scenario.time_limit_s
    while any(driver.poll() is None for driver in drivers) and time.monotonic() < limit:
        time.sleep(0.2)
    for driver in drivers:
        if driver.poll() is None:
            driver.terminate()
    for driver in drivers:
        try:
            driver.wait(6)
        except subprocess.TimeoutExpired:
            driver.kill()


def _start_driver(plan: Plan, session: Session, client: relays.Client, processes: services.Processes) -> subprocess.Popen[bytes]:
    job = {"id": session.id, "driver": session.driver, "argv": client.argv, "terminal": client.terminal,
           "raw": session.end == "shell" or session.relay_kind == "reverse-socat-tls", "before": client.before,
           "typed_logins": client.typed_logins, "prompt": client.prompt, "script": client.script,
           "seed": session.seed,
           "length_s": session.length_s, "bulk_mbit": session.bulk_mbit, "delay_s": session.delay_s}
    path = CLIENTS / f"{session.id}.json"
    path.write_text(json.dumps(job))
    return processes.start(session.source, [PYTHON, str(TOOLS / "driver.py"), str(path), str(RESULTS / f"{session.id}.json")],
                           f"driver-{session.id}", as_user=True, cwd=str(HOME))


def _write(plan: Plan, raw: Path, out: Path) -> dict[str, Any]:
    """Shifts every observer's clock, then says which flow fed which."""
    spans: dict[pcap.Key, pcap.FlowSpan] = {}
    wanted = truth.wanted_servers(plan)
    seen_by = capture.observers(plan)
    for observer in seen_by:
        offset_us = round(plan.clock_offsets[observer.name] * 1_000_000)
        wish = plan.scenario
        sampler = pcap.Sampler(wish.sampling, wish.sampling_mode, f"{wish.seed}/{observer.name}") if wish.sampling > 1 else None
        # Hosts see every flow of theirs at both ends: borders add nothing to the truth, so their pass notes nothing.
        pcap.rewrite(raw / observer.file, out / observer.file, offset_us, wanted if observer.kind == "host" else set(), spans,
                     sampler)
    results = {path.stem: json.loads(path.read_text()) for path in RESULTS.glob("*.json")}
    document = truth.build(plan, seen_by, spans, results)
    (out / "truth.json").write_text(json.dumps(document, indent=1) + "\n")
    incomplete = [f"{session['id']} {session['driver']} over {session['relay_kind']}: {session['why_incomplete']}"
                  for session in document["sessions"] if not session["complete"]]
    return {"sessions": len(document["sessions"]), "targets": sum(session["target"] for session in document["sessions"]),
            "incomplete": incomplete,
            "capture_mb": round(sum((out / observer.file).stat().st_size for observer in seen_by) / 1e6, 1)}


def print_summary(plan: Plan, figures: dict[str, Any], out: Path) -> None:
    print(f"{plan.scenario.name}: {figures['sessions']} sessions, {figures['targets']} of them targets, "
          f"{figures['packets']} packets at {len(capture.observers(plan))} observers, {figures['capture_mb']} MB, "
          f"no kernel drops, machine {figures['machine_busy']:.0%} busy; {figures['total_s']:.0f} s ({figures['set_up_s']:.0f} s set-up)")
    print(f"links: {figures['emulator']}")
    for line in figures["incomplete"]:
        print(f"incomplete: {line}", file=sys.stderr)
    print(f"captures and truth.json: {out}")
