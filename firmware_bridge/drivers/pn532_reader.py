"""The thread that keeps one PN532 reader alive: opens the port, lets the session speak, opens again for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from firmware_bridge.card_read import ReaderEvent, ReaderState
from firmware_bridge.errors import BridgeError
from firmware_bridge.session.arrival import Known, nobody
from firmware_bridge.session.pn532_faults import since_it_worked
from firmware_bridge.session.pn532_session import Out, Pn532Session
from firmware_bridge.session.pn532_steps import Timing
from firmware_bridge.session.presence import Presence

# How long a stop may go unnoticed. `select` cannot wait for a threading.Event; four looks a second cost nothing.
LONGEST_READ_S = 0.25
# A replugged adapter is back within some seconds, so the longest pause is five; it never gives up (zigbee2mqtt#17809).
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 5.0


# A chip in reset for a tenth of a second has forgotten everything; it is awake some milliseconds later (nfcpy#63: locked after
# a kill, until its reset).
RESET_S, BOOT_S = 0.1, 0.05
# Where a reset can help: the port is there, and what answers is not what it should be.
RESET_HELPS = frozenset({"reader_stopped", "reader_frozen", "reader_silent", "reader_garbage", "reader_faulty"})


class Line(Protocol):
    """An opened port: read gives bytes or nothing after the limit; read and write raise BridgeError when it is gone.

    resettable: whether `hold_reset` does anything; it holds the chip in reset or lets go.
    """

    @property
    def resettable(self) -> bool: ...
    def hold_reset(self, hold: bool) -> None: ...
    def read(self, timeout_s: float) -> bytes: ...
    def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...


class Pn532Reader:
    """A PN532 behind whatever `open_line` opens. One thread calls `run`."""

    def __init__(
        self,
        name: str,
        clock: Callable[[], float],
        open_line: Callable[[], Line],
        *,
        timing: Timing | None = None,
        known: Known = nobody,
    ) -> None:
        """name: of the reader, goes into every event. clock: monotonic seconds that really pass. known: see open_reader."""
        self._name, self._clock, self._open_line = name, clock, open_line
        self._timing, self._known = timing or Timing(), known
        self._presence = Presence(name)
        self._told: str | None = None
        self._pause = FIRST_PAUSE_S
        self._reset_due = self._worked = False

    def run(self, deliver: Callable[[ReaderEvent], None], stop: threading.Event) -> None:
        """Deliver events until `stop`. Trouble becomes ReaderState(up=False) with code and hint; only `deliver` can raise."""
        while not stop.is_set():
            try:
                self._connect(deliver, stop)
            except BridgeError as error:
                self._reset_due = error.code in RESET_HELPS
                self._tell_down(error, deliver)
            if stop.wait(self._pause):
                return
            self._pause = min(self._pause * 2, LONGEST_PAUSE_S)

    def _connect(self, deliver: Callable[[ReaderEvent], None], stop: threading.Event) -> None:
        try:
            line = self._open_line()
        except BridgeError:  # unplugged: what it did before it came back says nothing of it
            self._worked = False
            raise
        try:
            self._reset(line, stop)
            self._converse(line, deliver, stop)
        finally:
            line.close()

    def _reset(self, line: Line, stop: threading.Event) -> None:
        """After a session that failed, where there is a line for it."""
        due, self._reset_due = self._reset_due, False
        if not due or not line.resettable:
            return
        line.hold_reset(True)
        try:
            stop.wait(RESET_S)
        finally:
            line.hold_reset(False)
        stop.wait(BOOT_S)

    def _converse(self, line: Line, deliver: Callable[[ReaderEvent], None], stop: threading.Event) -> None:
        session = Pn532Session(self._name, self._presence, self._timing, self._known)
        try:
            self._do(session.begin(self._clock()), line, deliver)
            while not stop.is_set():
                data = line.read(min(session.wake_at - self._clock(), LONGEST_READ_S))
                now = self._clock()
                if data:
                    self._do(session.received(data, now), line, deliver)
                self._do(session.tick(now), line, deliver)
        finally:
            for event in session.end(self._clock()).events:
                deliver(event)

    def _do(self, out: Out, line: Line, deliver: Callable[[ReaderEvent], None]) -> None:
        for event in out.events:  # first, so that a port lost at this moment costs no read
            if isinstance(event, ReaderState) and event.up:
                self._told, self._pause, self._worked = "ok", FIRST_PAUSE_S, True
            deliver(event)
        if out.send:
            line.write(out.send)
        if out.failed is not None:
            raise since_it_worked(out.failed) if self._worked else out.failed

    def _tell_down(self, error: BridgeError, deliver: Callable[[ReaderEvent], None]) -> None:
        """Say it once, not at every try."""
        if error.code == self._told:
            return
        self._told = error.code
        deliver(
            ReaderState(self._name, self._clock(), False, error.code, f"{error.tried[:1].upper()}{error.tried[1:]}: {error.hint}")
        )
