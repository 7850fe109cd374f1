"""Relays beyond a plain byte stream from port to port: transparent proxies, tunnels in DNS and ICMP, orders to a host.

Each function fits one session, like the builders of relays.Fitter, and returns its client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from relays import Client, Fitter

DNS_ZONE = "t.lab.invalid"
DNS_PORT = 53
SECRET = "laboratory"  # iodine wants one; it protects nothing here


def sshuttle(fitter: Fitter) -> Client:
    """The source's packet filter sends the victim's address into sshuttle, which speaks SSH to the relay."""
    session = fitter.session
    fitter.redirect_all_sshd()
    fitter.ssh_host("hop1", fitter.address(session.chain[0]), session.ports[0])
    victim = fitter.address(session.victim)
    fitter.agent(session.source, ["sshuttle", "-r", "hop1", "-e", f"ssh -F {fitter.config}", "--method", "nft", "--disable-ipv6",
                                  f"{victim}/32:{session.ports[1]}"], -6.0, as_user=False)
    fitter.ssh_host("victim", victim, session.ports[1])
    return fitter.client(fitter.ssh_session())


def redsocks(fitter: Fitter) -> Client:
    """The source's packet filter sends the victim's address into redsocks, which speaks SOCKS5 to the relay."""
    session, local = fitter.session, fitter.local_port(0)
    relay, victim = fitter.address(session.chain[0]), fitter.address(session.victim)
    fitter.fitting.redirect(session.chain[0], "dante", session.ports[0])
    fitter.fitting.redirect(session.victim, "sshd", session.ports[1])
    config = f"{fitter.config}.redsocks"
    fitter.files[config] = (
        'base { log_debug = off; log_info = off; log = "stderr"; daemon = off; redirector = iptables; }\n'
        f"redsocks {{ local_ip = 127.0.0.1; local_port = {local}; ip = {relay}; port = {session.ports[0]};"
        " type = socks5; }\n")
    rules = f"{fitter.config}.nft"
    fitter.files[rules] = (
        f"table ip redsocks{fitter.number} {{\n chain out {{\n  type nat hook output priority -100\n"
        f"  ip daddr {victim} tcp dport {session.ports[1]} redirect to :{local}\n }}\n}}\n")
    fitter.agent(session.source, ["sh", "-c", f"nft -f {rules} && exec redsocks -c {config}"], -2.0, as_user=False)
    fitter.ssh_host("victim", victim, session.ports[1])
    return fitter.client(fitter.ssh_session())


def tool_copy(fitter: Fitter) -> Client:
    """An order to the relay: fetch a file from the web, look at it, copy it on to the victim. No byte is relayed."""
    session = fitter.session
    fitter.redirect_all_sshd()
    relay, victim = session.chain[0], fitter.address(session.victim)
    fitter.ssh_host("hop1", fitter.address(relay), session.ports[0])
    size = 400_000 + session.seed % 900_000
    copy = f"tool-{session.id}"
    client = fitter.client(fitter.ssh("hop1", "-T") + ["bash"])
    client.terminal = False
    client.script = ["id; uname -a", "ls -la", f"curl -s -o {copy} http://{fitter.web_server()}/{size}; ls -la {copy}",
                     f"sha256sum {copy}", f"scp -q -P {session.ports[1]} {copy} {victim}:{copy}.in; echo copied",
                     f"rm -f {copy} {copy}.in", "ps aux | head -40", "df -h"]
    return client


def iodine(fitter: Fitter) -> Client:
    """IP in DNS questions to the relay, SSH inside it, and on to the victim. One server a relay, many clients."""
    session = fitter.session
    relay = session.chain[0]
    number = fitter.relay_number(relay)
    inside = f"10.{60 + number}.0.1"  # iodine's clients take /24 for /16 now and then: no two tunnels may share that much
    fitter.serve_once(relay, ["iodined", "-f", "-c", "-P", SECRET, "-d", f"dns{number}", f"{inside}/24", DNS_ZONE])
    fitter.agent(session.source, ["iodine", "-f", "-r", "-T", "TXT", "-P", SECRET, "-d", f"dns{number}",
                                  fitter.address(relay), DNS_ZONE], -25.0, as_user=False)
    fitter.fitting.redirect(session.victim, "sshd", session.ports[1])
    fitter.ssh_host("hop1", inside, 22)
    fitter.ssh_host("victim", fitter.address(session.victim), session.ports[1], "ProxyJump hop1")
    return fitter.client(fitter.ssh_session())


def ptunnel(fitter: Fitter) -> Client:
    """TCP in ICMP echoes to the relay, which opens the TCP connection to the victim."""
    session, local = fitter.session, fitter.local_port(0)
    relay, victim = fitter.address(session.chain[0]), fitter.address(session.victim)
    # Every ICMP socket of a host gets every packet: a magic number of its own tells each pair which are meant for it.
    aim = [f"-r{victim}", f"-R{session.ports[1]}", f"-m{0xDEAD0000 + fitter.number:X}"]
    fitter.fitting.processes_as_root.append((session.chain[0], ["ptunnel-ng", *aim]))
    fitter.agent(session.source, ["ptunnel-ng", f"-p{relay}", f"-l{local}", *aim], -2.0, as_user=False)
    fitter.fitting.redirect(session.victim, "sshd", session.ports[1])
    fitter.ssh_host("victim", "127.0.0.1", local)
    return fitter.client(fitter.ssh_session())


BUILDERS = {"sshuttle": sshuttle, "redsocks": redsocks, "tool-copy": tool_copy, "iodine": iodine, "ptunnel-ng": ptunnel}
