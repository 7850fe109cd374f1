"""A session's byte stream, as drivers use it: a command behind pipes or a pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
import tty


class SessionEnded(Exception):
    """The far side closed: the session is over, whatever was planned."""


class Channel:
    """The session's byte stream: writes, and reads away what comes back."""

    def __init__(self, argv: list[str], terminal: bool, raw: bool) -> None:
        self.received = self.sent = 0
        self.tail = b""
        if terminal:
            leader, follower = pty.openpty()
            fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
            if raw:  # a far shell echoes; the near terminal must pass each key on at once
                tty.setraw(follower)
            self.process = subprocess.Popen(argv, stdin=follower, stdout=follower, stderr=follower,
                                            preexec_fn=_own_terminal)
            os.close(follower)
            self._in = self._out = leader
        else:
            self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
            assert self.process.stdin and self.process.stdout
            self._in, self._out = self.process.stdin.fileno(), self.process.stdout.fileno()

    def write(self, data: bytes) -> None:
        try:
            while data:
                self.pump(0)
                _, writable, _ = select.select([], [self._in], [], 1.0)
                if writable:
                    done = os.write(self._in, data[:4096])
                    self.sent += done
                    data = data[done:]
        except OSError as error:
            raise SessionEnded("the session closed while writing") from error

    def pump(self, timeout_s: float) -> int:
        """Reads what is there, waiting at most `timeout_s`; returns how many bytes came."""
        readable, _, _ = select.select([self._out], [], [], max(0.0, timeout_s))
        if not readable:
            return 0
        try:
            data = os.read(self._out, 65536)
        except OSError:  # a terminal whose last process has gone
            data = b""
        if not data:
            raise SessionEnded("the session closed")
        self.received += len(data)
        self.tail = (self.tail + data)[-4096:]
        return len(data)

    def idle(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.pump(left)

    def until_quiet(self, quiet_s: float, limit_s: float) -> None:
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if self.pump(quiet_s) == 0:
                return

    def until(self, marker: bytes, limit_s: float) -> bool:
        end = time.monotonic() + limit_s
        while marker not in self.tail:
            if time.monotonic() > end:
                return False
            self.pump(0.5)
        return True

    def close(self) -> None:
        for number in (signal.SIGHUP, signal.SIGKILL):
            if self.process.poll() is None:
                try:
                    os.killpg(self.process.pid, number)
                    self.process.wait(2)
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    pass


def _own_terminal() -> None:
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
