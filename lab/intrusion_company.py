"""The company that an intrusion meets, and what its hosts do all day: logons and look-ups at the directory server, file
shares, updates, backups, monitoring, administration, software distribution, the web, programs that call home.

Nothing here knows who is attacked. Pure: the given generator decides.
"""

from __future__ import annotations

import random
from typing import Any, Sequence

from intrusion_plan import Segment
from topology import Host, Link

COUNTRIES = "BCDE"
BORDER = "A"  # the emulator's name for the company's border


def plan_company(rng: random.Random) -> tuple[list[Segment], list[Host], list[Link]]:
    """10 to 20 hosts in two or three segments; web servers, vendors and the attacker's machines outside."""
    second = rng.randint(10, 200)
    names = ["office", "servers"] + (["plant"] if rng.random() < 0.55 else [])
    segments = [Segment(name, number, f"10.{second}.{rng.randint(1, 80) + 80 * number}") for number, name in enumerate(names)]
    net = {segment.name: segment.net for segment in segments}
    third = names[-1]
    wanted = [("workstation", "office", rng.randint(4, 7)), ("administrator", rng.choice(["office", third]), 1),
              ("directory", "servers", 1), ("files", "servers", rng.randint(1, 2)), ("application", "servers", rng.randint(2, 3)),
              ("updates", "servers", 1), ("backup", rng.choice(["servers", third]), 1), ("monitor", rng.choice(["servers", third]), 1),
              ("distribution", "servers", 1)]
    if third == "plant":
        wanted.append(("workstation", "plant", rng.randint(1, 2)))
    hosts: list[Host] = []
    taken: dict[str, set[int]] = {name: set() for name in names}
    for role, segment, count in wanted:
        for _ in range(count):
            last = rng.choice([number for number in range(10, 240) if number not in taken[segment]])
            taken[segment].add(last)
            index = sum(host.role == role for host in hosts) + 1
            hosts.append(Host(f"{role[:8]}-{index}", segment, role, f"{net[segment]}.{last}"))
    hosts += _internet(rng)
    return segments, hosts, _links(rng)


def country_net(country: str) -> str:
    return f"198.18.{10 + 20 * (ord(country) - ord('A'))}"


def _internet(rng: random.Random) -> list[Host]:
    wanted = [("web-1", "web"), ("web-2", "web"), ("web-3", "web"), ("vendor", "vendor"), ("cloud-1", "cloud"),
              ("cloud-2", "cloud"), ("resolver", "resolver"), ("controller", "controller")]
    if rng.random() < 0.4:
        wanted.append(("redirector", "redirector"))
    numbers = rng.sample(range(10, 240), len(wanted))
    hosts = []
    for (name, role), last in zip(wanted, numbers):
        country = rng.choice(COUNTRIES)
        hosts.append(Host(name, country, role, f"{country_net(country)}.{last}"))
    return hosts


def _links(rng: random.Random) -> list[Link]:
    links = []
    places = BORDER + COUNTRIES
    for index, origin in enumerate(places):
        for destination in places[index + 1:]:
            delay = rng.uniform(4, 60)
            for pair in ((origin, destination), (destination, origin)):
                links.append(Link(*pair, round(delay * rng.uniform(0.95, 1.05), 3), 0.4, 0.0002, 60))
    return links


def plan_aliases(hosts: list[Host], rng: random.Random) -> dict[str, list[str]]:
    """Addresses by the dozen for the web and the clouds, so that an address seen for the first time, or from one host
    only, is nothing special."""
    aliases: dict[str, list[str]] = {}
    taken = {host.address for host in hosts}
    for host in hosts:
        if host.role in ("web", "cloud"):
            free = [f"{country_net(host.country)}.{last}" for last in range(10, 250)]
            aliases[host.name] = rng.sample([address for address in free if address not in taken], 20)
            taken.update(aliases[host.name])
    return aliases


def plan_clocks(segments: Sequence[Segment], rng: random.Random) -> dict[str, float]:
    """Most clocks are kept to milliseconds, some are off by up to 1.5 s."""
    names = ["border"] + [segment.name for segment in segments]
    return {name: round(rng.gauss(0, 0.005) if rng.random() < 0.6 else rng.uniform(-1.5, 1.5), 6) for name in names}


