"""Which flow feeds which: the plan knows every session's listening ports, the captures who dialled them and when."""

from __future__ import annotations

import socket
from datetime import datetime, timezone
from typing import Any

from capture import Observer
from pcap import FlowSpan, Key
from plan import CALL_BACK_KINDS, Plan, Session

SCHEMA = "headwater.lab-truth/1"
FEWEST_PACKETS = 20  # a flow with fewer never carried a session


def listeners(plan: Plan, session: Session) -> list[tuple[str, int, str]]:
    """(listening host, port, dialling host) of each leg, from the victim backward."""
    nodes = [session.source, *session.chain, session.victim]
    legs = []
    for index in range(len(nodes) - 1):
        near, far = nodes[index], nodes[index + 1]
        if session.relay_kind in CALL_BACK_KINDS:
            near, far = far, near
        elif session.relay_kind == "ssh-R" and index == len(nodes) - 2:
            near, far = far, near
        legs.append((far, session.ports[index], near))
    return legs[::-1]


def wanted_servers(plan: Plan) -> set[tuple[bytes, int]]:
    return {(socket.inet_aton(plan.topology.host(host).address), port)
            for session in plan.sessions for host, port, _ in listeners(plan, session)}


def build(plan: Plan, observers: list[Observer], spans: dict[Key, FlowSpan], results: dict[str, dict[str, Any]]) -> dict[str, Any]:
    by_server: dict[tuple[bytes, int], list[tuple[Key, FlowSpan]]] = {}
    for key, span in spans.items():
        by_server.setdefault((key[2], key[3]), []).append((key, span))
    wish = plan.scenario
    sampling = {"sampling": wish.sampling, "sampling_mode": wish.sampling_mode} if wish.sampling > 1 else {}
    return {
        "schema": SCHEMA, "scenario": plan.scenario.name, "title": plan.scenario.title, "seed": plan.scenario.seed,
        "synthetic": True,
        "note": "Real programs on a laboratory network; countries, hosts and people are made up.",
        "hosts": [{"name": host.name, "address": host.address, "country": f"Country {host.country}", "role": host.role}
                  for host in plan.topology.hosts],
        "observers": [{"name": observer.name, "file": observer.file, "kind": observer.kind,
                       "clock_offset_s": plan.clock_offsets[observer.name], "covers": list(observer.covers), **sampling}
                      for observer in observers],
        "sessions": [_session(plan, session, by_server, results.get(session.id, {})) for session in plan.sessions],
    }


def _dialled(by_server: dict[tuple[bytes, int], list[tuple[Key, FlowSpan]]], address: dict[str, str], host: str, port: int,
             dialler: str) -> list[tuple[Key, FlowSpan]]:
    return [(key, span) for key, span in by_server.get((socket.inet_aton(address[host]), port), [])
            if socket.inet_ntoa(key[0]) == address[dialler] and span.packets >= FEWEST_PACKETS]


def _session(plan: Plan, session: Session, by_server: dict[tuple[bytes, int], list[tuple[Key, FlowSpan]]],
             result: dict[str, Any]) -> dict[str, Any]:
    address = {host.name: host.address for host in plan.topology.hosts}
    flows, missing = [], []
    for host, port, dialler in listeners(plan, session):
        found = _dialled(by_server, address, host, port, dialler)
        if session.relay_kind == "tor" and host != session.victim:  # either of two relays may have opened what they share
            found = sorted(found + _dialled(by_server, address, dialler, port, host), key=lambda entry: -entry[1].packets)
            if len(found) > 1 and found[1][1].packets * 20 > found[0][1].packets:
                missing.append(f"{host}:{port} (more than one connection)")
                continue
        if not found:
            missing.append(f"{host}:{port}")
            continue
        key, span = max(found, key=lambda entry: entry[1].packets)
        flows.append({"client": {"address": socket.inet_ntoa(key[0]), "port": key[1]},
                      "server": {"address": socket.inet_ntoa(key[2]), "port": port},
                      "protocol": {1: "icmp", 6: "tcp", 17: "udp"}[key[4]],
                      "first": rfc3339(span.first_us), "last": rfc3339(span.last_us)})
    complete = not missing and bool(result.get("ok"))
    document = {
        "id": session.id, "target": session.target and complete, "complete": complete, "driver": session.driver,
        "relay_kind": session.relay_kind, "service": session.end, "chain_length": len(session.chain),
        "source": address[session.source], "victim": address[session.victim],
        "start": min((flow["first"] for flow in flows), default=None),
        "end": max((flow["last"] for flow in flows), default=None),
        "flows": flows, "hops": [] if missing else _hops(session, address, flows),
    }
    if session.relay_kind == "shim":
        document["evasion"] = _evasion(session, address)
    if not complete:
        document["why_incomplete"] = "no flow seen at " + ", ".join(missing) if missing else result.get("note", "driver gave no result")
    return document


def _hops(session: Session, address: dict[str, str], flows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """hops[0] is the relay next to the victim: flows[0] is its action flow, flows[1] its control flow."""
    hops = []
    for index, relay in enumerate(reversed(session.chain)):
        dials_its_master = flows[index + 1]["client"]["address"] == address[relay]
        hops.append({"relay": address[relay], "kind": session.kinds[::-1][index],
                     "control": "call-back" if dials_its_master else "forward", "inbound": index + 1, "outbound": index})
    return hops


def _evasion(session: Session, address: dict[str, str]) -> dict[str, Any]:
    """What the shim did; `flow` is the one between its ends, `delays_at` the relay that held bytes back, both ways."""
    encoder = session.kinds.index("shim-encoder")
    return {**session.evasion, "flow": len(session.chain) - 1 - encoder, "delays_at": address[session.chain[encoder]]}


def rfc3339(micros: int) -> str:
    seconds, rest = divmod(micros, 1_000_000)
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") + f".{rest:06d}Z"
