"""The sealed box of one lab run: own processes, own mounts, own network.

Everything a run makes (network namespaces, daemons, configuration, log files, terminal sessions' homes) lives inside
private Linux namespaces. The kernel takes all of it away when the first process of the box dies, however it
dies, so a run leaves nothing behind even after `kill -9`, and there is never anything to clean up at the next start.
The box has no interface to the outside: no packet can leave it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import Callable

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MS_BIND = 0x1000
PR_SET_PDEATHSIG = 1

STATE = Path("/run/hwlab")  # inside the box only
HOME = STATE / "home"
TOOLS = STATE / "tools"
USER, UID = "ops", 2600
GRACE_S = 8  # how long an interrupted run may take to stop by itself

_libc = ctypes.CDLL(None, use_errno=True)


class SandboxError(Exception):
    """The box could not be made; the message says which step and why."""


def _check(result: int, what: str) -> None:
    if result != 0:
        raise SandboxError(f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source: str, target: str, kind: str, flags: int = 0, data: str = "") -> None:
    _check(
        _libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode() or None),
        f"mount {kind or source} on {target}",
    )


def enter_network(namespace: str, hostname: str) -> None:
    """For a child before exec: joins the host's network namespace and takes its name."""
    descriptor = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    _check(_libc.setns(descriptor, CLONE_NEWNET), f"enter namespace {namespace}")
    os.close(descriptor)
    _check(_libc.unshare(CLONE_NEWUTS), "own host name")
    _check(_libc.sethostname(hostname.encode(), len(hostname)), "set host name")


def become_user() -> None:
    """For a child before exec: gives up root for the lab's user."""
    os.setgroups([])
    os.setgid(UID)
    os.setuid(UID)


def _overlay_file(path: str, text: str) -> None:
    """Shows `text` at `path` to the box alone."""
    if not os.path.isfile(path) or os.path.islink(path):
        return
    copy = STATE / "etc" / os.path.basename(path)
    copy.write_text(text)
    copy.chmod(os.stat(path).st_mode & 0o777)
    mount(str(copy), path, "", MS_BIND)


def _root_is_shared() -> bool:
    """Whether a mount made below "/" would show up elsewhere. Asked before the box has mounts of its own."""
    descriptor = os.open("/", os.O_RDONLY)
    facts = dict(line.split(":", 1) for line in Path(f"/proc/self/fdinfo/{descriptor}").read_text().splitlines())
    os.close(descriptor)
    line = next((line for line in Path("/proc/1/mountinfo").read_text().splitlines()
                 if line.split()[0] == facts["mnt_id"].strip()), "")
    return " shared:" in line


def _keep_mounts_private(root_was_shared: bool) -> None:
    try:
        mount("none", "/", "", MS_REC | MS_PRIVATE)
    except SandboxError as error:
        # In a plain chroot "/" is no mount point and has no propagation of its own; what is mounted below it has.
        if root_was_shared:
            raise SandboxError(f"{error}; in a chroot, bind it onto itself first: mount --bind DIR DIR") from error
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            mount("none", line.split()[4], "", MS_PRIVATE)


def _own_devices() -> None:
    """Terminals of the box's own, and the TUN device where the outside has none (a bare chroot)."""
    if os.path.isdir("/dev/pts") and os.path.exists("/dev/ptmx"):
        mount("devpts", "/dev/pts", "devpts", data="newinstance,ptmxmode=0666,mode=620,gid=5")
        mount("/dev/pts/ptmx", "/dev/ptmx", "", MS_BIND)
    if not os.path.exists("/dev/net/tun"):
        os.makedirs("/dev/net", exist_ok=True)
        mount("tmpfs", "/dev/net", "tmpfs")
        os.mknod("/dev/net/tun", 0o20666, os.makedev(10, 200))


def _furnish(root_was_shared: bool) -> None:
    """Private /proc, /run, logs and terminals, and a user without rights for the sessions to log in as."""
    _keep_mounts_private(root_was_shared)
    mount("proc", "/proc", "proc")
    _own_devices()
    mount("tmpfs", "/run", "tmpfs", data="mode=755,size=4g")
    mount("tmpfs", "/var/log", "tmpfs", data="mode=755,size=64m")  # sshd would write wtmp and lastlog
    for directory in ("netns", "sshd", "haproxy", "stunnel4", "tinyproxy", "hwlab/etc", "hwlab/tools", "hwlab/home"):
        Path("/run", directory).mkdir(parents=True, exist_ok=True)
    _overlay_file("/etc/passwd", _without_user("/etc/passwd") + f"{USER}:x:{UID}:{UID}::{HOME}:/bin/bash\n")
    _overlay_file("/etc/group", _without_user("/etc/group") + f"{USER}:x:{UID}:\n")
    _overlay_file("/etc/shadow", _without_user("/etc/shadow") + f"{USER}:*:19000:0:99999:7:::\n")
    _overlay_file("/etc/resolv.conf", "")
    os.chown(HOME, UID, UID)
    HOME.chmod(0o700)


def _without_user(path: str) -> str:
    return "".join(line + "\n" for line in Path(path).read_text().splitlines() if not line.startswith(USER + ":"))


def _inside(parent: int, root_was_shared: bool, work: Callable[[], int]) -> int:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != 0 and os.getppid() != parent:
        return 130  # the starter died before we could ask to die with it
    os.setsid()  # the terminal's Ctrl-C reaches the starter, which passes it on once
    _furnish(root_was_shared)
    return work()


def run_boxed(work: Callable[[], int]) -> int:
    """Runs `work` as the first process of a new box; returns its exit status.

    SIGINT and SIGTERM become one SIGTERM inside; after GRACE_S the box is killed. When this process itself is
    killed, the kernel kills the box.
    """
    if os.geteuid() != 0:
        raise SandboxError("the lab must run as root: it makes network namespaces")
    root_was_shared = _root_is_shared()
    _check(_libc.unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET), "make namespaces")
    parent = os.getpid()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 70
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            status = _inside(parent, root_was_shared, work)
        except SandboxError as error:
            print(f"lab: {error}", file=sys.stderr)
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else 1
        except BaseException:  # noqa: BLE001 - the box must end here, with a trace for the reader
            import traceback

            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return _wait(child)


def _wait(child: int) -> int:
    asked_at: list[float] = []

    def stop(_number: int, _frame: object) -> None:
        if not asked_at:
            asked_at.append(time.monotonic())
            os.kill(child, signal.SIGTERM)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return 130 if asked_at else os.waitstatus_to_exitcode(status) & 0xFF
        if asked_at and time.monotonic() - asked_at[0] > GRACE_S:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.1)
