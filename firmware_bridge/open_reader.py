"""The door of this package: a port's name becomes a reader that delivers card reads."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

from firmware_bridge.card_read import ReaderEvent
from firmware_bridge.drivers.on_simulated import OnSimulated
from firmware_bridge.drivers.pn532_reader import Pn532Reader
from firmware_bridge.drivers.serial_port import Reset as Reset
from firmware_bridge.drivers.serial_port import SerialLine
from firmware_bridge.errors import MisuseError
from firmware_bridge.session.arrival import Known, nobody
from firmware_bridge.wire.board_messages import SignalPlan as SignalPlan

SIMULATED = "sim:"
BOARD = "board:"
# Behind the path of a board's port: its id, where only this one is to be taken.
BOARD_ID = re.compile(r"[0-9a-f]{16}")
# The chip starts at 115200; the other speeds are what its serial port can be set to (features.md 3.1).
BAUD_RATES = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1288000)


class Reader(Protocol):
    """One reader. `run` blocks its thread until `stop` is set, calls `deliver` on that thread, and heals by itself:
    a missing, wrong or lost port becomes ReaderState(up=False, code, hint) and is opened again for ever."""

    def run(self, deliver: Callable[[ReaderEvent], None], stop: threading.Event) -> None: ...


@runtime_checkable
class _Signalling(Protocol):
    """A reader with light and sound of its own."""

    def signal(self, plan: SignalPlan) -> None: ...


def open_reader(
    port: str,
    *,
    name: str,
    clock: Callable[[], float],
    baud: int = 115200,
    known: Known = nobody,
    reset: Reset = None,
) -> Reader:
    """A reader for `port`. Opens nothing yet; `Reader.run` does.

    port: a device's path, best a stable one (/dev/serial/by-id/...), for a PN532; board:/dev/... for a reader board, with #ID
    behind it for none but the board with this id; sim:PATH for a simulated PN532 whose control socket is made at PATH.
    name: goes into every event. clock: monotonic seconds that really pass. baud: of a real port.
    known: whether a card's id (upper-case hex) is known to whoever takes the reads. It is called on the reader's thread for each
    card that comes and must not raise; a card it knows is told at its first sight, any other when it was seen twice alike and its
    memory was read (`firmware_bridge.session.arrival`). A reader board asks nobody: it looks twice at every card.
    reset: what is wired to the chip's reset: `dtr`, `rts`, or a function told True (hold) and False (let go) that never raises.
    Raises MisuseError for a port or speed that cannot be meant.
    """
    if baud not in BAUD_RATES:
        raise MisuseError(f"using {baud} baud", f"A PN532 speaks {', '.join(map(str, BAUD_RATES))}; 115200 unless it was changed")
    if port.startswith(SIMULATED):
        if not port.removeprefix(SIMULATED).strip():
            raise MisuseError("opening a simulated reader without a path", "Write sim:/path/of/control.sock")
        return _simulated(Path(port.removeprefix(SIMULATED)), name, clock, known, reset)
    if port.startswith(BOARD):
        return _board(port.removeprefix(BOARD), name, clock, baud)
    _refuse_short(port, port)
    return Pn532Reader(name, clock, lambda: SerialLine(port, baud, reset), known=known)


def _board(port: str, name: str, clock: Callable[[], float], baud: int) -> Reader:
    from firmware_bridge.drivers.board_reader import BoardReader  # here, so that a bare PN532 never loads it

    path, sharp, board_id = port.partition("#")
    _refuse_short(path, BOARD + port)
    if sharp and not BOARD_ID.fullmatch(board_id):
        raise MisuseError(
            f"looking for the board {board_id[:20]!r}", "An id has 16 digits, 0 to 9 and a to f; shopbell reader list shows it"
        )
    return BoardReader(name, clock, lambda: SerialLine(path, baud), board_id=board_id)


def _refuse_short(path: str, port: str) -> None:
    if not path.startswith("/"):
        raise MisuseError(
            f"opening {port!r}",
            "Name the port by its whole path, such as /dev/serial/by-id/..., with board: before it for a reader board, "
            "or sim:/path/of/control.sock",
        )


def show(reader: Reader, plan: SignalPlan) -> None:
    """Light and sound of a reader that has them; any other does nothing. From any thread; returns at once."""
    if isinstance(reader, _Signalling):
        reader.signal(plan)


def _simulated(control: Path, name: str, clock: Callable[[], float], known: Known, reset: Reset) -> Reader:
    from firmware_bridge.simulator.pty import SimulatedPn532  # here, so that a real reader never loads it

    return OnSimulated(
        lambda: SimulatedPn532(control, clock),
        lambda device: SerialLine(device.tty, 115200, device.hold_reset if reset is not None else None),
        lambda open_line: Pn532Reader(name, clock, open_line, known=known),
    )
