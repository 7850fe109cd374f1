#!/usr/bin/python3
"""watch_bmp.py HEADWATER: `watch --bmp` with a real speaker: GoBGP tells Headwater what its neighbour, another GoBGP, announces and withdraws; then the neighbour goes, then the router itself. All on
loopback; skipped where gobgpd is not installed (Debian: gobgpd)."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT_S = 60
PREFIXES = [f"203.0.113.{i * 64}/26" for i in range(4)]

ROUTER = """
[global.config]
  as = 64500
  router-id = "10.0.0.1"
  port = {bgp}
  local-address-list = ["127.0.0.1"]
[[neighbors]]
  [neighbors.config]
    neighbor-address = "127.0.0.2"
    peer-as = 64501
  [neighbors.transport.config]
    passive-mode = true
    local-address = "127.0.0.1"
[[bmp-servers]]
  [bmp-servers.config]
    address = "127.0.0.1"
    port = {bmp}
"""
# The next hop is another than the session's address: one of loopback is refused.
NEIGHBOUR = """
[global.config]
  as = 64501
  router-id = "10.0.0.2"
  port = {bgp}
  local-address-list = ["127.0.0.2"]
[global.apply-policy.config]
  export-policy-list = ["hop"]
[[neighbors]]
  [neighbors.config]
    neighbor-address = "127.0.0.1"
    peer-as = 64500
  [neighbors.transport.config]
    local-address = "127.0.0.2"
    remote-port = {bgp}
  [neighbors.timers.config]
    connect-retry = 1
[[policy-definitions]]
  name = "hop"
  [[policy-definitions.statements]]
    name = "hop"
    [policy-definitions.statements.actions]
      route-disposition = "accept-route"
      [policy-definitions.statements.actions.bgp-actions]
        set-next-hop = "192.0.2.2"
"""


def free_port() -> int:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
        other.bind(("127.0.0.2", port))
        return port


class Speaker:
    def __init__(self, folder: Path, name: str, config: str, address: str) -> None:
        self.address, self.api = address, free_port()
        file = folder / f"{name}.toml"
        file.write_text(config)
        self.log = (folder / f"{name}.log").open("wb")
        self.process = subprocess.Popen(["gobgpd", "-f", str(file), "--api-hosts", f"{address}:{self.api}", "--pprof-disable"], stdout=self.log, stderr=self.log)

    def ask(self, *words: str) -> str:
        done = subprocess.run(["gobgp", "-u", self.address, "-p", str(self.api), *words], capture_output=True, text=True, timeout=LIMIT_S, check=False)
        return done.stdout

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(timeout=LIMIT_S)
        self.log.close()


def until(what: str, holds) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < deadline, f"not within {LIMIT_S} s: {what}"
        time.sleep(0.2)


def tcp_payload(capture: bytes) -> bytes:
    """The payload of a capture of one connection's one direction, Ethernet and IPv4 or raw IPv6, segments in order."""
    order = "<" if capture[:4] == b"\xd4\xc3\xb2\xa1" else ">"
    link = struct.unpack_from(order + "I", capture, 20)[0]
    out, at = b"", 24
    while at < len(capture):
        size = struct.unpack_from(order + "I", capture, at + 8)[0]
        packet, at = capture[at + 16:at + 16 + size], at + 16 + size
        ip = packet[14:] if link == 1 else packet[4:] if link == 0 else packet
        if ip[0] >> 4 == 4:
            tcp = ip[(ip[0] & 15) * 4:struct.unpack_from(">H", ip, 2)[0]]
        else:
            tcp = ip[40:40 + struct.unpack_from(">H", ip, 4)[0]]
        out += tcp[(tcp[12] >> 4) * 4:]
    return out


def recorded() -> bool:
    """Sessions of real routers, where the reference data lie beside the project: every message is read or passed over for a reason."""
    captures = sorted((Path(__file__).resolve().parents[2].parent / "shared/data/pcap/bmp").glob("*.pcap"))
    for capture in captures:
        payload = tcp_payload(capture.read_bytes())
        with tempfile.NamedTemporaryFile(suffix=".bmp") as stream:
            stream.write(payload)
            stream.flush()
            done = subprocess.run([sys.argv[1], "watch", "0.0.0.0/0", "::/0", "--updates", stream.name, "--json"], capture_output=True, text=True, timeout=LIMIT_S, check=False)
        assert done.returncode in (0, 1, 5), done.stderr
        result = json.loads(done.stdout)["inputs"][0]
        assert result["format"] == "bmp" and not result["damaged_tail"], done.stderr
        print(f"{capture.name}: {result['records']} messages, passed over: {dict((k, v['count']) for k, v in result['skipped_reasons'].items()) or 'none'}")
    return bool(captures)


def main() -> int:
    any_recorded = recorded()
    if not shutil.which("gobgpd"):
        print("skipped: gobgpd is not installed")
        return 0 if any_recorded else 77
    with tempfile.TemporaryDirectory() as name:
        folder, speakers = Path(name), []
        command = [sys.argv[1], "watch", "AS64501", "--bmp", "127.0.0.1:0", "--format", "ndjson", "-q", "--for", "100s", "--state", str(folder / "state")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watch:
            try:
                ready = json.loads(watch.stdout.readline())
                assert ready["schema"] == "headwater.watch.ready/1", ready
                bgp, bmp = free_port(), int(ready["bmp"].rsplit(":", 1)[1])
                router = Speaker(folder, "router", ROUTER.format(bgp=bgp, bmp=bmp), "127.0.0.1")
                neighbour = Speaker(folder, "neighbour", NEIGHBOUR.format(bgp=bgp), "127.0.0.2")
                speakers += [router, neighbour]
                until("the session", lambda: "Establ" in neighbour.ask("neighbor"))
                for prefix in PREFIXES:
                    neighbour.ask("global", "rib", "add", prefix)
                until("the routes", lambda: all(p in router.ask("global", "rib") for p in PREFIXES))
                neighbour.ask("global", "rib", "del", PREFIXES[0])
                until("the withdrawal", lambda: PREFIXES[0] not in router.ask("global", "rib"))
                neighbour.stop()
                told = json.loads(watch.stdout.readline())  # the neighbour's session, by the router's word
                assert (told["kind"], told["target"]) == ("session-down", "AS64501 127.0.0.2"), told
                router.stop()
                time.sleep(1)
                watch.send_signal(signal.SIGINT)
                rest = [json.loads(line) for line in watch.stdout]
                assert watch.wait(timeout=LIMIT_S) in (0, 1, 130), watch.stderr.read()
            finally:
                for speaker in speakers:
                    speaker.stop() if speaker.process.poll() is None else None
                if watch.poll() is None:
                    watch.kill()
        result = rest[-1]
        assert result["schema"] == "headwater.watch/1"
        assert sorted(p["prefix"] for p in result["targets"][0]["prefixes"]) == sorted(PREFIXES), result["targets"]
        assert result["changes"] >= len(PREFIXES) + 1 and result["routers"] == 1, result
        assert [e["kind"] for e in result["events"]] == ["session-down"], result["events"]
        assert result["inputs"][0]["format"] == "bmp" and result["inputs"][0]["skipped"] == 0, result["inputs"]
        assert (folder / "state").stat().st_size > 0
    print("GoBGP by BMP: routes, a withdrawal, a neighbour that goes; no outage made of it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
