"""A simulated serial scanner on a real pty: what opens a serial port opens this one too. One thread serves its control socket."""

from __future__ import annotations

import contextlib
import os
import selectors
import threading
import tty
from collections.abc import Callable
from pathlib import Path
from random import Random

from firmware_bridge.errors import BridgeError, ReaderGone
from firmware_bridge.simulator.control import ControlSocket, Reply, error_reply
from firmware_bridge.simulator.scanner_requests import AskStatus, PullCable, ShowCode, parse_scanner_request

NOISE_BYTES = 48
LONGEST_WAIT_S = 60.0


class ScannerUnplugged(ReaderGone):
    """The simulated cable is out."""

    code = "port_missing"


class NoScannerPty(ReaderGone):
    """The system gives no pty."""

    code = "pty_unavailable"


class SimulatedScanner:
    """A scanner that ends each code with CR LF. start and stop from one thread."""

    def __init__(self, control: Path, clock: Callable[[], float], random: Random | None = None) -> None:
        """control: path of the socket. clock: monotonic seconds that really pass. random: seeded in tests."""
        self._control_path, self._clock = control, clock
        self._random = random or Random()  # noqa: S311 - noise on a line, nothing secret
        self._selector = selectors.DefaultSelector()
        self._control: ControlSocket | None = None
        self._ends: tuple[int, int] | None = None
        self._tty: str | None = None
        self._plugged_at: float | None = None
        self._scans = 0
        self._ending = False
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._loop, name="simulated-scanner", daemon=True)

    @property
    def tty(self) -> str:
        """Path of the port at present. Raises ScannerUnplugged while the cable is out."""
        path = self._tty
        if path is None:
            raise ScannerUnplugged("opening the simulated scanner", "Its cable is out on request; it comes back by itself")
        return path

    def start(self) -> None:
        """Open socket and pty and begin. Raises ControlInUse, ControlRefused or NoScannerPty."""
        try:
            self._control = ControlSocket(self._control_path, self._selector, self._answer)
            self._selector.register(self._wake, selectors.EVENT_READ, lambda: None)
            self._plug()
        except OSError as error:
            self._close()
            raise NoScannerPty("opening a pty for the simulated scanner", "Free some ptys or file handles, or reboot") from error
        except BaseException:
            self._close()
            raise
        self._thread.start()

    def stop(self) -> None:
        """End, and remove the socket. The port hangs up."""
        self._ending = True
        os.write(self._waker, b"x")
        self._thread.join()
        self._close()

    def _close(self) -> None:
        if self._control is not None:
            self._control.close()
        self._unplug()
        self._selector.close()
        os.close(self._wake)
        os.close(self._waker)

    def _loop(self) -> None:
        while not self._ending:
            now = self._clock()
            if self._plugged_at is not None and now >= self._plugged_at:
                self._plug_again(now)
            wait = LONGEST_WAIT_S if self._plugged_at is None else max(0.0, self._plugged_at - now)
            for key, _ in self._selector.select(wait):
                key.data()

    def _plug(self) -> None:
        """A new pty. Our own open end of the slave keeps it alive between two users of the port."""
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self._ends, self._plugged_at, self._tty = (master, slave), None, os.ttyname(slave)

    def _plug_again(self, now: float) -> None:
        try:
            self._plug()
        except OSError:  # no pty to be had at present
            self._plugged_at = now + 1.0

    def _unplug(self) -> None:
        self._tty = None
        for end in self._ends or ():
            os.close(end)
        self._ends = None

    def _answer(self, line: bytes) -> Reply:
        try:
            request = parse_scanner_request(line)
            if isinstance(request, AskStatus):
                return {"ok": True, "tty": self._tty, "scans": self._scans}
            if isinstance(request, PullCable):
                self._unplug()
                self._plugged_at = self._clock() + request.seconds
            else:
                self._scan(request)
        except BridgeError as error:
            return error_reply(error)
        return {"ok": True}

    def _scan(self, request: ShowCode) -> None:
        if self._ends is None:
            raise ScannerUnplugged("scanning a code", "The cable is out; wait until it is back")
        self._scans += 1
        line = (request.symbology + request.text).encode("latin-1", "replace") + b"\r\n"
        for piece in self._pieces(line, request):
            with contextlib.suppress(BlockingIOError):  # nobody reads: a UART loses such bytes too
                os.write(self._ends[0], piece)

    def _pieces(self, line: bytes, request: ShowCode) -> list[bytes]:
        match request.fault:
            case "split":
                return [line[at : at + 1] for at in range(len(line))]
            case "cut":
                return [line[: len(line) // 2]]
            case "twice":
                return [line, line]
            case "noise":
                return [self._random.randbytes(NOISE_BYTES), b"\r\n", line]
            case _:
                return [line]
