"""A serial port, and what can be wrong with it. The only file that imports pyserial.

pyserial raises SerialException, OSError, termios.error and ValueError for one and the same unplugged cable, depending on the
moment (pyserial#331); here every one of them becomes a `BridgeError` with a code and a hint.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import stat
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import serial

from firmware_bridge.errors import BridgeError, NotAReader, ReaderGone

# A write to a stalled port would block for ever (pyserial#163; a pty stalls after 19,456 bytes). The longest frame to a board is
# some 560 bytes: 0.05 s at 115,200 baud, 0.6 s at 9600.
WRITE_TIMEOUT_S = 1.0
# Linux hands out at most 4,095 bytes of a terminal at once.
READ_BYTES = 4096
STABLE_NAMES = Path("/dev/serial/by-id")

# What is wired to the reset of a reader, see SerialLine.
Reset = Literal["dtr", "rts"] | Callable[[bool], None] | None

_BROKEN = (serial.SerialException, OSError, termios.error, ValueError, TypeError)


class PortMissing(ReaderGone):
    """No such port."""

    code = "port_missing"


class PortBusy(ReaderGone):
    """Another program has the port."""

    code = "port_busy"


class PortForbidden(ReaderGone):
    """We may not open the port."""

    code = "port_forbidden"


class PortLost(ReaderGone):
    """The port was open and is no more."""

    code = "port_lost"


class PortNotSerial(NotAReader):
    """The path is no serial port."""

    code = "port_not_serial"


def stable_names(folder: Path = STABLE_NAMES) -> list[str]:
    """Names that stay with a device wherever it is plugged in (klipper#299), sorted; empty where udev made none."""
    try:
        return sorted(str(link) for link in folder.iterdir())
    except OSError:
        return []


class ResetUnavailable(ReaderGone):
    """The port has no line for a reset."""

    code = "reset_unavailable"


class SerialLine:
    """One opened port. Blocking calls with a limit; use from one thread."""

    def __init__(self, path: str, baud: int, reset: Reset = None) -> None:
        """Open `path` for us alone (pyserial#86: two openers steal each other's bytes). Raises BridgeError.

        reset: what is wired to the chip's reset: `dtr` or `rts` of this port (active: the output is low), a function that is told
        True to hold the chip in reset and False to let go, or None: nothing.
        """
        self.path, self._reset = path, reset
        _refuse_what_is_no_port(path)
        try:
            self._port = serial.Serial(None, baud, timeout=0, write_timeout=WRITE_TIMEOUT_S, exclusive=True)
            if reset == "dtr" or reset == "rts":  # opening a port raises both lines, which would hold the chip in reset
                setattr(self._port, reset, False)
            self._port.port = path
            self._port.open()
            self._descriptor = self._port.fileno()
        except _BROKEN as error:
            raise _cannot_open(path, error) from error

    def read(self, timeout_s: float) -> bytes:
        """Bytes as soon as there are any; empty after `timeout_s`. Raises PortLost."""
        try:
            ready, _, _ = select.select([self._descriptor], [], [], max(0.0, timeout_s))
            # Straight from the descriptor: pyserial would make three more system calls to learn what select just said.
            data = os.read(self._descriptor, READ_BYTES) if ready else b""
        except BlockingIOError:
            return b""
        except _BROKEN as error:
            raise self._lost(error) from error
        if ready and not data:  # readiness without data: the cable is out (pyserial#331)
            raise self._lost(None)
        return data

    def write(self, data: bytes) -> None:
        """Hand `data` to the port. Raises PortLost, also when the port does not take it within a second."""
        try:
            self._port.write(data)
        except _BROKEN as error:
            raise self._lost(error) from error

    @property
    def resettable(self) -> bool:
        """Whether something is wired to the chip's reset."""
        return self._reset is not None

    def hold_reset(self, hold: bool) -> None:
        """Hold the chip in reset, or let go. Raises ResetUnavailable, PortLost."""
        if callable(self._reset):
            self._reset(hold)
        elif self._reset is not None:
            try:
                setattr(self._port, self._reset, hold)
            except _BROKEN as error:
                if _errno(error) in (errno.ENOTTY, errno.EINVAL):
                    raise ResetUnavailable(f"resetting the reader through {self._reset} of {self.path}") from error
                raise self._lost(error) from error

    def close(self) -> None:
        """Close; a port that is gone already may complain, nobody can do anything about it."""
        with contextlib.suppress(*_BROKEN):
            self._port.close()

    def _lost(self, error: BaseException | None) -> PortLost:
        what = type(error).__name__ if error is not None else "no data"
        return PortLost(f"using {self.path} ({what})")


def _refuse_what_is_no_port(path: str) -> None:
    """Look before opening: opening a pipe would block, and pyserial calls everything 'could not open port'."""
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError) as error:
        raise _cannot_open(path, error) from error
    if not stat.S_ISCHR(mode):
        raise PortNotSerial(f"opening {path}, which is no device", here=_what_there_is())


def _cannot_open(path: str, error: BaseException) -> BridgeError:
    number = _errno(error)
    tried = f"opening {path}"
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.ENOTDIR):
        return PortMissing(tried, here=_what_there_is())
    if number in (errno.EACCES, errno.EPERM):
        return PortForbidden(tried)
    if number in (errno.EBUSY, errno.EAGAIN):
        return PortBusy(tried)
    if number in (errno.ENOTTY, errno.EINVAL, errno.EISDIR):
        return PortNotSerial(tried, here=_what_there_is())
    return PortMissing(f"{tried} ({type(error).__name__})", here=_what_there_is())


def _errno(error: BaseException | None) -> int | None:
    """pyserial and termios keep the number in their arguments, or only in the exception they were raised from."""
    while error is not None:
        numbers = [error.errno] if isinstance(error, OSError) else []
        numbers += [argument for argument in error.args[:1] if isinstance(argument, int)]
        found = next((number for number in numbers if number is not None), None)
        if found is not None:
            return found
        error = error.__context__
    return None


def _what_there_is() -> str:
    names = stable_names()
    return f"Ports here: {', '.join(names)}" if names else "No serial adapter is plugged in here"
