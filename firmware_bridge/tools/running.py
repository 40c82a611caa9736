"""Runs a reader in a thread until it has done its work, or a person has had enough."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

from firmware_bridge.card_read import ReaderEvent
from firmware_bridge.errors import BridgeError
from firmware_bridge.open_reader import Reader

LOOK_S = 0.1
# A reader looks at its end four times a second, and a write to a stalled port takes one; what takes longer does not end.
LONGEST_END_S = 5.0


class ReaderStuck(BridgeError):
    """The reader's thread does not end."""

    code = "reader_stuck"


class Ending:
    """Whether somebody has asked for the end. A plain flag, looked at ten times a second: Python runs a signal's handler inside
    whatever its main thread is doing, and there an Event may hold the very lock that its `set` waits for."""

    def __init__(self) -> None:
        self.asked = False
        self._never = threading.Event()

    def wait(self, seconds: float | None) -> None:
        """Until it is asked for, or so many seconds."""
        until = float("inf") if seconds is None else time.monotonic() + seconds
        while not self.asked and (left := until - time.monotonic()) > 0:
            self._never.wait(min(left, LOOK_S))

    def ask(self, _number: int, _frame: FrameType | None) -> None:
        """A signal's handler."""
        self.asked = True


@contextlib.contextmanager
def stopped_by_signal() -> Iterator[Ending]:
    """Asked for by Ctrl-C or by the end of the terminal, so that ports and files are closed properly."""
    ending = Ending()
    before = {number: signal.signal(number, ending.ask) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_until(reader: Reader, deliver: Callable[[ReaderEvent], None], ending: Ending, done: Callable[[], bool]) -> None:
    """`reader` delivers until the end is asked for or `done`. What its thread raises is raised here; ReaderStuck when it does not
    end within five seconds."""
    stop, raised = threading.Event(), list[Exception]()

    def run() -> None:
        try:
            reader.run(deliver, stop)
        except Exception as error:  # noqa: BLE001 - raised again in the thread that waits
            raised.append(error)

    thread = threading.Thread(target=run, name="reader", daemon=True)
    thread.start()
    try:
        while thread.is_alive() and not done() and not ending.asked:
            thread.join(LOOK_S)
    finally:
        stop.set()
        thread.join(LONGEST_END_S)
    if raised:
        raise raised[0]
    if thread.is_alive():
        raise ReaderStuck("ending the reader, it goes on", "See whether whatever takes this command's output still reads it")
