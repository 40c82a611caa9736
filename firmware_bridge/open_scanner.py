"""A second door of this package: a scanner's port becomes a reader that delivers code reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from firmware_bridge.drivers.on_simulated import OnSimulated
from firmware_bridge.drivers.scanner_reader import ScannerReader
from firmware_bridge.drivers.serial_port import SerialLine
from firmware_bridge.drivers.wedge_reader import WedgeReader, open_keyboard
from firmware_bridge.errors import MisuseError
from firmware_bridge.open_reader import SIMULATED, Reader
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
        return _simulated(Path(path), name, clock)
    if kind == KEYS:
        return WedgeReader(name, clock, lambda: open_keyboard(path, clock), layout, prefix)
    return ScannerReader(name, clock, lambda: SerialLine(path, baud))


def _simulated(control: Path, name: str, clock: Callable[[], float]) -> Reader:
    from firmware_bridge.simulator.scanner import SimulatedScanner  # here, so that a real scanner never loads it

    return OnSimulated(
        lambda: SimulatedScanner(control, clock),
        lambda device: SerialLine(device.tty, 115200),
        lambda open_line: ScannerReader(name, clock, open_line),
    )
