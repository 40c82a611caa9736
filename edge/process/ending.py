"""The wish to end a process: set by a signal or by any thread, waited for by one."""

from __future__ import annotations

import os
import select
import signal
from types import FrameType


class Ending:
    """Like threading.Event, but a signal may set it while the same thread waits.

    Python runs a signal's handler inside whatever its main thread is doing. An Event holds its lock for a moment in each
    `wait`; a handler that calls `set` in that moment waits for the lock for ever, and with it the process. A pipe has no lock.
    """

    def __init__(self) -> None:
        self._set = False
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)

    def on(self, *numbers: signal.Signals) -> Ending:
        """Let these signals set it. Main thread only."""

        def handle(_number: int, _frame: FrameType | None) -> None:
            self.set()

        for number in numbers:
            signal.signal(number, handle)
        return self

    def set(self) -> None:
        """It is time to end. Safe from a signal's handler and from any thread, and as often as you like."""
        if not self._set:
            self._set = True
            os.write(self._write, b".")

    def is_set(self) -> bool:
        """Whether it is time to end."""
        return self._set

    def wait(self, timeout_s: float | None = None) -> bool:
        """Until it is set, or so many seconds; says whether it is set."""
        if not self._set:
            select.select([self._read], [], [], timeout_s)
        return self._set
