"""The thread that keeps one reader board alive: opens the port, lets the session speak, opens again for ever."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from firmware_bridge.card_read import ReaderEvent, ReaderState
from firmware_bridge.drivers.pn532_reader import FIRST_PAUSE_S, LONGEST_PAUSE_S, Line
from firmware_bridge.errors import BridgeError
from firmware_bridge.session.board_memory import BoardMemory
from firmware_bridge.session.board_session import BoardSession, BoardTiming
from firmware_bridge.session.board_update import BoardUpdate
from firmware_bridge.session.pn532_session import Out
from firmware_bridge.wire.board_messages import SignalPlan
from firmware_bridge.wire.board_messages import signal as encoded

# A light or a sound asked for from another thread waits at most so long; twenty looks a second cost nothing.
LONGEST_READ_S = 0.05
MOST_SIGNALS = 4


class BoardReader:
    """A reader board behind whatever `open_line` opens. One thread calls `run`; `signal` from any thread."""

    def __init__(
        self,
        name: str,
        clock: Callable[[], float],
        open_line: Callable[[], Line],
        *,
        board_id: str = "",
        timing: BoardTiming | None = None,
        update: BoardUpdate | None = None,
    ) -> None:
        """name: of the reader, goes into every event. clock: monotonic seconds that really pass. board_id, update: see
        BoardSession."""
        self._name, self._clock, self._open_line = name, clock, open_line
        self._board_id, self._timing, self._update = board_id, timing, update
        self._memory = BoardMemory(name)
        self._plans: deque[SignalPlan] = deque(maxlen=MOST_SIGNALS)
        self._pause = FIRST_PAUSE_S

    def signal(self, plan: SignalPlan) -> None:
        """Show and sound this soon; forgotten while no board is there. Raises MisuseError for numbers that do not fit."""
        encoded(plan)  # here, where whoever asked can hear of it
        self._plans.append(plan)

    def run(self, deliver: Callable[[ReaderEvent], None], stop: threading.Event) -> None:
        """Deliver events until `stop`. Trouble becomes ReaderState(up=False) with code and hint; only `deliver` can raise."""
        while not stop.is_set():
            try:
                self._connect(deliver, stop)
            except BridgeError as error:
                self._tell_down(error, deliver)
            if stop.wait(self._pause):
                return
            self._pause = min(self._pause * 2, LONGEST_PAUSE_S)

    def _connect(self, deliver: Callable[[ReaderEvent], None], stop: threading.Event) -> None:
        line = self._open_line()
        try:
            self._converse(line, deliver, stop)
        finally:
            line.close()

    def _converse(self, line: Line, deliver: Callable[[ReaderEvent], None], stop: threading.Event) -> None:
        session = BoardSession(self._memory, self._timing, board_id=self._board_id, update=self._update)
        self._do(session.begin(self._clock()), line, deliver)
        while not stop.is_set():
            data = line.read(min(session.wake_at - self._clock(), LONGEST_READ_S))
            now = self._clock()
            if data:
                self._do(session.received(data, now), line, deliver)
            while self._plans:
                self._do(session.signal(self._plans.popleft(), now), line, deliver)
            self._do(session.tick(now), line, deliver)

    def _do(self, out: Out, line: Line, deliver: Callable[[ReaderEvent], None]) -> None:
        for event in out.events:  # first, so that a port lost at this moment costs no read
            if isinstance(event, ReaderState) and event.up:
                self._pause = FIRST_PAUSE_S
            deliver(event)
        if out.send:
            line.write(out.send)
        if out.failed is not None:
            raise out.failed

    def _tell_down(self, error: BridgeError, deliver: Callable[[ReaderEvent], None]) -> None:
        """Say it once, not at every try."""
        if error.code == self._memory.told:
            return
        self._memory.told = error.code
        deliver(
            ReaderState(self._name, self._clock(), False, error.code, f"{error.tried[:1].upper()}{error.tried[1:]}: {error.hint}")
        )
