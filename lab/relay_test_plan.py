"""The plan of a relay test: one victim, many peers, most of them honest, some with somebody else behind them.

Pure: the seed decides. Every peer has an address of its own and a port of its own at the victim; a packet filter at its
host gives the connections to that port that address, so one daemon can serve many peers.
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass

VICTIM = "198.18.0.10"
FIRST_PORT = 20000
RELAY_KINDS = ("socat", "haproxy", "dante", "microsocks", "tinyproxy", "ssh-D", "ssh-L", "ssh-J", "redsocks")
APPLICATIONS = ("tls12", "tls13", "ssh")
# Honest peers, with the weight of each: some retry the key exchange, some compute for long, some hardly get a processor.
DIRECT = (("tls12", 5), ("tls13", 5), ("ssh", 5), ("tls13-retry", 1), ("ssh-group16", 1), ("ssh-group18", 1), ("tls12-niced", 1),
          ("tls13-niced", 1), ("ssh-niced", 1))


@dataclass(frozen=True)
class Site:
    name: str
    net: str  # the first three numbers

    @property
    def address(self) -> str:
        return f"{self.net}.1"


@dataclass(frozen=True)
class Path:
    origin: str
    destination: str
    rtt_ms: float
    jitter_ms: float
    loss: float


@dataclass(frozen=True)
class Peer:
    number: int
    address: str      # what the victim sees
    relayed: bool
    kind: str         # of relay; "direct"
    application: str
    client_site: str
    relay_site: str   # "" without a relay
    detour_ms: float  # round trip between relay and client
    starts_s: tuple[float, ...]  # one handshake each

    @property
    def port(self) -> int:
        return FIRST_PORT + self.number


@dataclass
class RelayTestPlan:
    seed: int
    length_s: float
    snap: int
    relays: list[Site]
    clients: list[Site]
    paths: list[Path]
    peers: list[Peer]

    def as_document(self) -> dict[str, object]:
        return asdict(self)


def _path(rng: random.Random, origin: str, destination: str, low: float, high: float) -> Path:
    jitter = 0.1 * (40 ** rng.random())  # 0.1 to 4 ms in each direction
    loss = rng.uniform(0.001, 0.01) if rng.random() < 0.3 else 0.0
    return Path(origin, destination, round(rng.uniform(low, high), 3), round(jitter, 3), round(loss, 5))


def make_plan(seed: int, relayed: int, direct: int, length_s: float, snap: int, relay_sites: int = 10, client_sites: int = 16) -> RelayTestPlan:
    rng = random.Random(f"relay-test/{seed}")
    relays = [Site(f"relay-{n}", f"198.18.{10 + n}") for n in range(1, relay_sites + 1)]
    clients = [Site(f"client-{n}", f"198.18.{100 + n}") for n in range(1, client_sites + 1)]
    paths = [_path(rng, "victim", site.name, 10, 150) for site in relays]
    paths += [_path(rng, "victim", site.name, 5, 250) for site in clients]
    detours = {(r.name, c.name): _path(rng, r.name, c.name, 5, 200) for r in relays for c in clients}
    paths += detours.values()

    def times() -> tuple[float, ...]:
        count = rng.choice((1, 2)) if rng.random() < 0.1 else rng.randint(3, 6)
        return tuple(sorted(round(rng.uniform(2, length_s - 12), 3) for _ in range(count)))

    pairs = list(detours)
    rng.shuffle(pairs)
    peers: list[Peer] = []
    used = {site.name: 9 for site in (*relays, *clients)}

    def address_of(site: Site) -> str:
        used[site.name] += 1
        return f"{site.net}.{used[site.name]}"

    sites = {site.name: site for site in (*relays, *clients)}
    for number in range(relayed):
        kind = RELAY_KINDS[number % len(RELAY_KINDS)]
        application = "ssh" if kind == "ssh-J" else APPLICATIONS[number // len(RELAY_KINDS) % len(APPLICATIONS)]
        relay, client = pairs[number % len(pairs)]
        peers.append(Peer(number, address_of(sites[relay]), True, kind, application, client, relay, detours[relay, client].rtt_ms, times()))
    names, weights = zip(*DIRECT)
    for number in range(relayed, relayed + direct):
        client = clients[number % len(clients)]
        application = rng.choices(names, weights)[0]
        peers.append(Peer(number, address_of(client), False, "direct", application, client.name, "", 0.0, times()))
    return RelayTestPlan(seed, length_s, snap, relays, clients, paths, peers)


def emulator_config(plan: RelayTestPlan, namespace: str) -> str:
    """`namespace`: what precedes a site's name; each site's only interface is the emulator's device."""
    lines = [f"seed {plan.seed}"]
    nets = [("victim", "198.18.0"), *((site.name, site.net) for site in (*plan.relays, *plan.clients))]
    for name, net in nets:
        lines += [f"node {name} {namespace}{name} wan0", f"prefix {name} {net}.0/24"]
    for path in plan.paths:
        for pair in ((path.origin, path.destination), (path.destination, path.origin)):
            lines.append(f"link {pair[0]} {pair[1]} delay_us {round(path.rtt_ms * 500)} jitter_us {round(path.jitter_ms * 1000)}"
                         f" loss {path.loss} rate_bps 100000000 buffer_bytes 1048576 keep_order 1")
    return "\n".join(lines) + "\n"
