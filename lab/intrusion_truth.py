"""What happened in an intrusion run, for the judge: `headwater.lab-intrusion/1`.

The kernel listed the connections that the intruder's programs opened, the programs' diaries say what each was for, the
captures when it was and which sensors saw it.
"""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from intrusion_conn_log import UDP, Connection, Key, uids
from intrusion_network import sensors
from intrusion_plan import CONTROLLER, IntrusionPlan, Node
from intrusion_services import FourTuple
from truth import rfc3339

SCHEMA = "headwater.lab-intrusion/1"
MOST_UNANSWERED = 0.02
SLACK_US = 2_000  # diaries and captures keep the same clock
Event = dict[str, Any]


@dataclass
class Flow:
    """One connection of the intruder's, as all sensors together saw it, in true time."""

    key: Key
    first_us: int
    last_us: int
    uids: dict[str, str] = field(default_factory=dict)  # by sensor
    purpose: str = ""
    node: int = CONTROLLER  # whose program opened it
    step: int = -1

    def document(self) -> dict[str, Any]:
        return {"client": {"address": socket.inet_ntoa(self.key[0]), "port": self.key[1]},
                "server": {"address": socket.inet_ntoa(self.key[2]), "port": self.key[3]},
                "protocol": "udp" if self.key[4] == UDP else "tcp", "first": rfc3339(self.first_us), "last": rfc3339(self.last_us),
                "step": self.step, "uids": self.uids}


def uid_seed(plan: IntrusionPlan, sensor: str) -> str:
    return f"uid/{plan.seed}/{sensor}"


def read_events(folder: Path, pattern: str = "*") -> list[Event]:
    events = [json.loads(line) for path in sorted(folder.glob(pattern + ".jsonl")) for line in path.read_text().splitlines()]
    return sorted(events, key=lambda event: event["t"])


def build(plan: IntrusionPlan, seen: dict[str, list[Connection]], opened: set[FourTuple], events: list[Event]) -> dict[str, Any]:
    flows = _intruders_flows(plan, seen, opened)
    _explain(plan, flows, events)
    address = {host.name: host.address for host in plan.hosts}
    chain = [address[node.host] for node in plan.nodes]
    links = [_link(plan, node, flows, events) for node in plan.nodes]
    deed = next(step for step in plan.steps if step.what in ("collect", "destroy", "upload"))
    at_victim = [flow for flow in flows if flow.purpose == "victim"]
    missing = _missing(links, at_victim, deed.number, events) + _lost(seen)
    involved = {*chain, address[plan.victim]}
    probed = {socket.inet_ntoa(flow.key[2]) for flow in flows if flow.purpose == "probe"}
    return {
        "schema": SCHEMA, "seed": plan.seed, "synthetic": True,
        "note": "Real programs on a laboratory network; the company, its hosts and the intruder are made up.",
        "complete": not missing, "why_incomplete": "; ".join(missing) or None,
        "depth": len(plan.nodes), "controller": address[plan.front],
        "controller_behind": address[plan.controller] if plan.redirector else None,
        "entry": chain[0], "pivots": chain[1:], "victim": address[plan.victim],
        "hosts": [{"name": host.name, "address": host.address, "inside": host in plan.inside, "place": host.country, "role": host.role,
                   "part": _part(plan, host.name), "aliases": plan.aliases.get(host.name, [])} for host in plan.hosts],
        "uninvolved": [host.address for host in plan.inside if host.address not in involved],
        "probed": sorted(probed - involved),
        "observers": [{"name": sensor.name, "kind": sensor.kind, "log": sensor.log, "pcap": sensor.capture, "covers": sensor.covers,
                       "span": sensor.span, "clock_offset_s": plan.clock_offsets[sensor.name]} for sensor in sensors(plan)],
        "links": links,
        "attack": {"deed": deed.what, "service": plan.victim_method, "by": chain[-1],
                   "flows": [flow.document() | {"what": plan.steps[flow.step].what} for flow in at_victim]},
        "other_flows": [flow.document() | {"purpose": flow.purpose} for flow in flows
                        if flow.purpose in ("", "directory", "probe", "lookup")],
    }


def _part(plan: IntrusionPlan, name: str) -> str:
    parts = {node.host: "pivot" if node.number else "entry" for node in plan.nodes} | {plan.victim: "victim"}
    if name in (plan.controller, plan.redirector):
        return "redirector" if name == plan.redirector else "controller"
    return parts.get(name, "none")


def _intruders_flows(plan: IntrusionPlan, seen: dict[str, list[Connection]], opened: set[FourTuple]) -> list[Flow]:
    found: dict[Key, Flow] = {}
    for sensor, connections in seen.items():
        for one, uid in zip(connections, uids(len(connections), uid_seed(plan, sensor))):
            if one.key[:4] not in opened:
                continue
            flow = found.setdefault(one.key, Flow(one.key, one.first_us, one.last_us))
            flow.first_us, flow.last_us = min(flow.first_us, one.first_us), max(flow.last_us, one.last_us)
            flow.uids[sensor] = uid
    return sorted(found.values(), key=lambda flow: (flow.first_us, flow.key))


