"""The driver for a real device, on the pty of a simulated one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from firmware_bridge.drivers.kept_open import Deliver
from firmware_bridge.drivers.serial_port import SerialLine


class Simulated(Protocol):
    """tty: path of its port; raises BridgeError while there is none."""

    @property
    def tty(self) -> str: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


class Driver(Protocol):
    """See firmware_bridge.open_reader.Reader."""

    def run(self, deliver: Deliver, stop: threading.Event) -> None: ...


D = TypeVar("D", bound=Simulated)


class OnSimulated(Generic[D]):
    """A reader whose simulated device lives as long as `run`."""

    def __init__(
        self,
        simulate: Callable[[], D],
        open_line: Callable[[D], SerialLine],
        drive: Callable[[Callable[[], SerialLine]], Driver],
    ) -> None:
        """simulate: makes the device, not started. open_line: opens its port. drive: the driver that opens its line so."""
        self._simulate, self._open_line = simulate, open_line
        self._device: D | None = None
        self._driver = drive(self._open)

    def run(self, deliver: Deliver, stop: threading.Event) -> None:
        """See firmware_bridge.open_reader.Reader. The control socket is there before the first ReaderState(up=True) and gone when
        this returns."""
        try:
            self._driver.run(deliver, stop)
        finally:
            if self._device is not None:
                self._device.stop()
                self._device = None

    def _open(self) -> SerialLine:
        if self._device is None:
            device = self._simulate()
            device.start()
            self._device = device
        return self._open_line(self._device)
