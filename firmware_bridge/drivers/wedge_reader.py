"""The thread that listens to a scanner that calls itself a keyboard. The only file that imports evdev, and only when it is used.

evdev is Debian's python3-evdev (it has no wheels); the device is grabbed, so that nothing it types reaches the screen.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import importlib
import select
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from firmware_bridge.card_read import ReaderState
from firmware_bridge.drivers.kept_open import LONGEST_READ_S, Deliver, KeptOpen
from firmware_bridge.drivers.serial_port import PortBusy, PortForbidden, PortLost, PortMissing
from firmware_bridge.errors import BridgeError, NotAReader
from firmware_bridge.session.code_presence import CodePresence
from firmware_bridge.wire.key_layouts import LAYOUTS
from firmware_bridge.wire.wedge_keys import LONGEST_PAUSE_S, KeyPress, KeyReader

# linux/input-event-codes.h
_EV_SYN, _EV_KEY, _SYN_DROPPED = 0, 1, 3
_UP, _DOWN = 0, 1
# linux/input.h: _IOW('E', 0xa0, int), on which clock this reader of the device gets its times.
_SET_CLOCK = 1 << 30 | struct.calcsize("i") << 16 | ord("E") << 8 | 0xA0


class KeysMissing(NotAReader):
    """The library for input devices is not installed."""

    code = "keys_missing"


class PortNotKeys(NotAReader):
    """The path is no input device."""

    code = "port_not_keys"


class Keyboard(Protocol):
    """A grabbed input device. keys: presses since the last call, waiting at most so long; None where the device lost some.

    Raises PortLost when it is gone.
    """

    def keys(self, timeout_s: float) -> Iterator[KeyPress | None]: ...
    def close(self) -> None: ...


class WedgeReader:
    """A scanner that types, behind whatever `open_device` opens. One thread calls `run`."""

    def __init__(
        self, name: str, clock: Callable[[], float], open_device: Callable[[], Keyboard], layout: str, prefix: str = ""
    ) -> None:
        """name: of the scanner, goes into every event. clock: monotonic seconds that really pass. layout: a name of LAYOUTS."""
        self._name, self._clock, self._open_device = name, clock, open_device
        self._layout, self._prefix = LAYOUTS[layout], prefix
        self._presence = CodePresence(name)
        self._kept = KeptOpen(name, clock, self._connect)

    def run(self, deliver: Deliver, stop: threading.Event) -> None:
        """See firmware_bridge.open_reader.Reader."""
        self._kept.run(deliver, stop)

    def _connect(self, deliver: Deliver, stop: threading.Event) -> None:
        device = self._open_device()
        try:
            begun = list(device.keys(LONGEST_PAUSE_S))
            deliver(ReaderState(self._name, self._clock(), True, hint="A scanner that types is plugged in and grabbed"))
            self._listen(device, begun, deliver, stop)
        finally:
            device.close()

    def _listen(self, device: Keyboard, begun: list[KeyPress | None], deliver: Deliver, stop: threading.Event) -> None:
        """begun: what was pressed as the device was grabbed; the beginning of that line may have gone by before."""
        keys = KeyReader(self._layout, self._prefix)
        if begun:
            self._tell(keys, [None, *begun], deliver)
        while not stop.is_set():
            self._tell(keys, device.keys(LONGEST_READ_S), deliver)

    def _tell(self, keys: KeyReader, presses: Iterable[KeyPress | None], deliver: Deliver) -> None:
        for press in presses:
            if press is None:
                keys.distrust()
                continue
            for scan in keys.press(press):
                for event in self._presence.look(scan, self._clock()):
                    deliver(event)


def open_keyboard(path: str, clock: Callable[[], float]) -> Keyboard:
    """Open and grab the input device at `path`. clock: monotonic seconds, for kernels whose own cannot be had. Raises
    BridgeError."""
    try:
        evdev = importlib.import_module("evdev")
    except ImportError as error:
        raise KeysMissing("opening a scanner that types") from error
    try:
        return Grabbed(evdev.InputDevice(path), path, clock)
    except (OSError, ValueError, TypeError) as error:
        raise _cannot_open(path, error) from error


class Grabbed:
    """A device of evdev that only we hear. Its presses carry the kernel's monotonic clock: the wall's, which it gives unless it
    is asked, is set now and then, and a step within a code would look like a pause."""

    def __init__(self, device: Any, path: str, clock: Callable[[], float]) -> None:
        """device: of evdev, open. clock: asked for the time where the kernel does not change its own."""
        self._device, self._path, self._clock = device, path, clock
        try:
            device.grab()
        except OSError:
            device.close()
            raise
        self._kernel_s = _monotonic(device.fd)

    def keys(self, timeout_s: float) -> Iterator[KeyPress | None]:
        """See Keyboard."""
        try:
            ready, _, _ = select.select([self._device.fd], [], [], timeout_s)
            events = list(self._device.read()) if ready else []
        except BlockingIOError:
            return
        except (OSError, ValueError) as error:
            raise PortLost(f"using {self._path} ({type(error).__name__})") from error
        now = self._clock()
        for event in events:
            if event.type == _EV_SYN and event.code == _SYN_DROPPED:
                yield None
            elif event.type == _EV_KEY and event.value in (_UP, _DOWN):
                yield KeyPress(event.code, event.value == _DOWN, event.timestamp() if self._kernel_s else now)

    def close(self) -> None:
        """Let go of it; a device that is gone already may complain, nobody can do anything about it."""
        with contextlib.suppress(OSError):
            self._device.close()


def _monotonic(descriptor: int) -> bool:
    """Have the kernel stamp what is pressed from now on with CLOCK_MONOTONIC; whether it does (Linux 3.4 and later)."""
    try:
        fcntl.ioctl(descriptor, _SET_CLOCK, struct.pack("i", time.CLOCK_MONOTONIC))
    except OSError:
        return False
    return True


def _cannot_open(path: str, error: BaseException) -> BridgeError:
    tried = f"opening {path}"
    if isinstance(error, PermissionError):
        return PortForbidden(tried)
    if getattr(error, "errno", None) == errno.EBUSY:
        return PortBusy(tried)
    if getattr(error, "errno", None) in (errno.ENOTTY, errno.EINVAL, errno.EISDIR):
        return PortNotKeys(tried)
    return PortMissing(tried, here="Scanners that type are under /dev/input/by-id/ and end in -event-kbd")
