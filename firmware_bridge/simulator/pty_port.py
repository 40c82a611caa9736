"""A serial port that does not exist: a real pty, with a cable that can be out. Used from one thread; `path` from any."""

from __future__ import annotations

import contextlib
import os
import tty

from firmware_bridge.errors import ReaderGone

UNPLUGGED_S = 1.0
_MOST_READ = 4096


class Unplugged(ReaderGone):
    """The simulated cable is out."""

    code = "port_missing"


class PtyPort:
    """The device's end of a cable. what: plugged into it, for error messages."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._ends: tuple[int, int] | None = None
        self._path: str | None = None
        self.plugged_at: float | None = None

    @property
    def path(self) -> str:
        """What to open at present. Raises Unplugged while the cable is out."""
        path = self._path
        if path is None:
            raise Unplugged(f"opening the simulated {self._what}", "Its cable is out on request")
        return path

    @property
    def name(self) -> str | None:
        """Its path, or None while the cable is out."""
        return self._path

    @property
    def end(self) -> int | None:
        """Our end, for waiting on it; None while the cable is out."""
        return None if self._ends is None else self._ends[0]

    def plug(self) -> None:
        """A new pty, perhaps under another name. Our own open end of the slave keeps it alive between two users of the port.
        Raises OSError."""
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self._ends, self.plugged_at, self._path = (master, slave), None, os.ttyname(slave)

    def unplug(self, back_at: float | None = None) -> None:
        """The port hangs up. back_at: when `due` plugs it in again, or never."""
        self._path, self.plugged_at = None, back_at
        for end in self._ends or ():
            os.close(end)
        self._ends = None

    def due(self, now: float) -> bool:
        """Plug it in again when it is time; whether it was done."""
        if self.plugged_at is None or now < self.plugged_at:
            return False
        try:
            self.plug()
        except OSError:  # no pty to be had at present
            self.plugged_at = now + UNPLUGGED_S
            return False
        return True

    def read(self) -> bytes:
        """What the host has sent."""
        if self._ends is not None:
            with contextlib.suppress(BlockingIOError):
                return os.read(self._ends[0], _MOST_READ)
        return b""

    def write(self, data: bytes) -> None:
        """To the host. Where nobody reads it is lost, as with a UART."""
        if data and self._ends is not None:
            with contextlib.suppress(BlockingIOError):
                os.write(self._ends[0], data)