class _Jobs:
    def __init__(self, hosts: list[Host], aliases: dict[str, list[str]], rng: random.Random) -> None:
        self.hosts, self.aliases, self.rng = hosts, aliases, rng
        self.found: dict[str, list[dict[str, Any]]] = {}

    def role(self, *roles: str) -> list[Host]:
        return [host for host in self.hosts if host.role in roles]

    def addresses(self, *roles: str) -> list[str]:
        return [address for host in self.role(*roles) for address in (host.address, *self.aliases.get(host.name, []))]

    def add(self, host: Host, kind: str, **job: Any) -> None:
        self.found.setdefault(host.name, []).append({"kind": kind, "seed": self.rng.getrandbits(32), **job})


def plan_jobs(segments: Sequence[Segment], hosts: list[Host], aliases: dict[str, list[str]],
              rng: random.Random) -> dict[str, list[dict[str, Any]]]:
    jobs = _Jobs(hosts, aliases, rng)
    names = {segment.name for segment in segments}
    inside = [host for host in hosts if host.country in names]
    directory = jobs.addresses("directory")[0]
    for host in inside:
        if host.role != "directory":
            jobs.add(host, "directory", server=directory, secure=rng.random() < 0.3, mean_s=rng.uniform(15, 50))
            jobs.add(host, "policy", server=directory, mean_s=rng.uniform(60, 160))
        if host.role != "updates":
            jobs.add(host, "updates", server=jobs.addresses("updates")[0], mean_s=rng.uniform(25, 80))
        if rng.random() < 0.35:
            jobs.add(host, "call-home", server=rng.choice(jobs.addresses("cloud")), port=443, period_s=rng.uniform(3, 25),
                     jitter=rng.uniform(0.05, 0.4), fresh=rng.random() < 0.6)
        if rng.random() < 0.3:
            jobs.add(host, "messages", server=rng.choice(jobs.addresses("cloud")), port=5223)
        _managed(jobs, host)
    for host in jobs.role("workstation", "administrator"):
        jobs.add(host, "web", servers=jobs.addresses("web"), mean_s=rng.uniform(4, 12))
        jobs.add(host, "files", servers=jobs.addresses("files"), mean_s=rng.uniform(20, 60))
        jobs.add(host, "intranet", servers=jobs.addresses("application"), mean_s=rng.uniform(10, 40))
    for host in jobs.role("application"):
        jobs.add(host, "files", servers=jobs.addresses("files"), mean_s=rng.uniform(25, 70))
        if rng.random() < 0.5:
            jobs.add(host, "web", servers=jobs.addresses("web", "vendor"), mean_s=rng.uniform(20, 50))
    _run_the_company(jobs, inside)
    return jobs.found


def _managed(jobs: _Jobs, host: Host) -> None:
    """Most hosts call back to the company's own management: some ask at intervals, some hold a connection for its orders."""
    manager, chance = jobs.addresses("distribution")[0], jobs.rng.random()
    if host.role == "distribution" or chance > 0.8:
        return
    if chance < 0.4:
        jobs.add(host, "call-home", server=manager, port=8443, period_s=jobs.rng.uniform(4, 30), jitter=jobs.rng.uniform(0.05, 0.4),
                 fresh=jobs.rng.random() < 0.6)
    else:
        jobs.add(host, "messages", server=manager, port=4505)


def _run_the_company(jobs: _Jobs, inside: list[Host]) -> None:
    """The few hosts that speak to all others: they make the patterns that look most like an intrusion."""
    rng = jobs.rng
    others = {host.name: [other.address for other in inside if other is not host] for host in inside}
    for host in jobs.role("monitor"):
        jobs.add(host, "monitor", servers=others[host.name], period_s=rng.uniform(5, 15))
    for host in jobs.role("backup"):
        jobs.add(host, "backup", servers=others[host.name], mean_s=rng.uniform(6, 20))
    for host in jobs.role("administrator"):
        targets = [other.address for other in inside if other.role not in ("workstation", "administrator")]
        for _ in range(2):
            jobs.add(host, "administer", servers=targets, mean_s=rng.uniform(10, 35))
        jobs.add(host, "help", servers=[other.address for other in inside if other.role == "workstation"], mean_s=rng.uniform(30, 80))
    for host in jobs.role("distribution"):
        jobs.add(host, "distribute", origin=jobs.addresses("vendor")[0], servers=others[host.name], mean_s=rng.uniform(25, 60))
