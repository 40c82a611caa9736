"""How `shopbell reader ...` ends: by a signal at any moment, by its own thread's trouble, and never by waiting for ever."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

import pytest

from firmware_bridge.card_read import ReaderEvent
from firmware_bridge.tools import running
from firmware_bridge.tools.running import Ending, ReaderStuck, run_until, stopped_by_signal


class Waits:
    """A reader that only waits for its end."""

    def run(self, deliver: Callable[[ReaderEvent], None], stop: threading.Event) -> None:
        stop.wait()


class Deaf:
    """A reader that hangs in what it delivers to."""

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def run(self, deliver: Callable[[ReaderEvent], None], stop: threading.Event) -> None:
        self.let_go.wait()


class Broken:
    """A reader whose deliver raises."""

    def run(self, deliver: Callable[[ReaderEvent], None], stop: threading.Event) -> None:
        raise BrokenPipeError("nobody reads")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_takes_no_lock(number: signal.Signals) -> None:
    """The handler runs inside whatever the main thread does, which may hold the lock that the handler would take."""
    called = list[str]()

    def note(frame: FrameType, event: str, what: object) -> None:
        if event in ("call", "c_call"):
            called.append(frame.f_code.co_name if event == "call" else getattr(what, "__name__", ""))

    with stopped_by_signal() as ending:
        sys.setprofile(note)
        try:
            signal.raise_signal(number)
        finally:
            sys.setprofile(None)
        assert ending.asked
    assert {"acquire", "__enter__", "notify_all"} & set(called) == set()


def test_a_signal_ends_a_reader_and_a_pause() -> None:
    with stopped_by_signal() as ending:
        threading.Timer(0.2, signal.raise_signal, [signal.SIGTERM]).start()
        run_until(Waits(), print, ending, lambda: False)
        ending.wait(None)
        assert ending.asked


def test_a_pause_ends_by_itself() -> None:
    began = time.monotonic()
    Ending().wait(0.25)
    assert time.monotonic() - began >= 0.25


def test_what_the_thread_raises_is_not_lost() -> None:
    with pytest.raises(BrokenPipeError):
        run_until(Broken(), print, Ending(), lambda: False)


def test_a_reader_that_does_not_end_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LONGEST_END_S", 0.2)
    deaf = Deaf()
    with pytest.raises(ReaderStuck):
        run_until(deaf, print, Ending(), lambda: True)
    deaf.let_go.set()
