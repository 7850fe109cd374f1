"""From a scenario and its seed to a full plan: hosts, sessions, ports, times. Pure: same seed, same plan."""

from __future__ import annotations

import random
from dataclasses import dataclass

import topology
import tor_network
from scenario import MIXABLE, SHIM_NEIGHBOURS, Group, Scenario

CALL_BACK_KINDS = ("reverse-socat-tls", "https-poll")
SSH_END_ONLY = ("ssh-nested", "ssh-J", "ssh-L", "ssh-D", "ssh-R", "sshuttle", "redsocks", "tool-copy", "iodine",
                "ptunnel-ng")
ONE_RELAY_KINDS = ("sshuttle", "redsocks", "iodine", "ptunnel-ng", "tool-copy")
FIXED_PORTS = {"iodine": 53, "ptunnel-ng": 0}  # the first leg is no TCP: DNS, and ICMP, which has no port
ALONE_KINDS = (*FIXED_PORTS, "tor")  # the source's port at its first relay is not its own: one session for each pair


@dataclass(frozen=True)
class Session:
    """One attacker's (or neighbour's) session; `chain` and `ports` run from the source towards the victim."""

    id: str
    target: bool
    driver: str
    relay_kind: str
    kinds: list[str]  # one for each relay
    end: str  # "ssh": the victim's sshd; "shell": a shell bound to a port
    source: str
    chain: list[str]
    victim: str
    ports: list[int]  # ports[i] is where node i+1 of source, chain..., victim listens for this session alone
    start_s: float
    length_s: float
    seed: int
    bulk_mbit: list[float]
    evasion: dict[str, float]

    @property
    def delay_s(self) -> float:
        """The longest that the session's relays hold a byte back on purpose, one way."""
        return self.evasion.get("jitter_s", 0.0) + self.evasion.get("hold_s", 0.0)


@dataclass
class Plan:
    scenario: Scenario
    topology: topology.Topology
    sessions: list[Session]
    clock_offsets: dict[str, float]  # by host name and "border-x"


