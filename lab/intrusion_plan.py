"""From a seed to one whole intrusion: the company, the internet around it, who takes which host over and how, and what
everybody else does meanwhile. Pure: same seed, same plan.

Nodes are the attacker's footholds: node 0 is the entry host, the following are the pivots in order. The operator's
orders are a list of steps fixed here; what travels over the network is a step's number, padded to a likely size.
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field
from typing import Any

from topology import Host, Link

CONTROLLER = -1  # stands for the controller where a node's number is asked
LENGTH_LIMIT_S = 280.0
DEPTHS = (2, 3, 4)
DEPLOY_METHODS = ("smb", "ssh", "winrm")
SERVICE_PORT = {"smb": 445, "ssh": 22, "winrm": 5985}


@dataclass(frozen=True)
class Segment:
    name: str
    number: int
    net: str  # the first three bytes of its /24


@dataclass(frozen=True)
class Control:
    """How orders reach a node: `hold` and `poll` are call-back (the node dials), the rest are driven forward."""

    style: str  # hold, poll, ssh, winrm, smb
    master: int  # the node that speaks to it, or CONTROLLER
    port: int  # where the dialled side listens
    period_s: float = 0.0  # poll: mean pause; hold: pause between signs of life, 0 without
    jitter: float = 0.0  # poll: share of the period
    fresh: bool = False  # poll: a new connection each time

    @property
    def call_back(self) -> bool:
        return self.style in ("hold", "poll")


@dataclass(frozen=True)
class Node:
    number: int
    host: str
    method: str  # how it was taken over: "" for the entry host
    control: Control
    listen_https: int  # where it serves its own children, 0 without
    listen_raw: int


@dataclass(frozen=True)
class Step:
    number: int
    node: int
    what: str  # survey, directory, probe, fetch, deploy, look, collect, destroy, upload, send
    think_s: float  # the operator's pause before it
    order_bytes: int
    answer_bytes: int
    details: dict[str, Any] = field(default_factory=dict)


@dataclass
class IntrusionPlan:
    seed: int
    segments: list[Segment]
    hosts: list[Host]  # `country` is the segment's name inside, the country's letter outside
    aliases: dict[str, list[str]]  # further addresses of outside hosts: the internet is larger than its machines here
    links: list[Link]
    nodes: list[Node]
    steps: list[Step]
    victim: str
    victim_method: str  # smb or ssh
    controller: str
    redirector: str  # "" without
    begin_s: float
    tail_s: float
    jobs: dict[str, list[dict[str, Any]]]  # by host: what everybody else does
    clock_offsets: dict[str, float]  # by observer

    def host(self, name: str) -> Host:
        return next(host for host in self.hosts if host.name == name)

    def with_role(self, *roles: str) -> list[Host]:
        return [host for host in self.hosts if host.role in roles]

    @property
    def inside(self) -> list[Host]:
        names = {segment.name for segment in self.segments}
        return [host for host in self.hosts if host.country in names]

    @property
    def outside(self) -> list[Host]:
        inside = {host.name for host in self.inside}
        return [host for host in self.hosts if host.name not in inside]

    @property
    def front(self) -> str:
        """What the company's hosts dial: the redirector where there is one."""
        return self.redirector or self.controller

    @property
    def company_net(self) -> str:
        return self.segments[0].net.rsplit(".", 1)[0] + ".0.0/16"

    def for_agents(self) -> dict[str, Any]:
        """What the programs inside the box read."""
        address = {host.name: host.address for host in self.hosts}
        return {"address": address, "nodes": [asdict(node) for node in self.nodes],
                "steps": [asdict(step) for step in self.steps], "victim": address[self.victim],
                "victim_method": self.victim_method, "controller": address[self.controller], "front": address[self.front],
                "names": address[self.with_role("directory")[0].name], "seed": self.seed}


def make_plan(seed: int) -> IntrusionPlan:
    from intrusion_company import plan_aliases, plan_clocks, plan_company, plan_jobs  # the company does not know of the intrusion

    rng = random.Random(f"intrusion/{seed}")
    segments, hosts, links = plan_company(rng)
    aliases = plan_aliases(hosts, rng)
    depth = DEPTHS[seed % len(DEPTHS)]
    inside = {segment.name for segment in segments}
    victim = rng.choice([host.name for host in hosts if host.role == "files"])
    chain = _choose_chain([host for host in hosts if host.country in inside and host.name != victim], depth, rng)
    nodes = _plan_nodes(chain, rng)
    victim_method = "smb" if rng.random() < 0.75 else "ssh"
    steps = _plan_steps(nodes, victim_method, rng)
    redirector = "redirector" if any(host.role == "redirector" for host in hosts) else ""
    return IntrusionPlan(
        seed=seed, segments=segments, hosts=hosts, aliases=aliases, links=links, nodes=nodes, steps=steps, victim=victim,
        victim_method=victim_method, controller="controller", redirector=redirector,
        begin_s=round(rng.uniform(20, 45), 3), tail_s=round(rng.uniform(8, 18), 3),
        jobs=plan_jobs(segments, hosts, aliases, rng), clock_offsets=plan_clocks(segments, rng))


