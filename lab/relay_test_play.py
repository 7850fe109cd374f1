"""Plays a relay test inside the box: sites, relays, clients, and one capture, the victim's."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import services
from relay_test_plan import VICTIM, Peer, RelayTestPlan, emulator_config
from relays import CERTIFICATE, PYTHON, SSH_DEFAULTS, Fitting
from sandbox import HOME, STATE, TOOLS
from topology import PREFIX, Host, Topology

WAN = "wan0"
TLS_PORT = 4443
REDSOCKS_PORT = 12345
RESULTS = STATE / "results"
SSH_CONFIG = STATE / "etc/ssh_clients"


def _run_in(site: str, argv: list[str], text: str = "") -> None:
    subprocess.run(["nsenter", f"--net=/run/netns/{PREFIX}{site}", *argv], input=text, text=True, check=True)


def _build(plan: RelayTestPlan) -> None:
    nets = [("victim", VICTIM.rpartition(".")[0], [VICTIM])]
    for site in (*plan.relays, *plan.clients):
        own = [peer.address for peer in plan.peers if peer.address.startswith(site.net + ".")]
        nets.append((site.name, site.net, [site.address, *own]))
    for name, _, addresses in nets:
        subprocess.run(["ip", "netns", "add", PREFIX + name], check=True)
        _run_in(name, ["sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6"])
        batch = ["link set lo up", f"tuntap add dev {WAN} mode tun", f"link set {WAN} up txqueuelen 2000"]
        batch += [f"addr add {address}/32 dev {WAN}" for address in addresses]
        batch += [f"route add 198.18.0.0/15 dev {WAN} src {addresses[0]}"]
        subprocess.run(["ip", "-n", PREFIX + name, "-batch", "-"], input="\n".join(batch), text=True, check=True)


def _filters(plan: RelayTestPlan) -> None:
    """The victim's services behind every peer's port; at every site, each peer's own address; redsocks' redirections."""
    ssh = ",".join(str(p.port) for p in plan.peers if p.application.startswith("ssh"))
    tls = ",".join(str(p.port) for p in plan.peers if p.application.startswith("tls"))
    _run_in("victim", ["nft", "-f", "-"], "table ip lab {\n chain in {\n  type nat hook prerouting priority -100\n"
            f"  tcp dport {{ {ssh} }} redirect to :22\n  tcp dport {{ {tls} }} redirect to :{TLS_PORT}\n }}\n}}\n")
    for site in (*plan.relays, *plan.clients):
        own = [p for p in plan.peers if (p.relay_site or p.client_site) == site.name]
        rules = "".join(f"  ip daddr {VICTIM} tcp dport {p.port} snat to {p.address}\n" for p in own)
        text = "table ip lab {\n chain out {\n  type nat hook postrouting priority 100\n" + rules + " }\n"
        redirected = [p for p in plan.peers if p.kind == "redsocks" and p.client_site == site.name]
        text += " chain redirected {\n  type nat hook output priority -100\n"
        text += "".join(f"  ip daddr {VICTIM} tcp dport {p.port} redirect to :{REDSOCKS_PORT + p.number}\n" for p in redirected)
        _run_in(site.name, ["nft", "-f", "-"], text + " }\n}\n")


def _config(name: str, text: str) -> str:
    path = STATE / "etc" / name
    path.write_text(text)
    return str(path)


def _start_services(plan: RelayTestPlan, processes: services.Processes) -> None:
    web = _config("victim.haproxy", "global\n  nbthread 1\n  maxconn 2000\ndefaults\n  mode http\n  timeout connect 10s\n  timeout client 30s\n"
                  f"  timeout server 30s\nfrontend tls\n  bind *:{TLS_PORT} ssl crt {CERTIFICATE} curves X25519:P-256\n"
                  "  http-request return status 200 content-type text/plain string hello\n")
    processes.start("victim", ["haproxy", "-db", "-f", web], "web")
    sshd = services._sshd_config()
    for name in ("victim", *(site.name for site in plan.relays)):
        processes.start(name, ["/usr/sbin/sshd", "-D", "-e", "-f", sshd], "sshd")
    for site in plan.relays:
        own = [peer for peer in plan.peers if peer.relay_site == site.name]
        dante = _config(f"{site.name}.danted", f"logoutput: stderr\ninternal: {site.address} port = 1080\nexternal: {site.address}\n"
                        "socksmethod: none\nclientmethod: none\nuser.privileged: root\nuser.unprivileged: nobody\n"
                        "client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }\nsocks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }\n")
        host = Host(site.name, "A", "relay", site.address)
        processes.start(site.name, ["danted", "-f", dante, "-p", str(STATE / f"etc/{site.name}.pid")], "dante")
        processes.start(site.name, services._microsocks(host), "microsocks")
        processes.start(site.name, services._tinyproxy(host), "tinyproxy")
        forwards = [(peer.port, VICTIM, peer.port) for peer in own if peer.kind == "haproxy"]
        if forwards:
            fitting = SimpleNamespace(haproxy={site.name: forwards})
            processes.start(site.name, ["haproxy", "-db", "-f", services._haproxy_config(host, fitting)], "haproxy")
        for peer in own:
            if peer.kind == "socat":
                processes.start(site.name, ["socat", f"TCP-LISTEN:{peer.port},fork,reuseaddr,nodelay,backlog=16",
                                            f"TCP:{VICTIM}:{peer.port},nodelay"], f"socat-{peer.number}")
    relay_address = {site.name: site.address for site in plan.relays}
    time.sleep(2)  # sshd at the relays must listen before the tunnels dial
    for peer in plan.peers:
        relay = relay_address.get(peer.relay_site, "")
        if peer.kind in ("ssh-D", "ssh-L"):
            what = ["-D", f"127.0.0.1:{peer.port}"] if peer.kind == "ssh-D" else ["-L", f"127.0.0.1:{peer.port}:{VICTIM}:{peer.port}"]
            processes.start(peer.client_site, ["ssh", "-F", str(SSH_CONFIG), "-N", *what, relay], f"tunnel-{peer.number}")
        if peer.kind == "redsocks":
            config = _config(f"redsocks-{peer.number}", 'base { log_debug = off; log_info = off; log = "stderr"; daemon = off; redirector = iptables; }\n'
                             f"redsocks {{ local_ip = 127.0.0.1; local_port = {REDSOCKS_PORT + peer.number}; ip = {relay}; port = 1080; type = socks5; }}\n")
            processes.start(peer.client_site, ["redsocks", "-c", config], f"redsocks-{peer.number}")


def client_command(peer: Peer, relay: str) -> list[str]:
    """One handshake of this peer, and a word or two."""
    target, port, via_curl, via_ssh = VICTIM, peer.port, [], []
    if peer.kind in ("socat", "haproxy"):
        target = relay
    elif peer.kind == "ssh-L":
        target = "127.0.0.1"
    elif peer.kind in ("dante", "microsocks", "ssh-D"):
        proxy = {"dante": f"{relay}:1080", "microsocks": f"{relay}:1081", "ssh-D": f"127.0.0.1:{peer.port}"}[peer.kind]
        via_curl, via_ssh = ["--socks5", proxy], ["-o", f"ProxyCommand nc -X 5 -x {proxy} %h %p"]
    elif peer.kind == "tinyproxy":
        via_curl, via_ssh = ["-p", "-x", f"http://{relay}:8888"], ["-o", f"ProxyCommand nc -X connect -x {relay}:8888 %h %p"]
    elif peer.kind == "ssh-J":
        via_ssh = ["-o", f"ProxyCommand ssh -F {SSH_CONFIG} -W %h:%p {relay}"]
    before = ["nice", "-n", "19"] if peer.application.endswith("-niced") else []
    application = peer.application.partition("-")
    if application[0] == "ssh":
        kex = {"group16": ["-o", "KexAlgorithms=diffie-hellman-group16-sha512"],
               "group18": ["-o", "KexAlgorithms=diffie-hellman-group18-sha512"]}.get(application[2], [])
        return [*before, "ssh", "-F", str(SSH_CONFIG), *kex, *via_ssh, "-p", str(port), target, "true"]
    version = ["--tls-max", "1.2"] if application[0] == "tls12" else ["--tlsv1.3"]
    curves = ["--curves", "P-521:X25519"] if application[2] == "retry" else []
    return [*before, "curl", "-sk", "--max-time", "30", *version, *curves, *via_curl, "-o", "/dev/null", f"https://{target}:{port}/"]


PLAYER = '''
import json, subprocess, sys, time
jobs = json.load(open(sys.argv[1])); began = float(sys.argv[2]); running, results = [], []
def reap(wait):
    for entry in running[:]:
        number, process, deadline = entry
        if wait and process.poll() is None:
            try: process.wait(max(0.1, deadline - time.time()))
            except subprocess.TimeoutExpired: process.kill()
        if process.poll() is None and time.time() > deadline: process.kill(); process.wait()
        if process.poll() is not None: running.remove(entry); results.append([number, process.returncode])
for at, number, argv in sorted(jobs):
    time.sleep(max(0.0, began + at - time.time()))
    running.append((number, subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=sys.stderr), time.time() + 40))
    reap(False)
reap(True)
json.dump(results, open(sys.argv[3], "w"))
'''


def play(plan: RelayTestPlan, emulator: Path, out: Path, lab: Path) -> dict[str, object]:
    """Leaves victim.pcap and truth.json in `out`."""
    hosts = [Host("victim", "A", "victim", VICTIM), *(Host(s.name, "A", "site", s.address) for s in (*plan.relays, *plan.clients))]
    processes = services.Processes(SimpleNamespace(topology=Topology(hosts, ["A"])))
    _build(plan)
    config = STATE / "etc/links.conf"
    config.write_text(emulator_config(plan, PREFIX))
    links = subprocess.Popen([str(emulator), str(config)], stdout=subprocess.PIPE, text=True)
    if not links.stdout or links.stdout.readline().strip() != "ready":
        raise services.ServiceError("the link emulator did not start")
    services.prepare_files(lab, Fitting())
    SSH_CONFIG.write_text("Host *" + SSH_DEFAULTS.replace("\n", "\n  ") + "\n")
    player = TOOLS / "relay_test_player.py"
    player.write_text(PLAYER)
    RESULTS.mkdir()
    _filters(plan)
    _start_services(plan, processes)
    log = STATE / "tcpdump.log"
    with open(log, "wb") as output:
        capture = subprocess.Popen(["nsenter", f"--net=/run/netns/{PREFIX}victim", "tcpdump", "-i", WAN, "-n", "-p", "-s", str(plan.snap), "-B", "32768",
                                    "-Z", "root", "-w", str(out / "victim.pcap"), "tcp"], stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    time.sleep(4)
    if b"listening on" not in log.read_bytes():
        raise services.ServiceError(f"tcpdump did not start: {log.read_text()[-300:]}")
    relay_address = {site.name: site.address for site in plan.relays}
    began = time.time()
    players = []
    for site in plan.clients:
        jobs = [[at, peer.number, client_command(peer, relay_address.get(peer.relay_site, ""))]
                for peer in plan.peers if peer.client_site == site.name for at in peer.starts_s]
        (STATE / f"{site.name}.json").write_text(json.dumps(jobs))
        argv = [PYTHON, str(player), str(STATE / f"{site.name}.json"), str(began), str(RESULTS / f"{site.name}.json")]
        players.append(processes.start(site.name, argv, "player"))
    for one in players:
        one.wait(plan.length_s + 120)
    time.sleep(1)
    capture.send_signal(signal.SIGINT)
    capture.wait(20)
    links.send_signal(signal.SIGTERM)
    report = links.communicate(timeout=10)[0].strip().splitlines()[-1]
    dropped = re.search(r"(\d+) packets dropped by kernel", log.read_text())
    if dropped is None or int(dropped.group(1)) > 0:
        raise services.ServiceError(f"the capture lacks packets: {log.read_text()[-300:]}")
    good: dict[int, int] = {}
    for site in plan.clients:
        for number, status in json.loads((RESULTS / f"{site.name}.json").read_text()):
            good[number] = good.get(number, 0) + (status == 0)
    truth = {"schema": "headwater.lab-relay-test/1", "victim": VICTIM, "emulator": report, **plan.as_document()}
    truth["peers"] = [{**vars(peer), "port": peer.port, "done": good.get(peer.number, 0)} for peer in plan.peers]
    (out / "truth.json").write_text(json.dumps(truth, indent=1) + "\n")
    if os.environ.get("HW_LAB_KEEP_LOGS"):
        subprocess.run(["cp", "-r", str(STATE / "log"), str(out)], check=True)
    done = sum(good.values())
    planned = sum(len(peer.starts_s) for peer in plan.peers)
    print(f"{len(plan.peers)} peers, {done} of {planned} handshakes; {report}", file=sys.stderr)
    return {"done": done, "planned": planned}
