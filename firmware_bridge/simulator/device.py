"""What all simulated devices share: one thread that serves a pty and a control socket, so that nothing needs a lock."""

from __future__ import annotations

import os
import selectors
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from firmware_bridge.errors import BridgeError, ReaderGone
from firmware_bridge.simulator.control import ControlSocket, Reply, error_reply
from firmware_bridge.simulator.pty_port import PtyPort

# Only for `stop`, which wakes the thread: everything else says when it is due.
LONGEST_WAIT_S = 60.0
_END = b"x"


class NoPty(ReaderGone):
    """The system gives no pty."""

    code = "pty_unavailable"


class Device(ABC):
    """A port, a control socket and their thread. start and stop from one thread."""

    def __init__(self, what: str, control: Path, clock: Callable[[], float]) -> None:
        """what: it is, for error messages and the thread's name. control: path of the socket. clock: monotonic seconds that
        really pass."""
        self._what, self._control_path, self._clock = what, control, clock
        self._selector = selectors.DefaultSelector()
        self._control: ControlSocket | None = None
        self._port = PtyPort(what)
        self._ending = False
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._loop, name=f"simulated {what}", daemon=True)

    @property
    def tty(self) -> str:
        """Path of the port at present. Raises Unplugged while the cable is out."""
        return self._port.path

    def start(self) -> None:
        """Open socket and pty and begin. Raises ControlInUse, ControlRefused or NoPty."""
        try:
            self._control = ControlSocket(self._control_path, self._selector, self._answer)
            self._selector.register(self._wake, selectors.EVENT_READ, self._woken)
            self._port.plug()
            self._plugged()
        except OSError as error:
            self._close()
            raise NoPty(f"opening a pty for the simulated {self._what}", "Free some ptys or file handles, or reboot") from error
        except BaseException:
            self._close()
            raise
        self._thread.start()

    def stop(self) -> None:
        """End, and remove the socket. The port hangs up."""
        self._ending = True
        self._tell(_END)
        self._thread.join()
        self._close()

    def _tell(self, octet: bytes) -> None:
        """Wake the thread, which is given it in `_told`."""
        os.write(self._waker, octet)

    def _woken(self) -> None:
        for octet in os.read(self._wake, 64):
            self._told(bytes([octet]))

    def _close(self) -> None:
        if self._control is not None:
            self._control.close()
        self._unplug()
        self._selector.close()
        os.close(self._wake)
        os.close(self._waker)

    def _unplug(self, back_at: float | None = None) -> None:
        if self._port.end is not None:
            self._unplugged(self._port.end)
        self._port.unplug(back_at)

    def _loop(self) -> None:
        while not self._ending:
            if self._port.due(self._clock()):
                self._plugged()
            moments = [moment for moment in (self._round(self._clock()), self._port.plugged_at) if moment is not None]
            seconds = min(moments, default=float("inf")) - self._clock()
            for key, _ in self._ready(min(max(0.0, seconds), LONGEST_WAIT_S)):
                key.data()

    def _ready(self, seconds: float) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready within `seconds`."""
        return self._selector.select(seconds)

    def _answer(self, line: bytes) -> Reply:
        try:
            return self._obey(line)
        except BridgeError as error:
            return error_reply(error)

    # -- what a device adds

    @abstractmethod
    def _obey(self, line: bytes) -> Reply:
        """One request of the control socket. Raises BridgeError."""

    @abstractmethod
    def _round(self, now: float) -> float | None:
        """Do what is due; gives when there is more to do."""

    @abstractmethod
    def _plugged(self) -> None:
        """The cable is in, with nothing on it."""

    @abstractmethod
    def _unplugged(self, end: int) -> None:
        """The cable is about to be pulled. end: its file descriptor."""

    @abstractmethod
    def _told(self, octet: bytes) -> None:
        """What another thread has said by `_tell`."""
