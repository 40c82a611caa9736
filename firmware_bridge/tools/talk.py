"""A short conversation with one port, to learn what answers there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from firmware_bridge.card_read import ReaderEvent, ReaderState
from firmware_bridge.drivers.line import Line
from firmware_bridge.drivers.pn532_reader import BOOT_S, RESET_S
from firmware_bridge.drivers.serial_port import Reset, SerialLine
from firmware_bridge.errors import BridgeError
from firmware_bridge.session.board_memory import BoardMemory
from firmware_bridge.session.board_session import BoardSession, BoardTiming
from firmware_bridge.session.pn532_session import Out, Pn532Session
from firmware_bridge.session.pn532_steps import Timing
from firmware_bridge.update.image import written
from firmware_bridge.wire.board_messages import Hello, Status

# A board that starts anew because its port was opened (pyserial#124) answers within some two seconds.
QUICK = BoardTiming(ask=0.3, hello=2.5)
# A chip that is held in reset says nothing; so long is enough to be sure.
HELD = Timing(first_ack=0.3, ack=0.3)
# What has not come up by then has failed with a reason; this is for what talks for ever and says nothing.
LONGEST_S = 15.0


class Session(Protocol):
    """What both sessions offer."""

    @property
    def wake_at(self) -> float: ...
    def begin(self, now: float) -> Out: ...
    def received(self, data: bytes, now: float) -> Out: ...
    def tick(self, now: float) -> Out: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What is at a port. kind: board, pn532 or nothing. detail: for people. error: why nothing works there, or None."""

    kind: str
    detail: str
    error: BridgeError | None = None
    hello: Hello | None = None
    status: Status | None = None


def identify(path: str, baud: int, clock: Callable[[], float], timing: BoardTiming = QUICK, reset: Reset = None) -> Answer:
    """Ask a port for a reader board, then for a PN532. reset: what is wired to its reset; it is kept at rest."""
    try:
        line = SerialLine(path, baud, reset)
    except BridgeError as error:
        return Answer("nothing", "cannot be opened", error)
    try:
        return _board(line, clock, timing) or _pn532(line, clock)
    except BridgeError as error:
        return Answer("nothing", "lost while asking", error)
    finally:
        line.close()


def try_reset(path: str, baud: int, clock: Callable[[], float], reset: Reset) -> tuple[Answer, Answer]:
    """Ask a port for a PN532 while its reset is held, and when it has been let go. Raises BridgeError."""
    line, pause = SerialLine(path, baud, reset), threading.Event()
    try:
        line.hold_reset(True)
        try:
            pause.wait(RESET_S)
            held = _pn532(line, clock, HELD)
        finally:
            line.hold_reset(False)
        pause.wait(BOOT_S)
        return held, _pn532(line, clock)
    finally:
        line.close()


def _board(line: Line, clock: Callable[[], float], timing: BoardTiming) -> Answer | None:
    session = BoardSession(BoardMemory("asked"), timing)
    error = _converse(session, line, clock, lambda _events: session.status is not None)
    if session.hello is None:
        return None if error is None or error.code in ("reader_silent", "reader_garbage", "reader_echo") else _failed(error)
    hello = session.hello
    trial = ", on trial" if hello.on_trial else ""
    detail = f"reader board {hello.board_id} ({hello.board}), firmware {written(hello.version)}{trial}"
    return Answer("board", detail, error, hello, session.status)


def _pn532(line: Line, clock: Callable[[], float], timing: Timing | None = None) -> Answer:
    session, seen = Pn532Session("asked", timing=timing or Timing()), list[ReaderEvent]()

    def up(events: list[ReaderEvent]) -> bool:
        seen.extend(events)
        return any(isinstance(event, ReaderState) and event.up for event in seen)

    error = _converse(session, line, clock, up)
    if error is not None:
        return _failed(error)
    hints = [event.hint for event in seen if isinstance(event, ReaderState) and event.up]
    return Answer("pn532", hints[0] if hints else "PN532")


def _failed(error: BridgeError) -> Answer:
    return Answer("nothing", "no reader answers", error)


def _converse(
    session: Session, line: Line, clock: Callable[[], float], enough: Callable[[list[ReaderEvent]], bool]
) -> BridgeError | None:
    """Let the session speak until it fails or `enough` is heard."""
    until = clock() + LONGEST_S
    out = session.begin(clock())
    while True:
        if out.send:
            line.write(out.send)
        if out.failed is not None:
            return out.failed
        if enough(out.events) or clock() > until:
            return None
        data = line.read(min(session.wake_at - clock(), 0.25))
        now = clock()
        out = session.received(data, now) if data else session.tick(now)
