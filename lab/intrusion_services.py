"""Processes of an intrusion run: who runs as whom where, the daemons of every host, and the kernel's own list of the
connections that the intruder's programs opened.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import intrusion_wire as wire
import relays
import sandbox
import services
from intrusion_plan import IntrusionPlan
from relays import CERTIFICATE, PYTHON
from sandbox import HOME, STATE, TOOLS, UID
from topology import Host

INTRUDER, INTRUDER_UID = "svc", 2601
INTRUDER_HOME = STATE / "home-svc"
TOOL_FILES = ("intrusion_wire.py", "intrusion_agent.py", "intrusion_deeds.py", "intrusion_servers.py", "intrusion_neighbour.py")
DOCUMENTS = 80
START_TIMEOUT_S = 40


class Processes:
    """Every process of the run that lives in a host's namespace."""

    def __init__(self, plan: IntrusionPlan) -> None:
        self._plan = plan
        self.logs = STATE / "log"
        self.logs.mkdir(exist_ok=True)

    def start(self, host: str, argv: list[str], label: str, user: str = "root") -> subprocess.Popen[bytes]:
        namespace = self._plan.host(host).namespace
        uid, home = {"root": (0, "/root"), sandbox.USER: (UID, str(HOME)), INTRUDER: (INTRUDER_UID, str(INTRUDER_HOME))}[user]

        def prepare() -> None:
            sandbox.enter_network(namespace, host)
            if uid:
                os.setgroups([])
                os.setgid(uid)
                os.setuid(uid)

        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": home,
                       "USER": user}
        with open(self.logs / f"{host}-{label}.log", "ab") as log:
            return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=prepare, env=environment,
                                    cwd=home, start_new_session=True)


def prepare_files(lab: Path, plan: IntrusionPlan) -> None:
    """Two users with keys, the programs, the plan, each host's folders and documents."""
    services.prepare_files(lab, relays.Fitting())
    _add_user(INTRUDER, INTRUDER_UID, INTRUDER_HOME)
    for tool in TOOL_FILES:
        shutil.copy(lab / tool, TOOLS / tool)
    wire.ROOM.mkdir()
    wire.EVENTS.mkdir()
    os.chown(wire.EVENTS, INTRUDER_UID, INTRUDER_UID)
    wire.EVENTS.chmod(0o777)
    wire.PLAN.write_text(json.dumps(plan.for_agents()))
    _documents(wire.ROOM / "documents")
    for host in plan.hosts:
        _host_files(plan, host)


def _add_user(name: str, uid: int, home: Path) -> None:
    """/etc/passwd and /etc/group are the box's own copies."""
    for path, line in (("/etc/passwd", f"{name}:x:{uid}:{uid}::{home}:/bin/bash\n"), ("/etc/group", f"{name}:x:{uid}:\n"),
                       ("/etc/shadow", f"{name}:*:19000:0:99999:7:::\n")):
        with open(path, "a") as file:
            file.write(line)
    shutil.copytree(HOME / ".ssh", home / ".ssh")
    config = home / ".ssh/config"
    config.write_text(config.read_text().replace(str(HOME), str(home)).replace(f"User {sandbox.USER}", f"User {name}"))
    for path in [home, *home.rglob("*")]:
        os.chown(path, uid, uid)
    for folder in (HOME, HOME / ".ssh"):
        folder.chmod(0o711)  # one list of authorized keys serves both users


def _documents(folder: Path) -> None:
    """What backups copy: a dozen folders of files nobody wrote."""
    for area in range(12):
        (folder / str(area)).mkdir(parents=True)
        for number in range(6):
            (folder / str(area) / f"file-{number}").write_bytes(os.urandom(8_000 * (1 + (area * 7 + number * 13) % 40)))


