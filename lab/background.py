"""The traffic of everybody else: web readers (some through the same relays), backups, monitoring."""

from __future__ import annotations

import json
import random
from typing import Any

from plan import Plan
from relays import CLIENTS, PYTHON
from sandbox import HOME, TOOLS
from services import DAEMON_PORTS, Processes


def jobs(plan: Plan) -> list[tuple[str, dict[str, Any]]]:
    """(host, job) for each neighbour. Pure: the plan's seed decides."""
    rng = random.Random(f"background/{plan.scenario.name}/{plan.scenario.seed}")
    network, wanted = plan.topology, plan.scenario.background
    servers = [host.address for host in network.with_role("server")]
    relays = network.with_role("relay")
    found: list[tuple[str, dict[str, Any]]] = []

    def add(host: str, kind: str, **job: Any) -> None:
        found.append((host, {"kind": kind, "seed": rng.getrandbits(32), **job}))

    readers = [host.name for role in ("user", "source", "victim", "relay") for host in network.with_role(role)]
    for index in range(int(wanted["web_clients"]) if servers else 0):
        add(readers[index % len(readers)], "web", servers=servers, proxy=[])
    for _ in range(int(wanted["proxied_web_clients"]) if servers and relays else 0):
        proxy = rng.choice(relays).address
        options = rng.choice([["--socks5", f"{proxy}:{DAEMON_PORTS['dante']}"], ["--socks5", f"{proxy}:{DAEMON_PORTS['microsocks']}"],
                              ["-p", "-x", f"http://{proxy}:{DAEMON_PORTS['tinyproxy']}"]])
        add(rng.choice(readers[:6]), "web", servers=servers, proxy=options)
    for _ in range(int(wanted["backups"]) if servers else 0):
        add(rng.choice([host.name for host in relays + network.with_role("victim")]), "backup", servers=[rng.choice(servers)])
    for index in range(int(wanted["monitors"]) if servers else 0):
        name = network.with_role("server")[index % len(servers)].name
        add(name, "monitor", servers=[host.address for host in network.hosts if host.name != name])
    return found


def start(plan: Plan, processes: Processes) -> None:
    for number, (host, job) in enumerate(jobs(plan)):
        path = CLIENTS / f"neighbour-{number}.json"
        path.write_text(json.dumps(job))
        processes.start(host, [PYTHON, str(TOOLS / "neighbour.py"), str(path)], f"{job['kind']}-{number}",
                        as_user=True, cwd=str(HOME))
