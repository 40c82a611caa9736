"""Opening a scanner that types, with evdev played: python3-evdev has no wheels, and a build machine has no input devices.

What is played is the module evdev (`InputDevice` with grab, read, fd, close) and the kernel behind it: presses go to whoever
has grabbed the device, else to the screen. tests/hardware/test_wedge.py does the same with the real ones.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from firmware_bridge.card_read import CardRead
from firmware_bridge.drivers.wedge_reader import Keyboard, open_keyboard
from firmware_bridge.errors import BridgeError
from firmware_bridge.open_scanner import open_scanner
from firmware_bridge.wire.wedge_keys import KeyPress
from tests.firmware_bridge.test_wedge_keys import presses
from tests.support.reader import running

PATH = "/dev/input/by-id/played-event-kbd"
SYN, KEY, DROPPED, HELD = 0, 1, 3, 2
NOW = 7.0  # of the presses: a pipe is no device that the kernel would stamp by another clock


@dataclass(frozen=True)
class Event:
    type: int
    code: int
    value: int
    at: float = 1.0

    def timestamp(self) -> float:
        return self.at


class Kernel:
    """One input device, its events and who gets them."""

    def __init__(self) -> None:
        self.screen: list[Event] = []
        self.calls: list[str] = []
        self.grab_fails: OSError | None = None
        self.open_fails: Exception | None = None
        self.read_fails: OSError | None = None
        self._waiting: list[Event] = []
        self._grabbed = False
        self._ends = os.pipe()
        os.set_blocking(self._ends[0], False)

    def type(self, *events: Event) -> None:
        if not self._grabbed:
            self.screen += events
            return
        self._waiting += events
        os.write(self._ends[1], b"x")

    def module(self) -> SimpleNamespace:
        return SimpleNamespace(InputDevice=self._device)

    def _device(self, path: str) -> SimpleNamespace:
        self.calls.append(f"open {path}")
        if self.open_fails is not None:
            raise self.open_fails
        return SimpleNamespace(fd=self._ends[0], grab=self._grab, read=self._read, close=self._close)

    def _grab(self) -> None:
        self.calls.append("grab")
        if self.grab_fails is not None:
            raise self.grab_fails
        self._grabbed = True

    def _read(self) -> Iterator[Event]:
        if self.read_fails is not None:
            raise self.read_fails
        os.read(self._ends[0], 64)
        events, self._waiting = self._waiting, []
        return iter(events)

    def _close(self) -> None:
        self.calls.append("close")
        self._grabbed = False

    def end(self) -> None:
        for end in self._ends:
            os.close(end)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    played = Kernel()
    monkeypatch.setitem(sys.modules, "evdev", played.module())
    yield played
    played.end()


def strokes(text: str) -> list[Event]:
    return [Event(KEY, press.code, int(press.down), press.at) for press in presses(text)]


def come(keyboard: Keyboard) -> list[KeyPress | None]:
    return list(keyboard.keys(0.05))


def test_nothing_that_is_scanned_reaches_the_screen(kernel: Kernel) -> None:
    with running(open_scanner(f"keys:{PATH}", name="scan-1", clock=time.monotonic)) as thread:
        thread.wait_up()
        kernel.type(*strokes("KR-MARIA"))
        events = thread.wait_for(lambda events: any(isinstance(event, CardRead) for event in events))
    assert [event.value for event in events if isinstance(event, CardRead)] == ["KR-MARIA"]
    assert kernel.screen == []
    assert kernel.calls == [f"open {PATH}", "grab", "close"]
    kernel.type(*strokes("A"))
    assert kernel.screen != [], "given back when the kiosk ends"


def test_presses_and_releases_come_and_repeats_and_other_events_do_not(kernel: Kernel) -> None:
    keyboard = open_keyboard(PATH, lambda: NOW)
    assert come(keyboard) == []
    kernel.type(Event(KEY, 30, 1), Event(KEY, 30, HELD), Event(4, 4, 30), Event(SYN, 0, 0), Event(KEY, 30, 0))
    assert come(keyboard) == [KeyPress(30, True, NOW), KeyPress(30, False, NOW)]


def test_events_the_kernel_dropped_are_said(kernel: Kernel) -> None:
    keyboard = open_keyboard(PATH, lambda: NOW)
    kernel.type(Event(KEY, 30, 1), Event(SYN, DROPPED, 0))
    assert come(keyboard) == [KeyPress(30, True, NOW), None]


def test_a_device_somebody_else_has_grabbed_is_let_go_of(kernel: Kernel) -> None:
    kernel.grab_fails = OSError(errno.EBUSY, "busy")
    with pytest.raises(BridgeError) as refused:
        open_keyboard(PATH, lambda: NOW)
    assert refused.value.code == "port_busy"
    assert kernel.calls == [f"open {PATH}", "grab", "close"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PermissionError(errno.EACCES, "no"), "port_forbidden"),
        (FileNotFoundError(errno.ENOENT, "no"), "port_missing"),
        (OSError(errno.ENOTTY, "no"), "port_not_keys"),
        (OSError(errno.ENODEV, "no"), "port_missing"),
    ],
)
def test_what_opening_can_raise(kernel: Kernel, error: Exception, code: str) -> None:
    kernel.open_fails = error
    with pytest.raises(BridgeError) as refused:
        open_keyboard(PATH, lambda: NOW)
    assert refused.value.code == code


def test_a_device_that_is_unplugged_is_lost_and_one_that_had_nothing_is_not(kernel: Kernel) -> None:
    keyboard = open_keyboard(PATH, lambda: NOW)
    kernel.type(Event(KEY, 30, 1))
    kernel.read_fails = BlockingIOError(errno.EAGAIN, "nothing")
    assert come(keyboard) == []
    kernel.read_fails = OSError(errno.ENODEV, "gone")
    with pytest.raises(BridgeError) as lost:
        come(keyboard)
    assert lost.value.code == "port_lost"
    keyboard.close()