def _choose_chain(inside: list[Host], depth: int, rng: random.Random) -> list[str]:
    """The entry host is mostly a workstation; a pivot can be any host but the directory and the update server."""
    stations = [host.name for host in inside if host.role in ("workstation", "administrator")]
    public = [host.name for host in inside if host.role == "application"]
    chain = [rng.choice(stations if rng.random() < 0.8 or not public else public)]
    possible = [host.name for host in inside if host.role not in ("directory", "updates", "monitor")]
    while len(chain) < depth:
        candidate = rng.choice(possible)
        if candidate not in chain:
            chain.append(candidate)
    return chain


def _plan_nodes(chain: list[str], rng: random.Random) -> list[Node]:
    controls = [_entry_control(rng)]
    methods = [""]
    for number in range(1, len(chain)):
        method = rng.choices(DEPLOY_METHODS, weights=(5, 3, 3))[0]
        methods.append(method)
        controls.append(_pivot_control(number, method, controls[0], rng))
    nodes = []
    for number, host in enumerate(chain):
        children = [control for control in controls if control.master == number and control.call_back]
        https = rng.choice([8444, 8081, 8000, 9443])
        raw = rng.choice([4444, 1443, 9001, 50443])
        nodes.append(Node(number, host, methods[number], controls[number], https if children else 0, raw if children else 0))
    # A child's port is its master's: known only now.
    return [_with_port(node, nodes) for node in nodes]


def _with_port(node: Node, nodes: list[Node]) -> Node:
    control = node.control
    if not control.call_back or control.master == CONTROLLER:
        return node
    master = nodes[control.master]
    port = master.listen_https if control.style == "poll" else master.listen_raw
    return Node(node.number, node.host, node.method, Control(**{**asdict(control), "port": port}), node.listen_https,
                node.listen_raw)


def _entry_control(rng: random.Random) -> Control:
    return _poll(CONTROLLER, 443, rng) if rng.random() < 0.6 else _hold(CONTROLLER, rng.choice([8443, 4443, 993]), rng)


def _pivot_control(number: int, method: str, entry: Control, rng: random.Random) -> Control:
    kind = rng.choices(("parent", "controller", "forward"), weights=(50, 20, 30))[0]
    if kind == "forward":
        return Control(method, number - 1, SERVICE_PORT[method])
    if kind == "controller":  # one raw port for all, so that the controller looks like one machine
        raw = entry.port if entry.style == "hold" else 8443
        return _poll(CONTROLLER, 443, rng) if rng.random() < 0.6 else _hold(CONTROLLER, raw, rng)
    return _poll(number - 1, 0, rng) if rng.random() < 0.45 else _hold(number - 1, 0, rng)


def _poll(master: int, port: int, rng: random.Random) -> Control:
    return Control("poll", master, port, round(rng.uniform(2.0, 7.0), 3), round(rng.uniform(0.1, 0.5), 3), rng.random() < 0.6)


def _hold(master: int, port: int, rng: random.Random) -> Control:
    return Control("hold", master, port, round(rng.uniform(10, 30), 3) if rng.random() < 0.6 else 0.0)


class _Operator:
    """Writes the steps down in order, with a person's pauses."""

    def __init__(self, depth: int, rng: random.Random) -> None:
        self._rng, self._median_s = rng, {2: 7.0, 3: 5.0, 4: 4.0}[depth]
        self.steps: list[Step] = []

    def order(self, node: int, what: str, answer: tuple[int, int] = (60, 400), carried: int = 0, **details: Any) -> None:
        think = min(28.0, max(1.2, self._rng.lognormvariate(0, 0.6) * self._median_s))
        self.steps.append(Step(len(self.steps), node, what, round(think, 3), carried + self._rng.randint(90, 500),
                               self._rng.randint(*answer), details))

    def explore(self, node: int) -> None:
        self.order(node, "survey", (800, 25_000))
        if self._rng.random() < 0.5:
            self.order(node, "directory", (2_000, 40_000))
        if self._rng.random() < 0.4:
            self.order(node, "probe", count=self._rng.randint(2, 4), ports=self._rng.sample([22, 445, 5985], self._rng.randint(1, 2)))


def _plan_steps(nodes: list[Node], victim_method: str, rng: random.Random) -> list[Step]:
    operator = _Operator(len(nodes), rng)
    operator.explore(0)
    for node in nodes[1:]:
        before = nodes[node.number - 1]
        tool_bytes = round(min(3_000_000, max(150_000, rng.lognormvariate(13.3, 0.7))))
        # Pull: a transfer of its own from the master, or inside the control flow itself.
        if before.control.call_back and rng.random() < 0.6:
            operator.order(before.number, "fetch", bytes=tool_bytes)
        else:
            operator.order(before.number, "receive", carried=tool_bytes, bytes=tool_bytes)
        operator.order(before.number, "deploy", child=node.number, bytes=tool_bytes, separate_start=rng.random() < 0.5)
        operator.explore(node.number)
    last = nodes[-1].number
    operator.order(last, "look", (500, 6_000))
    deed = rng.choice(["collect", "destroy", "upload"])
    operator.order(last, deed, files=rng.randint(15, 60), bytes=rng.randint(2_000_000, 9_000_000))
    if deed == "collect":
        operator.order(last, "send", answer=(1_500_000, 4_000_000))
    else:
        operator.order(last, "survey", (300, 2_000))
    return operator.steps
