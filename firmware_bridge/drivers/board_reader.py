"""The thread that keeps one reader board alive: opens the port, lets the session speak, opens again for ever."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from firmware_bridge.drivers.kept_open import Deliver, KeptOpen
from firmware_bridge.drivers.line import Line, carry_out
from firmware_bridge.session.board_memory import BoardMemory
from firmware_bridge.session.board_session import BoardSession, BoardTiming
from firmware_bridge.session.board_update import BoardUpdate
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
        self._clock, self._open_line = clock, open_line
        self._board_id, self._timing, self._update = board_id, timing, update
        self._memory = BoardMemory(name)
        self._plans: deque[SignalPlan] = deque(maxlen=MOST_SIGNALS)
        self._kept = KeptOpen(name, clock, self._connect)

    def signal(self, plan: SignalPlan) -> None:
        """Show and sound this soon; forgotten while no board is there. Raises MisuseError for numbers that do not fit."""
        encoded(plan)  # here, where whoever asked can hear of it
        self._plans.append(plan)

    def run(self, deliver: Deliver, stop: threading.Event) -> None:
        """See firmware_bridge.open_reader.Reader."""
        self._kept.run(deliver, stop)

    def _connect(self, deliver: Deliver, stop: threading.Event) -> None:
        line = self._open_line()
        try:
            self._converse(line, deliver, stop)
        finally:
            line.close()

    def _converse(self, line: Line, deliver: Deliver, stop: threading.Event) -> None:
        session = BoardSession(self._memory, self._timing, board_id=self._board_id, update=self._update)
        carry_out(session.begin(self._clock()), line, deliver)
        while not stop.is_set():
            data = line.read(min(session.wake_at - self._clock(), LONGEST_READ_S))
            now = self._clock()
            if data:
                carry_out(session.received(data, now), line, deliver)
            while self._plans:
                carry_out(session.signal(self._plans.popleft(), now), line, deliver)
            carry_out(session.tick(now), line, deliver)
