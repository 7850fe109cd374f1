"""Countries, hosts and the links between them: a plan first, then network namespaces that follow it."""

from __future__ import annotations

import array
import fcntl
import os
import random
import socket
import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

PREFIX = "hwlab-"
TUNNEL = "wan0"


@dataclass(frozen=True)
class Host:
    name: str
    country: str  # "A".."E"
    role: str  # source, relay, victim, server, user
    address: str

    @property
    def namespace(self) -> str:
        return PREFIX + self.name


@dataclass(frozen=True)
class Link:
    origin: str
    destination: str
    delay_ms: float
    jitter_ms: float
    loss: float
    rate_mbit: float


@dataclass
class Topology:
    hosts: list[Host]
    countries: list[str]
    links: list[Link] = field(default_factory=list)

    def host(self, name: str) -> Host:
        return next(host for host in self.hosts if host.name == name)

    def with_role(self, role: str) -> list[Host]:
        return [host for host in self.hosts if host.role == role]

    def members(self, country: str) -> list[Host]:
        return [host for host in self.hosts if host.country == country]


def country_net(country: str) -> str:
    """The /24 of a country, out of the range kept for benchmarks (RFC 2544)."""
    return f"198.18.{10 + 20 * (ord(country) - ord('A'))}"


def hardware_address(address: str) -> str:
    """A locally administered MAC address for an IPv4 address."""
    return "02:00:" + ":".join(f"{int(part):02x}" for part in address.split("."))


def router_namespace(country: str) -> str:
    return f"{PREFIX}router-{country.lower()}"


def plan_topology(counts: dict[str, int], countries: int, network: dict[str, float], rng: random.Random) -> Topology:
    """Hosts of each role dealt over the countries in turn, and one link for each ordered pair of countries."""
    names = [chr(ord("A") + index) for index in range(countries)]
    hosts: list[Host] = []
    next_number = {name: 10 for name in names}
    for role, count in counts.items():
        order = names[:]
        rng.shuffle(order)
        for index in range(count):
            country = order[index % len(order)]
            next_number[country] += rng.randint(1, 9)
            address = f"{country_net(country)}.{next_number[country]}"
            hosts.append(Host(f"{role}-{index + 1}", country, role, address))
    links = []
    for index, origin in enumerate(names):
        for destination in names[index + 1:]:
            delay = rng.uniform(network["delay_ms_min"], network["delay_ms_max"])
            for pair in ((origin, destination), (destination, origin)):  # paths are nearly, never quite, symmetric
                links.append(Link(*pair, round(delay * rng.uniform(0.95, 1.05), 3), network["jitter_ms"],
                                  network["loss"], network["rate_mbit"]))
    return Topology(hosts, names, links)


def emulator_config(topology: Topology, seed: int) -> str:
    lines = [f"seed {seed}"]
    for country in topology.countries:
        lines += [f"node {country} {router_namespace(country)} {TUNNEL}", f"prefix {country} {country_net(country)}.0/24"]
    for link in topology.links:
        lines.append(
            f"link {link.origin} {link.destination} delay_us {round(link.delay_ms * 1000)}"
            f" jitter_us {round(link.jitter_ms * 1000)} loss {link.loss}"
            f" rate_bps {round(link.rate_mbit * 1e6)} buffer_bytes 262144 keep_order 1"
        )
    return "\n".join(lines) + "\n"


def build(topology: Topology) -> None:
    """Makes the namespaces, bridges, veths, TUN devices, addresses and routes."""
    for country in topology.countries:
        _build_country(topology, country)


def _build_country(topology: Topology, country: str) -> None:
    router, net = router_namespace(country), country_net(country)
    run_ip(f"netns add {router}")
    batch = ["link set lo up", f"link add br0 address {hardware_address(net + '.1')} type bridge",
             f"addr add {net}.1/24 dev br0", "link set br0 up",
             f"tuntap add dev {TUNNEL} mode tun", f"link set {TUNNEL} up txqueuelen 2000",
             f"route add 198.18.0.0/15 dev {TUNNEL}"]
    for host in topology.members(country):
        run_ip(f"netns add {host.namespace}")
        port = host.name[:15]
        batch += [f"link add {port} type veth peer name eth0 address {hardware_address(host.address)} netns {host.namespace}",
                  f"link set {port} master br0 up",
                  f"neigh add {host.address} lladdr {hardware_address(host.address)} nud permanent dev br0"]
    # IPv6 off before the links come up: no neighbour chatter in captures of an IPv4 lab.
    set_sysctls(router, {"net/ipv4/ip_forward": "1", "net/ipv6/conf/all/disable_ipv6": "1",
                     "net/ipv6/conf/default/disable_ipv6": "1"})
    for host in topology.members(country):
        set_sysctls(host.namespace, {"net/ipv6/conf/all/disable_ipv6": "1", "net/ipv6/conf/default/disable_ipv6": "1"})
    ip_batch(router, batch)
    for host in topology.members(country):
        ip_batch(host.namespace, ["link set lo up", f"addr add {host.address}/24 dev eth0", "link set eth0 up",
                                   f"route add default via {net}.1",
                                   # Known for good: the kernel's table of neighbours is one for all namespaces and small.
                                   *(f"neigh add {address} lladdr {hardware_address(address)} nud permanent dev eth0"
                                     for address in [f"{net}.1", *(member.address for member in topology.members(country))]
                                     if address != host.address)])
        look_like_a_wire(host.namespace, ["eth0"])
    look_like_a_wire(router, ["br0"] + [host.name[:15] for host in topology.members(country)])


def run_ip(arguments: str) -> None:
    subprocess.run(["ip", *arguments.split()], check=True)


def ip_batch(namespace: str, commands: list[str]) -> None:
    subprocess.run(["ip", "-n", namespace, "-batch", "-"], input="\n".join(commands), text=True, check=True)


def set_sysctls(namespace: str, values: dict[str, str]) -> None:
    script = "; ".join(f"echo {value} > /proc/sys/{key}" for key, value in values.items())
    subprocess.run(["nsenter", f"--net=/run/netns/{namespace}", "sh", "-c", script], check=True)


def look_like_a_wire(namespace: str, devices: list[str]) -> None:
    """Turns segmentation and checksum offloads off, so that captured packets look as they would on a wire."""
    pid = os.fork()
    if pid == 0:
        import ctypes

        descriptor = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
        ok = ctypes.CDLL(None).setns(descriptor, 0x40000000) == 0
        if ok:
            for device in devices:
                disable_offloads(device)
        os._exit(0 if ok else 1)
    if os.waitpid(pid, 0)[1] != 0:
        raise RuntimeError(f"cannot enter {namespace}")


def disable_offloads(device: str) -> None:
    """What `ethtool -K DEVICE gro off gso off tso off sg off tx off` does, without the package."""
    siocethtool = 0x8946
    gro, gso, tso, scatter_gather, tx_checksum = 0x2C, 0x24, 0x1F, 0x19, 0x17
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        for command in (gro, gso, tso, scatter_gather, tx_checksum):
            value = array.array("B", struct.pack("II", command, 0))
            request = struct.pack("16sP", device.encode(), value.buffer_info()[0])
            try:
                fcntl.ioctl(handle, siocethtool, request)
            except OSError:
                pass  # a device that lacks the feature has nothing to turn off


def write_emulator_config(topology: Topology, seed: int, path: Path) -> None:
    path.write_text(emulator_config(topology, seed))