def _host_files(plan: IntrusionPlan, host: Host) -> None:
    folder = wire.host_folder(host.name)
    for name in ("work", "docs", "home"):
        (folder / name).mkdir(parents=True)
        (folder / name).chmod(0o777)
    (folder / "home/draft.doc").write_bytes(os.urandom(60_000))
    if host.role in ("files", "directory"):
        for number in range(DOCUMENTS):
            (folder / f"docs/note-{number}.doc").write_bytes(os.urandom(5_000 + 3_000 * (number * 17 % 97)))
            (folder / f"docs/note-{number}.doc").chmod(0o666)
        for number in range(4):
            (folder / f"docs/policy-{number}.ini").write_bytes(os.urandom(900 * (number + 1)))
    (folder / "jobs.json").write_text(json.dumps(plan.jobs.get(host.name, [])))


def start_daemons(plan: IntrusionPlan, processes: Processes) -> None:
    _smb_password()
    wanted: dict[str, set[int]] = {}
    for host in plan.hosts:
        wanted[host.name] = set()
        for label, ports, argv in _daemons(plan, host):
            processes.start(host.name, argv, label)
            wanted[host.name] |= ports
    deadline = time.monotonic() + START_TIMEOUT_S
    for host in plan.hosts:
        while missing := wanted[host.name] - services.listening_ports(host.namespace):
            if time.monotonic() > deadline:
                raise services.ServiceError(f"{host.name}: nothing listens on {sorted(missing)} after {START_TIMEOUT_S} s")
            time.sleep(0.2)


def _daemons(plan: IntrusionPlan, host: Host) -> list[tuple[str, set[int], list[str]]]:
    """(label, ports it must listen on, command) of each daemon of a host."""
    servers, httpd = [PYTHON, str(TOOLS / "intrusion_servers.py")], [PYTHON, str(TOOLS / "httpd.py"), str(CERTIFICATE)]
    if host in plan.outside:
        return {"web": [("httpd", {80, 443}, httpd)], "vendor": [("httpd", {80, 443}, httpd)],
                "cloud": [("cloud", {443, 5223}, [*servers, "cloud", "443", "5223"])],
                "resolver": [("names", set[int](), [*servers, "names"])]}.get(host.role, [])
    found = [("sshd", {22}, ["/usr/sbin/sshd", "-D", "-e", "-f", services.sshd_config()]),
             ("smbd", {445}, ["smbd", "--foreground", "--no-process-group", "-s", _smb_config(host)]),
             ("remote", {5985}, [*servers, "remote", host.name, str(INTRUDER_UID)])]
    if host.role == "directory":
        resolver = plan.with_role("resolver")[0].address
        found += [("names", set(), [*servers, "names", resolver]),
                  ("slapd", {389, 636}, ["slapd", "-h", "ldap:/// ldaps:///", "-f", _directory_config(), "-d", "0"])]
    if host.role == "updates":
        found.append(("updates", {8530}, [*servers, "updates", plan.with_role("vendor")[0].address]))
    if host.role == "application":
        backends = [other.address for other in plan.with_role("application") if other is not host]
        found.append(("front", {80, 8080}, [*servers, "front", *backends]))
    if host.role == "distribution":
        found.append(("manager", {8443, 4505}, [*servers, "cloud", "8443", "4505"]))
    return found


def start_redirector(plan: IntrusionPlan, processes: Processes) -> None:
    if plan.redirector:
        for port in {443} | {node.control.port for node in plan.nodes if node.control.master < 0}:
            processes.start(plan.redirector, ["socat", f"TCP-LISTEN:{port},fork,reuseaddr",
                                              f"TCP:{plan.host(plan.controller).address}:{port}"], f"socat-{port}")


