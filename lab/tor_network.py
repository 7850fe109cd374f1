"""A private Tor network: directory authorities on the servers, relays (all of them exits) on the relay hosts.

Every session has a client of its own at its source, whose circuits go through the three relays of its chain and no
others. Connections between relays are Tor's own: kept open and shared by all circuits between the two.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox import STATE, TOOLS, UID

if TYPE_CHECKING:
    from plan import Plan
    from relays import Client, Fitter
    from topology import Host

FOLDER = STATE / "tor"
OR_PORT, DIRECTORY_PORT = 9001, 9030
AUTHORITIES = 3
PYTHON = "/usr/bin/python3"
CLIENT_HEAD_START_S = 40.0  # a client fetches the directory and builds its first circuits

_COMMON = """
TestingTorNetwork 1
AssumeReachable 1
SafeLogging 0
Log notice stdout
DisableDebuggerAttachment 0
ServerDNSAllowBrokenConfig 1
ServerDNSDetectHijacking 0
LearnCircuitBuildTimeout 0
ConfluxEnabled 0
CircuitBuildTimeout 60
"""
_SERVER = """
SocksPort 0
Nickname {name}
Address {address}
OutboundBindAddress {address}
ORPort {address}:{port} IPv4Only
ExitRelay 1
ExitPolicyRejectPrivate 0
ExitPolicy accept *:*
ContactInfo none
"""
_AUTHORITY = """
DirPort {address}:{directory}
AuthoritativeDirectory 1
V3AuthoritativeDirectory 1
V3AuthVotingInterval 30
V3AuthVoteDelay 5
V3AuthDistDelay 5
V3AuthNIntervalsValid 8
TestingV3AuthInitialVotingInterval 20
TestingV3AuthInitialVoteDelay 4
TestingV3AuthInitialDistDelay 4
TestingAuthDirTimeToLearnReachability 0
TestingMinExitFlagThreshold 0
TestingDirAuthVoteExit *
TestingDirAuthVoteGuard *
TestingDirAuthVoteHSDir *
AuthDirMaxServersPerAddr 0
"""


class TorError(Exception):
    """The private network's keys could not be made; the message shows what Tor said."""


def nickname(host: str) -> str:
    return host.replace("-", "")


def tor(fitter: Fitter) -> Client:
    """A client at the source; its SOCKS port leads through the chain's relays to the victim."""
    session, local = fitter.session, fitter.local_port(0)
    config, folder = f"{fitter.config}.torrc", f"{FOLDER}/client-{session.id}"
    fitter.files[config] = (f"SocksPort 127.0.0.1:{local}\nDataDirectory {folder}\nControlSocket {folder}/control\n"
                            f"%include {FOLDER}/common\nClientRejectInternalAddresses 0\n")
    fitter.fitting.tor = True
    circuit = ",".join(nickname(name) for name in session.chain)
    fitter.agent(session.source, [PYTHON, str(TOOLS / "tor_client.py"), config, f"{folder}/control", circuit], -CLIENT_HEAD_START_S)
    onward = f"{fitter.address(session.victim)}:{session.ports[-1]}"
    return fitter.finish((fitter.address(session.victim), session.ports[-1]), fitter.walk(["--connect", f"127.0.0.1:{local}", "--socks5", onward]))


def prepare(plan: Plan) -> list[tuple[str, list[str]]]:
    """Keys and configurations of the authorities and relays; returns (host, command) of each."""
    FOLDER.mkdir(mode=0o755)
    authorities = plan.topology.with_role("server")[:AUTHORITIES]
    if len(authorities) < AUTHORITIES:
        raise TorError(f"a Tor network needs {AUTHORITIES} servers for its directory authorities")
    lines = [_make_authority(host) for host in authorities]
    (FOLDER / "common").write_text(_COMMON + "".join(line + "\n" for line in lines))
    commands = []
    for host in [*authorities, *plan.topology.with_role("relay")]:
        folder = _data_directory(host)
        text = f"DataDirectory {folder}\n%include {FOLDER}/common\n" + _server(host)
        if host in authorities:
            text += _AUTHORITY.format(address=host.address, directory=DIRECTORY_PORT)
        config = FOLDER / f"{host.name}.torrc"
        config.write_text(text)
        commands.append((host.name, ["tor", "-f", str(config), "--defaults-torrc", "/dev/null"]))
    for path in [FOLDER, *FOLDER.rglob("*")]:
        os.chown(path, UID, UID)
    return commands


def _server(host: Host) -> str:
    return _SERVER.format(name=nickname(host.name), address=host.address, port=OR_PORT)


def _data_directory(host: Host) -> Path:
    folder = FOLDER / host.name
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _make_authority(host: Host) -> str:
    """Makes an authority's keys; returns the line by which everybody knows it."""
    folder = _data_directory(host)
    keys = folder / "keys"
    keys.mkdir(mode=0o700)
    _run(["tor-gencert", "--create-identity-key", "--passphrase-fd", "0", "-m", "12", "-a", f"{host.address}:{DIRECTORY_PORT}",
          "-i", str(keys / "authority_identity_key"), "-s", str(keys / "authority_signing_key"),
          "-c", str(keys / "authority_certificate")], "laboratory\n")
    certificate = (keys / "authority_certificate").read_text()
    identity = re.search(r"^fingerprint ([0-9A-F]{40})$", certificate, re.MULTILINE)
    config = FOLDER / f"{host.name}.first"
    # Any authority will do for this: Tor only wants to see one before it makes its own key.
    config.write_text(f"DataDirectory {folder}\nTestingTorNetwork 1\nDirAuthority x orport=1 127.0.0.1:1 {'F' * 40}\n" + _server(host))
    answer = _run(["tor", "-f", str(config), "--defaults-torrc", "/dev/null", "--list-fingerprint", "--quiet"])
    own = re.search(r"((?:[0-9A-F]{4} ?){10})\s*$", answer)
    if not identity or not own:
        raise TorError(f"keys of {host.name}: {answer[-300:]}")
    return (f"DirAuthority {nickname(host.name)} orport={OR_PORT} v3ident={identity[1]} no-v2 "
            f"{host.address}:{DIRECTORY_PORT} {own[1].replace(' ', '')}")


def _run(argv: list[str], text: str = "") -> str:
    answer = subprocess.run(argv, input=text, capture_output=True, text=True)
    if answer.returncode != 0:
        raise TorError(f"{argv[0]}: {(answer.stderr + answer.stdout)[-400:]}")
    return answer.stdout


def strangers(plan: Plan) -> set[str]:
    """Hosts of the network whose directory does not yet offer every relay as a guard and an exit."""
    relays = {nickname(host.name) for host in plan.topology.with_role("relay")}
    hosts = [*plan.topology.with_role("server")[:AUTHORITIES], *plan.topology.with_role("relay")]
    return {host.name for host in hosts if not relays <= _offered(FOLDER / host.name / "cached-microdesc-consensus")}


def _offered(consensus: Path) -> set[str]:
    try:
        text = consensus.read_text(errors="replace")
    except OSError:
        return set()
    found = re.findall(r"^r (\S+) .*?^s ([^\n]*)$", text, re.MULTILINE | re.DOTALL)
    return {name for name, flags in found if {"Guard", "Exit", "Running", "V2Dir"} <= set(flags.split())}
