"""One tcpdump at every observer: each host's own interface, and each country's border."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from plan import Plan
from topology import router_namespace

START_TIMEOUT_S = 15
BUFFER_KIB = 16384


class CaptureError(Exception):
    """A capture is missing packets or did not start: its truth would be wrong."""


@dataclass(frozen=True)
class Observer:
    name: str
    kind: str  # host or border
    namespace: str
    device: str
    covers: tuple[str, ...]  # addresses whose traffic it sees both ways

    @property
    def file(self) -> str:
        return f"{self.name}.pcap"


def observers(plan: Plan) -> list[Observer]:
    found = [Observer(host.name, "host", host.namespace, "eth0", (host.address,)) for host in plan.topology.hosts]
    if plan.scenario.borders:
        for country in plan.topology.countries:
            covered = tuple(host.address for host in plan.topology.members(country))
            found.append(Observer(f"border-{country.lower()}", "border", router_namespace(country), "br0", covered))
    return found


class Captures:
    def __init__(self, plan: Plan, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._running: list[tuple[Observer, subprocess.Popen[bytes], Path]] = []
        for observer in observers(plan):
            log = folder / f"{observer.name}.log"
            argv = ["nsenter", f"--net=/run/netns/{observer.namespace}", "tcpdump", "-i", observer.device, "-n", "-p",
                    "-s", str(plan.scenario.snap), "-B", str(BUFFER_KIB), "-Z", "root", "-w", str(folder / observer.file)]
            with open(log, "wb") as output:
                process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                           start_new_session=True)
            self._running.append((observer, process, log))

    def wait_until_listening(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        for observer, process, log in self._running:
            while b"listening on" not in log.read_bytes():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise CaptureError(f"tcpdump at {observer.name} did not start: {log.read_text()[-300:]}")
                time.sleep(0.05)

    def stop(self) -> int:
        """Ends all captures; returns the packets captured. Raises when a kernel buffer overflowed anywhere."""
        for _, process, _ in self._running:
            process.send_signal(signal.SIGINT)
        captured, dropped = 0, []
        for observer, process, log in self._running:
            process.wait(20)
            text = log.read_text()
            captured += count(text, "packets captured")
            if lost := count(text, "packets dropped by kernel"):
                dropped.append(f"{observer.name}: {lost}")
        if dropped:
            raise CaptureError("packets dropped by the kernel at " + ", ".join(dropped) + " (machine too busy?)")
        return captured


def count(text: str, what: str) -> int:
    found = re.search(rf"(\d+) {what.replace('packets', 'packets?')}", text)
    if found is None:
        raise CaptureError(f"tcpdump did not say '{what}': {text[-300:]}")
    return int(found.group(1))
