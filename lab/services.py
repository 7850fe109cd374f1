"""Starts the relays' and servers' daemons in their hosts' namespaces, and waits until they listen."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import sandbox
import tor_network
from plan import Plan
from relays import CERTIFICATE, CLIENTS, PYTHON, SSH_DEFAULTS, Fitting
from sandbox import HOME, STATE, TOOLS, UID
from topology import Host

DAEMON_PORTS = {"sshd": 22, "dante": 1080, "microsocks": 1081, "tinyproxy": 8888}
STUNNEL_INNER_PORT = 4000  # loopback ports between the two halves of a TLS-to-TLS relay
START_TIMEOUT_S = 20
TOR_TIMEOUT_S = 240


class ServiceError(Exception):
    """A daemon did not come up; the message names it and shows the end of its log."""


class Processes:
    """Every process of the run that lives in a host's namespace."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._logs = STATE / "log"
        self._logs.mkdir(exist_ok=True)
        self.running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def start(self, host: str, argv: list[str], label: str, as_user: bool = False, cwd: str = "/") -> subprocess.Popen[bytes]:
        namespace = self._plan.topology.host(host).namespace

        def prepare() -> None:
            sandbox.enter_network(namespace, host)
            if as_user:
                sandbox.become_user()

        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
                       "TERM": "xterm", "HOME": str(HOME) if as_user else "/root", "USER": sandbox.USER if as_user else "root"}
        with open(self.log_path(host, label), "ab") as log:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=prepare,
                                       env=environment, cwd=cwd, start_new_session=True)
        self.running.append((f"{label} on {host}", process))
        return process

    def log_path(self, host: str, label: str) -> Path:
        return self._logs / f"{host}-{label}.log"

    def check(self, host: str, label: str, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is not None:
            tail = self.log_path(host, label).read_text(errors="replace")[-600:]
            raise ServiceError(f"{label} on {host} ended with status {process.returncode}:\n{tail}")


def prepare_files(source: Path, fitting: Fitting) -> None:
    """Keys, certificate, client configurations, tools and the files that a victim has, inside the box."""
    ssh = HOME / ".ssh"
    ssh.mkdir(mode=0o700)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(ssh / "id_ed25519")], check=True)
    shutil.copy(ssh / "id_ed25519.pub", ssh / "authorized_keys")
    (ssh / "config").write_text("Host *" + SSH_DEFAULTS.replace("\n", "\n  ") + "\n")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(STATE / "etc/host_key")], check=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "30", "-subj", "/CN=lab.invalid", "-keyout", str(STATE / "etc/key"), "-out",
                    str(STATE / "etc/cert")], check=True, stderr=subprocess.DEVNULL)
    CERTIFICATE.write_text((STATE / "etc/key").read_text() + (STATE / "etc/cert").read_text())
    CERTIFICATE.chmod(0o644)  # a laboratory key: made for this run, gone with it
    for tool in ("driver.py", "channel.py", "payload.py", "proxy_connect.py", "poll_control.py", "httpd.py", "neighbour.py",
                 "tor_client.py"):
        shutil.copy(source / tool, TOOLS / tool)
    CLIENTS.mkdir()
    for client in fitting.clients.values():
        for path, text in client.files.items():
            Path(path).write_text(text)
    (HOME / ".bashrc").write_text("PS1='\\u@\\h:\\w\\$ '\nunset HISTFILE\n")
    (HOME / ".bash_profile").write_text(". ~/.bashrc\n")
    _victim_documents(HOME / "documents")
    for path in [HOME, *HOME.rglob("*")]:
        os.chown(path, UID, UID)


def _victim_documents(folder: Path) -> None:
    """Plain texts to list, read and edit; the words are nobody's."""
    import random

    rng = random.Random(2014)
    words = "river bridge order north plan copy table list market paper winter engine report field draft".split()
    for area in ("finance", "staff", "projects"):
        (folder / area).mkdir(parents=True)
        for number in range(8):
            lines = [" ".join(rng.choice(words) for _ in range(rng.randint(5, 14))) for _ in range(rng.randint(10, 150))]
            (folder / area / f"note-{number}.txt").write_text("\n".join(lines) + "\n")


def start_daemons(plan: Plan, fitting: Fitting, processes: Processes) -> None:
    """sshd everywhere, the proxies where a session wants them, web servers on the servers."""
    for host in plan.topology.hosts:
        redirects = fitting.redirects.get(host.name, {})
        _redirect(host, redirects, processes)
        _start(processes, host, "sshd", ["/usr/sbin/sshd", "-D", "-e", "-f", sshd_config()])
        for daemon in ("dante", "microsocks", "tinyproxy"):
            if host.role == "relay" or daemon in redirects:
                _start(processes, host, daemon, _PROXIES[daemon](host))
        if host.name in fitting.haproxy:
            _start(processes, host, "haproxy", ["haproxy", "-db", "-f", _haproxy_config(host, fitting)])
        if host.name in fitting.stunnel:
            _start(processes, host, "stunnel", ["stunnel4", _stunnel_config(host, fitting)])
        if host.role == "server":
            _start(processes, host, "httpd", [PYTHON, str(TOOLS / "httpd.py"), str(CERTIFICATE)])
    for number, (name, argv) in enumerate(fitting.processes_as_root):
        processes.start(name, argv, f"{argv[0]}-root-{number}")
    for number, (name, argv) in enumerate(fitting.processes):
        processes.start(name, argv, f"{Path(argv[0]).name}-{number}", as_user=True, cwd=str(HOME))
    _wait_until_listening(plan, fitting, processes)