def _smb_config(host: Host) -> str:
    own = STATE / "smb" / host.name
    for name in ("lock", "state", "cache", "pid", "rpc"):
        (own / name).mkdir(parents=True, exist_ok=True)
    path, files = STATE / f"etc/{host.name}.smb", wire.host_folder(host.name)
    shares = "".join(f"[{share}]\n path = {files / share}\n read only = no\n force user = {sandbox.USER}\n create mask = 0666\n"
                     f" force create mode = 0666\n" for share in ("work", "docs"))
    path.write_text(f"""[global]
 server role = standalone server
 disable netbios = yes
 smb ports = 445
 passdb backend = tdbsam:{STATE}/etc/passdb.tdb
 private dir = {STATE}/etc
 lock directory = {own}/lock
 state directory = {own}/state
 cache directory = {own}/cache
 pid directory = {own}/pid
 ncalrpc dir = {own}/rpc
 log file = {own}/log
 load printers = no
 disable spoolss = yes
{shares}""")
    return str(path)


def _smb_password() -> None:
    config = STATE / "etc/any.smb"
    own = STATE / "smb/any"
    own.mkdir(parents=True)
    config.write_text(f"[global]\n passdb backend = tdbsam:{STATE}/etc/passdb.tdb\n private dir = {STATE}/etc\n"
                      + "".join(f" {name} = {own}\n" for name in ("lock directory", "state directory", "cache directory")))
    secret = wire.SMB_LOGIN.partition("%")[2]
    subprocess.run(["smbpasswd", "-c", str(config), "-s", "-a", sandbox.USER], input=f"{secret}\n{secret}\n", text=True, check=True,
                   stdout=subprocess.DEVNULL)


def _directory_config() -> str:
    data = STATE / "slapd"
    data.mkdir()
    config, entries = STATE / "etc/slapd.conf", STATE / "etc/entries.ldif"
    config.write_text(f"""include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile {STATE}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile {STATE}/etc/cert
TLSCertificateKeyFile {STATE}/etc/key
sizelimit unlimited
database mdb
suffix "dc=lab,dc=invalid"
directory {data}
""")
    text = "dn: dc=lab,dc=invalid\nobjectClass: dcObject\nobjectClass: organization\no: lab\ndc: lab\n\n"
    for number in range(60):
        text += (f"dn: uid=user{number},dc=lab,dc=invalid\nobjectClass: inetOrgPerson\nuid: user{number}\ncn: User {number}\n"
                 f"sn: {number}\nmail: user{number}@lab.invalid\n\n")
        text += f"dn: cn=device{number},dc=lab,dc=invalid\nobjectClass: device\ncn: device{number}\nserialNumber: {number * 7919}\n\n"
    entries.write_text(text)
    subprocess.run(["slapadd", "-f", str(config), "-l", str(entries)], check=True, stderr=subprocess.DEVNULL)
    return str(config)


# The kernel keeps the list of connections that the intruder's programs open: (source, port, destination, port).

_LIST = """table ip truth {
 set opened { type ipv4_addr . inet_service . ipv4_addr . inet_service; flags dynamic; size 65535; }
 chain out { type filter hook output priority 0;
  meta skuid %d tcp flags & (syn | ack) == syn add @opened { ip saddr . tcp sport . ip daddr . tcp dport }
  meta skuid %d meta l4proto udp add @opened { ip saddr . udp sport . ip daddr . udp dport }
 }
}
"""
FourTuple = tuple[bytes, int, bytes, int]


def watch_intruder(plan: IntrusionPlan) -> None:
    for host in plan.hosts:
        subprocess.run(["nsenter", f"--net=/run/netns/{host.namespace}", "nft", "-f", "-"], input=_LIST % (INTRUDER_UID, INTRUDER_UID),
                       text=True, check=True)


def opened_by_intruder(plan: IntrusionPlan) -> set[FourTuple]:
    found: set[FourTuple] = set()
    for host in plan.hosts:
        text = subprocess.run(["nsenter", f"--net=/run/netns/{host.namespace}", "nft", "-n", "list", "set", "ip", "truth", "opened"],
                              check=True, capture_output=True, text=True).stdout
        for source, port, destination, far_port in re.findall(r"([\d.]+) \. (\d+) \. ([\d.]+) \. (\d+)", text):
            found.add((socket.inet_aton(source), int(port), socket.inet_aton(destination), int(far_port)))
    return found