def _explain(plan: IntrusionPlan, flows: list[Flow], events: list[Event]) -> None:
    """Gives each flow its purpose: by its own port where a program noted it, else by who, where to and when."""
    of_host = {node.number: socket.inet_aton(plan.host(node.host).address) for node in plan.nodes}
    for event in events:
        if event["what"] not in ("opened", "program"):
            continue
        far = (socket.inet_aton(event["address"]), event["port"])
        for flow in flows:
            if flow.purpose or flow.key[0] != of_host[event["node"]] or flow.key[2:4] != far:
                continue
            if event["what"] == "opened":
                mine = flow.key[1] == event["local_port"]
            else:
                mine = event["begin"] * 1e6 - SLACK_US <= flow.first_us <= event["t"] * 1e6 + SLACK_US
            if mine:
                flow.purpose, flow.node, flow.step = event["purpose"], event["node"], event["step"]
    called = {}  # a call back that came to nothing is not in any diary
    for node in plan.nodes:
        if node.control.call_back:
            master = plan.front if node.control.master == CONTROLLER else plan.nodes[node.control.master].host
            called[of_host[node.number], socket.inet_aton(plan.host(master).address), node.control.port] = node.number
    for flow in flows:
        if not flow.purpose and flow.key[3] == 53:
            flow.purpose = "lookup"
        elif not flow.purpose and (node_number := called.get((flow.key[0], *flow.key[2:4]))) is not None:
            flow.purpose, flow.node = "control", node_number


def _link(plan: IntrusionPlan, node: Node, flows: list[Flow], events: list[Event]) -> dict[str, Any]:
    control, mine = node.control, plan.host(node.host).address
    far = plan.front if control.master == CONTROLLER else plan.nodes[control.master].host
    speaker = node.number if control.call_back else control.master
    end = plan.host(far).address if control.call_back else mine
    deploy = next((step for step in plan.steps if step.what == "deploy" and step.details["child"] == node.number), None)
    pull = plan.steps[deploy.number - 1] if deploy else None

    def those(*purposes: str, step: int | None = None) -> list[dict[str, Any]]:
        return [flow.document() for flow in flows if flow.purpose in purposes and (step is None or flow.step == step)]

    return {
        "from": plan.host(far).address, "to": mine, "control": "call-back" if control.call_back else "forward",
        "style": {"poll": "https-poll", "hold": "held-tls"}.get(control.style, control.style),
        "period_s": control.period_s, "jitter": control.jitter, "new_connection_each_time": control.fresh,
        "present": _when(events, "present", node=node.number),
        "control_flows": [flow.document() for flow in flows if flow.purpose == "control" and flow.node == speaker
                          and socket.inet_ntoa(flow.key[2]) == end],
        "deployed_by": plan.host(plan.nodes[node.number - 1].host).address if deploy else None, "deployed_over": node.method or None,
        "deploy_flows": those("deploy", "start", step=deploy.number) if deploy else [],
        "tool": {"bytes": deploy.details["bytes"], "pulled": "separately" if pull.what == "fetch" else "in the control flow",
                 "pull_flows": those("tool", step=pull.number)} if deploy and pull else None,
        "orders": [{"step": step.number, "what": step.what, "ordered": _when(events, "ordered", step=step.number),
                    "received": _when(events, "received", step=step.number), "done": _when(events, "done", step=step.number),
                    "reported": _when(events, "reported", step=step.number)} for step in plan.steps if step.node == node.number],
    }


def _when(events: list[Event], what: str, **wanted: int) -> str | None:
    for event in events:
        if event["what"] == what and all(event.get(key) == value for key, value in wanted.items()):
            return rfc3339(round(event["t"] * 1e6))
    return None


def _lost(seen: dict[str, list[Connection]]) -> list[str]:
    """Datagrams are not sent again: unanswered look-ups betray a machine that could not carry the run."""
    asked = [one for connections in seen.values() for one in connections if one.key[3] == 53]
    unanswered = sum(one.state() == "S0" for one in asked)
    if unanswered <= max(MOST_UNANSWERED * len(asked), 5):
        return []
    return [f"{unanswered} of {len(asked)} name look-ups unanswered: the machine lost packets (net.ipv4.neigh.default.gc_thresh3 too small?)"]


def _missing(links: list[dict[str, Any]], at_victim: list[Flow], deed: int, events: list[Event]) -> list[str]:
    missing = [f"no {what.replace('_', ' ')} seen towards {link['to']}" for link in links for what in ("control_flows", "deploy_flows")
               if not link[what] and (what == "control_flows" or link["deployed_by"])]
    if not any(flow.step == deed for flow in at_victim):
        missing.append("no deed seen at the victim")
    if not any(event["what"] == "finished" for event in events):
        failed = [f"step {event['step']}: {event['why']}" for event in events if event["what"] == "failed"]
        missing += failed or ["the operator did not finish"]
    return missing
