"""Scenario files: small TOML texts that say which network, which hosts, which sessions."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pcap import SAMPLING_MODES

RELAY_KINDS = ("ssh-nested", "ssh-J", "ssh-L", "ssh-D", "ssh-R", "socat", "socat-tls", "dante", "microsocks",
               "tinyproxy", "haproxy", "stunnel", "reverse-socat-tls", "https-poll", "sshuttle", "redsocks",
               "tool-copy", "iodine", "ptunnel-ng", "mixed", "shim", "tor")
MIXABLE = ("ssh-J", "ssh-L", "ssh-D", "socat", "socat-tls", "dante", "microsocks", "tinyproxy", "haproxy", "stunnel")
SHIM_NEIGHBOURS = ("socat", "dante", "microsocks", "haproxy")  # further relays of a chain with a shim
EVASIONS = ("jitter_s", "hold_s", "chaff", "record", "interval_ms", "split")
DRIVERS = ("keystroke", "command", "bulk", "beacon")
ENDS = ("ssh", "shell", "any")
ROLES = ("source", "relay", "victim", "server", "user")


class ScenarioError(Exception):
    """A scenario file says something the lab cannot do; the message says where."""


@dataclass(frozen=True)
class Group:
    """Sessions of one sort: every relay kind with every driver, `count` times."""

    relay_kinds: list[str]
    drivers: list[str]
    chain_lengths: list[int]
    count: int = 1
    target: bool = True
    end: str = "any"
    relays: list[str] = field(default_factory=list)  # named relays, source side first; empty: drawn
    mixed: list[str] = field(default_factory=list)  # a kind for each relay, instead of relay_kinds
    length_s: list[float] = field(default_factory=list)  # overrides the scenario's
    bulk_mbit: list[float] = field(default_factory=list)  # overrides the scenario's
    evasion: dict[str, float] = field(default_factory=dict)  # what the shim does: the options of evasion_shim.cpp


@dataclass(frozen=True)
class Scenario:
    name: str
    seed: int
    title: str
    length_s: list[float]
    start_within_s: float
    time_limit_s: float
    countries: int
    network: dict[str, float]
    hosts: dict[str, int]
    snap: int
    borders: bool
    clock_offset_s: float
    sampling: int  # every observer keeps one packet in so many
    sampling_mode: str
    background: dict[str, float]
    bulk_mbit: list[float]
    groups: list[Group]


_NETWORK = {"countries": 5, "delay_ms_min": 8.0, "delay_ms_max": 80.0, "jitter_ms": 0.5, "loss": 0.0002,
            "rate_mbit": 40.0}
_HOSTS = {"source": 4, "relay": 6, "victim": 4, "server": 3, "user": 3}
_OBSERVERS = {"snap": 128, "borders": True, "clock_offset_s": 1.5, "sampling": 1, "sampling_mode": "systematic"}
_BACKGROUND = {"web_clients": 6, "proxied_web_clients": 4, "backups": 3, "monitors": 1}
_SESSIONS = {"length_s": [60, 100], "start_within_s": 15, "time_limit_s": 130, "bulk_mbit": [0.4, 2.0]}


def load(path: Path) -> Scenario:
    try:
        return parse(tomllib.loads(path.read_text()), path.stem, str(path))
    except OSError as error:
        raise ScenarioError(f"cannot read {path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path}: {error}") from error


def parse(document: dict[str, Any], name: str, where: str) -> Scenario:
    _only(document, {"seed", "title", "network", "hosts", "observers", "sessions", "background", "group"}, where)
    network = _section(document, "network", _NETWORK, where)
    hosts = _section(document, "hosts", _HOSTS, where)
    observers = _section(document, "observers", _OBSERVERS, where)
    sessions = _section(document, "sessions", _SESSIONS, where)
    background = _section(document, "background", _BACKGROUND, where)
    groups = [_group(entry, hosts, f"{where}: group {index + 1}")
              for index, entry in enumerate(document.get("group", []))]
    if not groups:
        raise ScenarioError(f"{where}: no [[group]]: a scenario needs at least one sort of session")
    countries = int(network.pop("countries"))
    if not 2 <= countries <= 5:
        raise ScenarioError(f"{where}: network.countries must lie in 2..5")
    if int(observers["sampling"]) < 1 or observers["sampling_mode"] not in SAMPLING_MODES:
        raise ScenarioError(f"{where}: observers.sampling is 1 in 1 or more, sampling_mode one of {', '.join(SAMPLING_MODES)}")
    return Scenario(
        name=name, seed=int(document.get("seed", 1)), title=str(document.get("title", name)),
        length_s=_range(sessions["length_s"], f"{where}: sessions.length_s"),
        start_within_s=float(sessions["start_within_s"]), time_limit_s=float(sessions["time_limit_s"]),
        countries=countries, network={key: float(value) for key, value in network.items()},
        hosts={role: int(hosts[role]) for role in ROLES}, snap=int(observers["snap"]),
        borders=bool(observers["borders"]), clock_offset_s=float(observers["clock_offset_s"]),
        sampling=int(observers["sampling"]), sampling_mode=str(observers["sampling_mode"]),
        background={key: int(value) for key, value in background.items()},
        bulk_mbit=_range(sessions["bulk_mbit"], f"{where}: sessions.bulk_mbit"), groups=groups)


def _group(entry: dict[str, Any], hosts: dict[str, Any], where: str) -> Group:
    try:
        group = Group(relay_kinds=list(entry.pop("relay_kinds", [])), drivers=list(entry.pop("drivers", [])),
                      chain_lengths=list(entry.pop("chain_lengths", [])), **entry)
    except TypeError as error:
        raise ScenarioError(f"{where}: {error}") from error
    for values, known, what in ((group.relay_kinds, RELAY_KINDS, "relay kind"), (group.drivers, DRIVERS, "driver"),
                                (group.mixed, MIXABLE, "mixable relay kind"), ([group.end], ENDS, "end")):
        for value in values:
            if value not in known:
                raise ScenarioError(f"{where}: unknown {what} '{value}'; known: {', '.join(known)}")
    for name, value in group.evasion.items():
        if name not in EVASIONS or not isinstance(value, (int, float)) or value < 0:
            raise ScenarioError(f"{where}: evasion '{name} = {value}'; known, from 0: {', '.join(EVASIONS)}")
    if group.evasion and group.relay_kinds != ["shim"]:
        raise ScenarioError(f"{where}: 'evasion' belongs to relay_kinds = [\"shim\"]")
    if "shim" in group.relay_kinds and min(group.chain_lengths, default=0) < 2:
        raise ScenarioError(f"{where}: a shim is a pair of relays: chain_lengths from 2")
    if "tor" in group.relay_kinds and (group.chain_lengths != [3] or int(hosts["server"]) < 3):
        raise ScenarioError(f"{where}: Tor circuits have three relays (chain_lengths = [3]) and need hosts.server = 3")
    if not group.drivers or not (group.relay_kinds or group.mixed):
        raise ScenarioError(f"{where}: needs 'drivers' and 'relay_kinds' (or 'mixed')")
    longest = max(group.chain_lengths + [len(group.mixed), len(group.relays)])
    if longest > int(hosts["relay"]):
        raise ScenarioError(f"{where}: a chain of {longest} needs as many relays; hosts.relay is {hosts['relay']}")
    if not group.chain_lengths and not group.mixed and not group.relays:
        raise ScenarioError(f"{where}: needs 'chain_lengths'")
    return group


def _section(document: dict[str, Any], name: str, defaults: dict[str, Any], where: str) -> dict[str, Any]:
    given = document.get(name, {})
    _only(given, set(defaults), f"{where}: [{name}]")
    return defaults | given


def _only(given: dict[str, Any], known: set[str], where: str) -> None:
    for key in given:
        if key not in known:
            raise ScenarioError(f"{where}: unknown key '{key}'; known: {', '.join(sorted(known))}")


def _range(value: Any, where: str) -> list[float]:
    if not (isinstance(value, list) and len(value) == 2 and 0 < value[0] <= value[1]):
        raise ScenarioError(f"{where} must be [least, most], both positive")
    return [float(value[0]), float(value[1])]
