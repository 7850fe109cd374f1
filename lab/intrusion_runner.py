"""One intrusion run from start to end, inside the box: build, start, let the company work, intrude, stop, write."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import intrusion_conn_log as conn_log
import intrusion_network as network
import intrusion_services as its_services
import intrusion_truth
import intrusion_wire as wire
import pcap
import runner
import sandbox
from capture import BUFFER_KIB, CaptureError, count
from intrusion_plan import CONTROLLER, LENGTH_LIMIT_S, IntrusionPlan
from relays import PYTHON
from runner import Interrupted
from sandbox import STATE, TOOLS
from services import ServiceError

SNAP = 128
SETTLE_S = 1.0
WARM_UP_S = 3.0  # the neighbours' programs start


def run(plan: IntrusionPlan, emulator: Path, out: Path, lab: Path) -> dict[str, Any]:
    """Plays the plan; leaves captures, logs and truth.json in `out`; returns the figures of the run."""
    signal.signal(signal.SIGTERM, _interrupt)
    began = time.monotonic()
    network.build(plan)
    links = _start_emulator(plan, emulator)
    its_services.prepare_files(lab, plan)
    processes = its_services.Processes(plan)
    its_services.start_daemons(plan, processes)
    its_services.start_redirector(plan, processes)
    its_services.watch_intruder(plan)
    for host in plan.inside:
        jobs = wire.host_folder(host.name) / "jobs.json"
        processes.start(host.name, [PYTHON, str(TOOLS / "intrusion_neighbour.py"), host.name, str(jobs)], "neighbour", sandbox.USER)
    time.sleep(WARM_UP_S)
    captures = Captures(plan)
    set_up_s = time.monotonic() - began
    idle_before = runner.idle_share_clock()
    _intrude(plan, processes)
    idle_after = runner.idle_share_clock()
    captured = captures.stop()
    opened = its_services.opened_by_intruder(plan)
    links.send_signal(signal.SIGTERM)
    links.communicate(timeout=10)
    if os.environ.get("HW_LAB_KEEP_LOGS"):
        shutil.copytree(processes.logs, out / "log", dirs_exist_ok=True)
        shutil.copytree(wire.EVENTS, out / "events", dirs_exist_ok=True)
    document = _write(plan, captures.folder, out, opened)
    figures = {"set_up_s": round(set_up_s, 1), "total_s": round(time.monotonic() - began, 1), "packets": captured,
               "machine_busy": round(1 - (idle_after[0] - idle_before[0]) / (idle_after[1] - idle_before[1]), 2),
               "complete": document["complete"], "why_incomplete": document["why_incomplete"]}
    (out / "run.json").write_text(json.dumps(figures, indent=1) + "\n")
    return figures


def _interrupt(_number: int, _frame: object) -> None:
    raise Interrupted


def _start_emulator(plan: IntrusionPlan, emulator: Path) -> subprocess.Popen[str]:
    config = STATE / "etc/links.conf"
    network.write_emulator_config(plan, config)
    process = subprocess.Popen([str(emulator), str(config)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    if process.stdout.readline().strip() != "ready":
        raise ServiceError("the link emulator did not start")
    return process


def _intrude(plan: IntrusionPlan, processes: its_services.Processes) -> None:
    """The company works for a while; then the entry host's foothold calls back, and the operator goes through the steps."""
    agent = [PYTHON, str(TOOLS / "intrusion_agent.py")]
    end = time.monotonic() + LENGTH_LIMIT_S
    time.sleep(plan.begin_s)
    operator = processes.start(plan.controller, [*agent, str(CONTROLLER)], "operator", its_services.INTRUDER)
    time.sleep(1.0)
    processes.start(plan.nodes[0].host, [*agent, "0"], "foothold", its_services.INTRUDER)
    while operator.poll() is None and time.monotonic() < end and not _has_ended():
        time.sleep(0.5)
    time.sleep(plan.tail_s)


def _has_ended() -> bool:
    return any(event["what"] in ("finished", "gave-up") for event in intrusion_truth.read_events(wire.EVENTS, f"node{CONTROLLER}-*"))


class Captures:
    """One tcpdump at each sensor."""

    def __init__(self, plan: IntrusionPlan) -> None:
        self.folder = STATE / "raw"
        self.folder.mkdir()
        self._running = [(sensor.name, self._start(sensor)) for sensor in network.sensors(plan)]
        deadline = time.monotonic() + 15
        for name, process in self._running:
            while b"listening on" not in self._log(name).read_bytes():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise CaptureError(f"tcpdump at {name} did not start: {self._log(name).read_text()[-300:]}")
                time.sleep(0.05)

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _start(self, sensor: network.Sensor) -> subprocess.Popen[bytes]:
        argv = ["nsenter", f"--net=/run/netns/{sensor.namespace}", "tcpdump", "-i", sensor.device, "-n", *([] if sensor.span else ["-p"]),
                "-s", str(SNAP), "-B", str(BUFFER_KIB), "-Z", "root", "-w", str(self.folder / sensor.capture), "ip"]
        with open(self._log(sensor.name), "wb") as output:
            return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)

    def stop(self) -> int:
        """Ends all; returns the packets captured. Raises when a kernel buffer overflowed anywhere."""
        time.sleep(SETTLE_S)
        for _, process in self._running:
            process.send_signal(signal.SIGINT)
        captured, dropped = 0, []
        for name, process in self._running:
            process.wait(20)
            text = self._log(name).read_text()
            captured += count(text, "packets captured")
            if lost := count(text, "packets dropped by kernel"):
                dropped.append(f"{name}: {lost}")
        if dropped:
            raise CaptureError("packets dropped by the kernel at " + ", ".join(dropped) + " (machine too busy?)")
        return captured


def _write(plan: IntrusionPlan, raw: Path, out: Path, opened: set[its_services.FourTuple]) -> dict[str, Any]:
    """Shifts every sensor's clock in its capture and its log; the truth keeps true times."""
    seen: dict[str, list[conn_log.Connection]] = {}
    for sensor in network.sensors(plan):
        offset_us = round(plan.clock_offsets[sensor.name] * 1_000_000)
        seen[sensor.name] = conn_log.connections(raw / sensor.capture)
        conn_log.write_log(seen[sensor.name], out / sensor.log, intrusion_truth.uid_seed(plan, sensor.name), offset_us)
        pcap.rewrite(raw / sensor.capture, out / sensor.capture, offset_us, set(), {})
    document = intrusion_truth.build(plan, seen, opened, intrusion_truth.read_events(wire.EVENTS))
    (out / "truth.json").write_text(json.dumps(document, indent=1) + "\n")
    return document
