"""The door of this package: a port's name becomes a reader that delivers card reads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from firmware_bridge.card_read import ReaderEvent
from firmware_bridge.drivers.pn532_reader import Line, Pn532Reader
from firmware_bridge.drivers.serial_port import SerialLine
from firmware_bridge.errors import MisuseError

if TYPE_CHECKING:
    from firmware_bridge.simulator.pty import SimulatedPn532

SIMULATED = "sim:"
# The chip starts at 115200; the other speeds are what its serial port can be set to (features.md 3.1).
BAUD_RATES = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1288000)


class Reader(Protocol):
    """One reader. `run` blocks its thread until `stop` is set, calls `deliver` on that thread, and heals by itself:
    a missing, wrong or lost port becomes ReaderState(up=False, code, hint) and is opened again for ever."""

    def run(self, deliver: Callable[[ReaderEvent], None], stop: threading.Event) -> None: ...


def open_reader(port: str, *, name: str, clock: Callable[[], float], baud: int = 115200) -> Reader:
    """A reader for `port`. Opens nothing yet; `Reader.run` does.

    port: a device's path, best a stable one (/dev/serial/by-id/...), or sim:PATH for a simulated PN532 whose control socket
    is made at PATH. name: goes into every event. clock: monotonic seconds that really pass. baud: of a real port.
    Raises MisuseError for a port or speed that cannot be meant.
    """
    if baud not in BAUD_RATES:
        raise MisuseError(f"using {baud} baud", f"A PN532 speaks {', '.join(map(str, BAUD_RATES))}; 115200 unless it was changed")
    if port.startswith(SIMULATED):
        if not port.removeprefix(SIMULATED).strip():
            raise MisuseError("opening a simulated reader without a path", "Write sim:/path/of/control.sock")
        return _SimulatedReader(Path(port.removeprefix(SIMULATED)), name, clock)
    if not port.startswith("/"):
        raise MisuseError(
            f"opening {port!r}", "Name the port by its whole path, such as /dev/serial/by-id/..., or sim:/path/of/control.sock"
        )
    return Pn532Reader(name, clock, lambda: SerialLine(port, baud))


class _SimulatedReader:
    """The driver for real readers, on the pty of a simulated one that lives as long as `run`."""

    def __init__(self, control: Path, name: str, clock: Callable[[], float]) -> None:
        self._control, self._clock = control, clock
        self._simulated: SimulatedPn532 | None = None
        self._driver = Pn532Reader(name, clock, self._open)

    def run(self, deliver: Callable[[ReaderEvent], None], stop: threading.Event) -> None:
        """See Reader. The socket is there before the first ReaderState(up=True) and gone when this returns."""
        try:
            self._driver.run(deliver, stop)
        finally:
            if self._simulated is not None:
                self._simulated.stop()
                self._simulated = None

    def _open(self) -> Line:
        if self._simulated is None:
            from firmware_bridge.simulator.pty import SimulatedPn532  # here, so that a real reader never loads it

            simulated = SimulatedPn532(self._control, self._clock)
            simulated.start()
            self._simulated = simulated
        return SerialLine(self._simulated.tty, 115200)
