"""The network of an intrusion run: a company's segments on a core router behind a border router, and the internet as
the link emulator's countries. Also where the sensors sit.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from intrusion_company import BORDER, COUNTRIES, country_net
from intrusion_plan import IntrusionPlan
from topology import PREFIX, TUNNEL, Host, ip_batch, look_like_a_wire, run_ip, set_sysctls

CORE, EDGE = PREFIX + "core", PREFIX + "border"
TRANSFER = "10.0.255"  # between core and border
QUIET = {"net/ipv6/conf/all/disable_ipv6": "1", "net/ipv6/conf/default/disable_ipv6": "1"}
ROUTING = QUIET | {"net/ipv4/ip_forward": "1"}


@dataclass(frozen=True)
class Sensor:
    name: str
    kind: str  # border or segment
    namespace: str
    device: str
    covers: str  # the net whose traffic it sees
    span: bool  # also what never leaves the segment

    @property
    def capture(self) -> str:
        return f"{self.name}.pcap"

    @property
    def log(self) -> str:
        return f"{self.name}.conn.log"


def sensors(plan: IntrusionPlan) -> list[Sensor]:
    found = [Sensor("border", "border", EDGE, "inside", plan.company_net, False)]
    return found + [Sensor(segment.name, "segment", CORE, f"br{segment.number}", f"{segment.net}.0/24", True)
                    for segment in plan.segments]


def emulator_config(plan: IntrusionPlan) -> str:
    lines = [f"seed {plan.seed}", f"node {BORDER} {EDGE} {TUNNEL}", f"prefix {BORDER} {plan.company_net}"]
    for country in COUNTRIES:
        lines += [f"node {country} {_router(country)} {TUNNEL}", f"prefix {country} {country_net(country)}.0/24"]
    lines += [f"link {link.origin} {link.destination} delay_us {round(link.delay_ms * 1000)} jitter_us"
              f" {round(link.jitter_ms * 1000)} loss {link.loss} rate_bps {round(link.rate_mbit * 1e6)}"
              " buffer_bytes 262144 keep_order 1" for link in plan.links]
    return "\n".join(lines) + "\n"


def write_emulator_config(plan: IntrusionPlan, path: Path) -> None:
    path.write_text(emulator_config(plan))


def build(plan: IntrusionPlan) -> None:
    _build_company(plan)
    for country in COUNTRIES:
        _build_country(country, [host for host in plan.outside if host.country == country], plan.aliases)


def _router(country: str) -> str:
    return f"{PREFIX}router-{country.lower()}"


def _build_company(plan: IntrusionPlan) -> None:
    for namespace in (EDGE, CORE):
        run_ip(f"netns add {namespace}")
        set_sysctls(namespace, ROUTING)
    ip_batch(EDGE, ["link set lo up", f"tuntap add dev {TUNNEL} mode tun", f"link set {TUNNEL} up txqueuelen 2000",
                    f"route add 198.18.0.0/15 dev {TUNNEL}", f"link add inside type veth peer name outside netns {CORE}",
                    f"addr add {TRANSFER}.1/30 dev inside", "link set inside up"])
    ip_batch(CORE, ["link set lo up", f"addr add {TRANSFER}.2/30 dev outside", "link set outside up",
                    f"route add default via {TRANSFER}.1"])
    ip_batch(EDGE, [f"route add {plan.company_net} via {TRANSFER}.2"])
    ports = ["outside"]
    for segment in plan.segments:
        members = [host for host in plan.inside if host.country == segment.name]
        ports += _attach(CORE, f"br{segment.number}", segment.net, members, {})
    look_like_a_wire(CORE, ports)
    look_like_a_wire(EDGE, ["inside"])


def _build_country(country: str, members: list[Host], aliases: dict[str, list[str]]) -> None:
    router = _router(country)
    run_ip(f"netns add {router}")
    set_sysctls(router, ROUTING)
    ip_batch(router, ["link set lo up", f"tuntap add dev {TUNNEL} mode tun", f"link set {TUNNEL} up txqueuelen 2000",
                      f"route add default dev {TUNNEL}"])
    look_like_a_wire(router, _attach(router, "br0", country_net(country), members, aliases))


def _attach(router: str, bridge: str, net: str, members: list[Host], aliases: dict[str, list[str]]) -> list[str]:
    """Hangs hosts on a bridge of the router; returns the devices at the router."""
    batch = [f"link add {bridge} type bridge", f"addr add {net}.1/24 dev {bridge}", f"link set {bridge} up"]
    devices = [bridge]
    for host in members:
        run_ip(f"netns add {host.namespace}")
        set_sysctls(host.namespace, QUIET | {"net/ipv4/ip_unprivileged_port_start": "0"})
        port = host.name[:15]
        devices.append(port)
        batch += [f"link add {port} type veth peer name eth0 netns {host.namespace}", f"link set {port} master {bridge}",
                  f"link set {port} up"]
    ip_batch(router, batch)
    for host in members:
        ip_batch(host.namespace, ["link set lo up", f"addr add {host.address}/24 dev eth0", "link set eth0 up",
                                  f"route add default via {net}.1"])
        ip_batch(host.namespace, [f"addr add {more}/24 dev eth0" for more in aliases.get(host.name, [])])
        look_like_a_wire(host.namespace, ["eth0"])
    return devices