def start_tor(plan: Plan, processes: Processes) -> None:
    """The private network's authorities and relays, until they know each other (a minute or two)."""
    commands = tor_network.prepare(plan)
    running = [(host, processes.start(host, argv, "tor", as_user=True, cwd=str(HOME))) for host, argv in commands]
    deadline = time.monotonic() + TOR_TIMEOUT_S
    while waiting := tor_network.strangers(plan):
        for host, process in running:
            processes.check(host, "tor", process)
        if time.monotonic() > deadline:
            host = min(waiting)
            tail = processes.log_path(host, "tor").read_text(errors="replace")[-900:]
            raise ServiceError(f"Tor on {host} does not know the whole network after {TOR_TIMEOUT_S} s:\n{tail}")
        time.sleep(0.5)


def _start(processes: Processes, host: Host, label: str, argv: list[str]) -> None:
    processes.start(host.name, argv, label)


def _redirect(host: Host, redirects: dict[str, list[int]], processes: Processes) -> None:
    """One shared daemon answers on all of its sessions' ports."""
    if not redirects:
        return
    rules = [f"  tcp dport {{ {', '.join(map(str, sorted(ports)))} }} redirect to :{DAEMON_PORTS[daemon]}"
             for daemon, ports in redirects.items()]
    table = "table ip lab {\n chain in {\n  type nat hook prerouting priority -100\n" + "\n".join(rules) + "\n }\n}\n"
    subprocess.run(["nsenter", f"--net=/run/netns/{host.namespace}", "nft", "-f", "-"], input=table, text=True, check=True)


def _write_config(name: str, text: str) -> str:
    path = STATE / "etc" / name
    path.write_text(text)
    return str(path)


def sshd_config() -> str:
    return _write_config("sshd_config", f"""
Port 22
HostKey {STATE}/etc/host_key
PidFile none
UsePAM no
UseDNS no
PasswordAuthentication no
PermitRootLogin no
AuthorizedKeysFile {HOME}/.ssh/authorized_keys
StrictModes no
AllowTcpForwarding yes
PrintMotd no
PrintLastLog no
MaxStartups 200
MaxSessions 50
""")


def _dante(host: Host) -> list[str]:
    config = _write_config(f"{host.name}.danted", f"""
logoutput: stderr
internal: eth0 port = {DAEMON_PORTS['dante']}
external: eth0
socksmethod: none
clientmethod: none
user.privileged: root
user.unprivileged: nobody
client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
""")
    return ["danted", "-f", config, "-p", str(STATE / f"etc/{host.name}.danted.pid")]


def _microsocks(_host: Host) -> list[str]:
    return ["microsocks", "-i", "0.0.0.0", "-p", str(DAEMON_PORTS["microsocks"])]


def _tinyproxy(host: Host) -> list[str]:
    config = _write_config(f"{host.name}.tinyproxy", f"""
Port {DAEMON_PORTS['tinyproxy']}
Listen 0.0.0.0
Timeout 600
MaxClients 300
DisableViaHeader Yes
LogLevel Error
""")
    return ["tinyproxy", "-d", "-c", config]


_PROXIES = {"dante": _dante, "microsocks": _microsocks, "tinyproxy": _tinyproxy}


def _haproxy_config(host: Host, fitting: Fitting) -> str:
    text = "global\n  nbthread 1\n  maxconn 500\ndefaults\n  mode tcp\n  timeout connect 10s\n" \
           "  timeout client 10m\n  timeout server 10m\n"
    for port, address, onward in fitting.haproxy[host.name]:
        text += f"listen port{port}\n  bind *:{port}\n  server onward {address}:{onward}\n"
    return _write_config(f"{host.name}.haproxy", text)


def _stunnel_config(host: Host, fitting: Fitting) -> str:
    text = "foreground = yes\npid =\nsyslog = no\ndebug = 3\nsocket = l:TCP_NODELAY=1\nsocket = r:TCP_NODELAY=1\n"
    for number, (port, encrypted_onward, address, onward) in enumerate(fitting.stunnel[host.name]):
        inner = STUNNEL_INNER_PORT + number
        first_stop = f"127.0.0.1:{inner}" if encrypted_onward else f"{address}:{onward}"
        text += f"[in{port}]\naccept = {port}\nconnect = {first_stop}\ncert = {CERTIFICATE}\n"
        if encrypted_onward:
            text += f"[out{port}]\nclient = yes\naccept = 127.0.0.1:{inner}\nconnect = {address}:{onward}\n"
    return _write_config(f"{host.name}.stunnel", text)


def listening_ports(namespace: str) -> set[int]:
    answer = subprocess.run(["nsenter", f"--net=/run/netns/{namespace}", "ss", "-Hltn"], check=True,
                            capture_output=True, text=True).stdout
    return {int(line.split()[3].rpartition(":")[2]) for line in answer.splitlines()}


def _wait_until_listening(plan: Plan, fitting: Fitting, processes: Processes) -> None:
    wanted: dict[str, set[int]] = {host.name: {22} for host in plan.topology.hosts}
    for host in plan.topology.hosts:
        if host.role == "relay":
            wanted[host.name] |= {DAEMON_PORTS[name] for name in _PROXIES}
        if host.role == "server":
            wanted[host.name] |= {80, 443}
        wanted[host.name] |= {entry[0] for entry in fitting.haproxy.get(host.name, [])}
        wanted[host.name] |= {entry[0] for entry in fitting.stunnel.get(host.name, [])}
    deadline = time.monotonic() + START_TIMEOUT_S
    for host in plan.topology.hosts:
        while missing := wanted[host.name] - listening_ports(host.namespace):
            for label, process in processes.running:
                name, _, where = label.partition(" on ")
                processes.check(where, name, process)
            if time.monotonic() > deadline:
                raise ServiceError(f"{host.name}: nothing listens on {sorted(missing)} after {START_TIMEOUT_S} s")
            time.sleep(0.1)
