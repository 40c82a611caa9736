"""The thread that keeps one PN532 reader alive: opens the port, lets the session speak, opens again for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable

from firmware_bridge.card_read import ReaderEvent, ReaderState
from firmware_bridge.drivers.kept_open import LONGEST_READ_S, Deliver, KeptOpen
from firmware_bridge.drivers.line import Line, carry_out
from firmware_bridge.errors import BridgeError
from firmware_bridge.session.arrival import Known, nobody
from firmware_bridge.session.pn532_faults import since_it_worked
from firmware_bridge.session.pn532_session import Pn532Session
from firmware_bridge.session.pn532_steps import Timing
from firmware_bridge.session.presence import Presence

# A chip in reset for a tenth of a second has forgotten everything; it is awake some milliseconds later (nfcpy#63: locked after
# a kill, until its reset).
RESET_S, BOOT_S = 0.1, 0.05
# Where a reset can help: the port is there, and what answers is not what it should be.
RESET_HELPS = frozenset({"reader_stopped", "reader_frozen", "reader_silent", "reader_garbage", "reader_faulty"})


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
        self._kept = KeptOpen(name, clock, self._connect)
        self._reset_due = self._worked = False

    def run(self, deliver: Deliver, stop: threading.Event) -> None:
        """See firmware_bridge.open_reader.Reader."""
        self._kept.run(deliver, stop)

    def _connect(self, deliver: Deliver, stop: threading.Event) -> None:
        reset_due, self._reset_due = self._reset_due, False
        line = self._opened()
        try:
            if reset_due and line.resettable:
                self._reset(line, stop)
            self._converse(line, deliver, stop)
        except BridgeError as error:
            told = since_it_worked(error) if self._worked else error
            self._reset_due = told.code in RESET_HELPS
            raise told from None
        finally:
            line.close()

    def _reset(self, line: Line, stop: threading.Event) -> None:
        """After a session that failed, where there is a line for it."""
        line.hold_reset(True)
        try:
            stop.wait(RESET_S)
        finally:
            line.hold_reset(False)
        stop.wait(BOOT_S)

    def _converse(self, line: Line, deliver: Deliver, stop: threading.Event) -> None:
        session = Pn532Session(self._name, self._presence, self._timing, self._known)

        def tell(event: ReaderEvent) -> None:
            self._worked |= isinstance(event, ReaderState) and event.up
            deliver(event)

        try:
            carry_out(session.begin(self._clock()), line, tell)
            while not stop.is_set():
                data = line.read(min(session.wake_at - self._clock(), LONGEST_READ_S))
                now = self._clock()
                if data:
                    carry_out(session.received(data, now), line, tell)
                carry_out(session.tick(now), line, tell)
        finally:
            for event in session.end(self._clock()).events:
                deliver(event)

    def _opened(self) -> Line:
        try:
            return self._open_line()
        except BridgeError:  # unplugged: what it did before it came back says nothing of it
            self._worked = False
            raise
