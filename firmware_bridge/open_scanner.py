"""A second door of this package: a scanner's port becomes a reader that delivers code reads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from firmware_bridge.card_read import ReaderEvent
from firmware_bridge.drivers.scanner_reader import ScannerReader
from firmware_bridge.drivers.serial_port import SerialLine
from firmware_bridge.drivers.wedge_reader import WedgeReader, open_keyboard
from firmware_bridge.errors import MisuseError
from firmware_bridge.open_reader import SIMULATED, Reader
from firmware_bridge.simulator.scanner import SimulatedScanner
from firmware_bridge.wire.key_layouts import LAYOUTS

KEYS = "keys:"
BAUD_RATES = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)


def open_scanner(
    port: str, *, name: str, clock: Callable[[], float], baud: int = 9600, layout: str = "us", prefix: str = ""
) -> Reader:
    """A reader for the scanner at `port`. Opens nothing yet; `Reader.run` does.

    port: a serial device's path, best a stable one (/dev/serial/by-id/...); keys:PATH for a scanner that types, by its input
    device (/dev/input/by-id/...-event-kbd); sim:PATH for a simulated one whose control socket is made at PATH.
    baud: of a real serial line; a USB scanner does not mind. layout: of the keys a typing scanner presses, a name of LAYOUTS.
    prefix: what a typing scanner types before each code.
    Raises MisuseError for what cannot be meant.
    """
    if baud not in BAUD_RATES:
        raise MisuseError(f"using {baud} baud", f"Scanners speak {', '.join(map(str, BAUD_RATES))}; 9600 unless it was changed")
    if layout not in LAYOUTS:
        raise MisuseError(f"using the layout {layout!r}", f"Set the scanner to one of {', '.join(LAYOUTS)} and name it here")
    kind, path = next(((kind, port.removeprefix(kind)) for kind in (SIMULATED, KEYS) if port.startswith(kind)), ("", port))
    if not path.startswith("/"):
        raise MisuseError(
            f"opening {port!r}", "Name the scanner by a whole path: /dev/serial/by-id/..., keys:/dev/input/..., sim:/..."
        )
    if kind == SIMULATED:
        return _SimulatedScanner(Path(path), name, clock)
    if kind == KEYS:
        return WedgeReader(name, clock, lambda: open_keyboard(path, clock), layout, prefix)
    return ScannerReader(name, clock, lambda: SerialLine(path, baud))


class _SimulatedScanner:
    """The driver for serial scanners, on the pty of a simulated one that lives as long as `run`."""

    def __init__(self, control: Path, name: str, clock: Callable[[], float]) -> None:
        self._control, self._clock = control, clock
        self._simulated: SimulatedScanner | None = None
        self._driver = ScannerReader(name, clock, self._open)

    def run(self, deliver: Callable[[ReaderEvent], None], stop: threading.Event) -> None:
        """See Reader. The socket is there before the first ReaderState(up=True) and gone when this returns."""
        try:
            self._driver.run(deliver, stop)
        finally:
            if self._simulated is not None:
                self._simulated.stop()
                self._simulated = None

    def _open(self) -> SerialLine:
        if self._simulated is None:
            simulated = SimulatedScanner(self._control, self._clock)
            simulated.start()
            self._simulated = simulated
        return SerialLine(self._simulated.tty, 115200)
