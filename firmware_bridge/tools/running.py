"""Runs a reader in a thread until it has done its work, or a person has had enough."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

from firmware_bridge.card_read import ReaderEvent
from firmware_bridge.open_reader import Reader

LOOK_S = 0.1


@contextlib.contextmanager
def stopped_by_signal() -> Iterator[threading.Event]:
    """Set by Ctrl-C or by the end of the terminal, so that ports and files are closed properly."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_until(reader: Reader, deliver: Callable[[ReaderEvent], None], stop: threading.Event, done: Callable[[], bool]) -> None:
    """`reader` delivers until `stop` is set or `done`."""
    thread = threading.Thread(target=reader.run, args=(deliver, stop), name="reader", daemon=True)
    thread.start()
    try:
        while thread.is_alive() and not done():
            stop.wait(LOOK_S)
            if stop.is_set():
                break
    finally:
        stop.set()
        thread.join()