class PortPool:
    """Hands every session its own ports on a host: a port tells the truth file which flow is whose.

    They are spread over one wide range whatever the service, so they tell an analyst nothing.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._used: dict[str, set[int]] = {}

    def take(self, host: str) -> int:
        used = self._used.setdefault(host, set())
        while True:
            port = self._rng.randint(10000, 31999)  # below the range that clients use
            if port not in used:
                used.add(port)
                return port


def make_plan(scenario: Scenario) -> Plan:
    rng = random.Random(f"{scenario.name}/{scenario.seed}")
    network = topology.plan_topology(scenario.hosts, scenario.countries, scenario.network, rng)
    ports = PortPool(rng)
    sessions: list[Session] = []
    tunnels: set[tuple[str, str, str]] = set()  # kind, source, relay: without ports of their own, each must be alone
    for group in scenario.groups:
        sessions += _plan_group(scenario, group, network, ports, tunnels, rng, first_number=len(sessions) + 1)
    observers = [host.name for host in network.hosts] + [f"border-{name.lower()}" for name in network.countries]
    offsets = {name: round(_clock_offset(scenario.clock_offset_s, rng), 6) for name in observers}
    return Plan(scenario, network, sessions, offsets)


def _clock_offset(largest_s: float, rng: random.Random) -> float:
    """Most clocks are kept by NTP (milliseconds), some are not kept at all."""
    if largest_s <= 0:
        return 0.0
    kept = rng.random() < 0.6
    return rng.gauss(0, 0.005) if kept else rng.uniform(-largest_s, largest_s)


def _plan_group(scenario: Scenario, group: Group, network: topology.Topology, ports: PortPool,
                tunnels: set[tuple[str, str, str]], rng: random.Random, first_number: int) -> list[Session]:
    cells = [(kind, driver) for _ in range(group.count)
             for kind in (["mixed"] if group.mixed else group.relay_kinds) for driver in group.drivers]
    rng.shuffle(cells)
    lengths = _dealt(group.chain_lengths, len(cells), rng)
    sessions = []
    for index, (kind, driver) in enumerate(cells):
        chain = _chain(group, kind, lengths[index] if lengths else 0, network, rng)
        source, victim = _ends(group.target, network, chain, rng)
        while kind in ALONE_KINDS and (kind, source, chain[0]) in tunnels:
            chain = _chain(group, kind, len(chain), network, rng)
            source, victim = _ends(group.target, network, chain, rng)
        if kind in ALONE_KINDS:
            tunnels.add((kind, source, chain[0]))
        nodes = [*chain, victim]
        end = "ssh" if kind in SSH_END_ONLY else group.end
        if end == "any":
            end = rng.choice(["ssh", "ssh", "shell"])
        least, most = group.length_s or scenario.length_s
        kinds = list(group.mixed) or _kinds(kind, len(chain), rng)
        sessions.append(Session(
            id=f"s{first_number + index:02d}", target=group.target, driver=driver, relay_kind=kind,
            kinds=kinds, end=end, source=source, chain=chain,
            victim=victim, ports=_ports(kind, source, nodes, ports),
            start_s=round(rng.uniform(0.2, scenario.start_within_s), 3), length_s=round(rng.uniform(least, most), 3),
            seed=rng.getrandbits(32), bulk_mbit=group.bulk_mbit or scenario.bulk_mbit, evasion=dict(group.evasion)))
    return sessions


def _kinds(kind: str, length: int, rng: random.Random) -> list[str]:
    """A kind for each relay: `mixed` at random, never all the same; `shim` a pair of ends somewhere among others."""
    if kind == "shim":
        at = rng.randrange(length - 1)
        kinds = [rng.choice(SHIM_NEIGHBOURS) for _ in range(length)]
        return kinds[:at] + ["shim-encoder", "shim-decoder"] + kinds[at + 2:]
    if kind != "mixed":
        return [kind] * length
    while True:
        kinds = [rng.choice(MIXABLE) for _ in range(length)]
        if length < 2 or len(set(kinds)) > 1:
            return kinds


def _chain(group: Group, kind: str, length: int, network: topology.Topology, rng: random.Random) -> list[str]:
    if group.relays:
        return list(group.relays)
    if kind in ONE_RELAY_KINDS:
        length = 1
    relays = [host.name for host in network.with_role("relay")]
    return rng.sample(relays, len(group.mixed) or length)


def _ends(target: bool, network: topology.Topology, chain: list[str], rng: random.Random) -> tuple[str, str]:
    """Attackers work from sources on victims; neighbours from user machines (or sources) on servers (or victims)."""
    def names(*roles: str) -> list[str]:
        return [host.name for role in roles for host in network.with_role(role)]

    if target:
        return rng.choice(names("source")), rng.choice(names("victim"))
    source = rng.choice(names("user", "user", "source"))
    return source, rng.choice([name for name in names("server", "server", "victim") if name != source])


def _ports(kind: str, source: str, nodes: list[str], ports: PortPool) -> list[int]:
    """Forward: every node after the source listens. Call-back: every node before the victim does."""
    if kind in CALL_BACK_KINDS:
        return [ports.take(host) for host in [source, *nodes[:-1]]]
    taken = [ports.take(host) for host in nodes]
    if kind == "tor":
        taken[:-1] = [tor_network.OR_PORT] * (len(taken) - 1)
    if kind in FIXED_PORTS:
        taken[0] = FIXED_PORTS[kind]
    if kind == "ssh-R":  # the victim dials the last relay instead of being dialled
        taken[-1] = ports.take(nodes[-2])
    return taken


def _dealt(values: list[int], count: int, rng: random.Random) -> list[int]:
    """Values in turn, shuffled: every chain length gets its share whatever the seed."""
    if not values:
        return []
    dealt = [values[index % len(values)] for index in range(count)]
    rng.shuffle(dealt)
    return dealt
