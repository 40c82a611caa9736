"""A scanner that types: a keyboard made by uinput, or a real scanner (SHOPBELL_KEYS names its device under /dev/input).

A second reader of the same device stands for the screen: while the kiosk has it grabbed, that one sees nothing.
"""

from __future__ import annotations

import importlib
import os
import time
from pathlib import Path
from typing import Any

import pytest

from firmware_bridge.card_read import CardRead, ReaderEvent
from firmware_bridge.drivers.wedge_reader import open_keyboard
from firmware_bridge.open_scanner import open_scanner
from tests.firmware_bridge.test_wedge_keys import presses
from tests.support.reader import Running, running

EV_KEY = 1
SETTLE_S = 0.5


def evdev() -> Any:
    try:
        return importlib.import_module("evdev")
    except ImportError:
        pytest.skip("install python3-evdev by apt, in an environment that sees the system's packages")


def seen(screen: Any) -> list[Any]:
    """Keys that reached the second reader by now."""
    time.sleep(SETTLE_S)
    try:
        return [event for event in screen.read() if event.type == EV_KEY]
    except BlockingIOError:
        return []


def one_read(thread: Running) -> CardRead:
    def reads(events: list[ReaderEvent]) -> list[CardRead]:
        return [event for event in events if isinstance(event, CardRead)]

    return reads(thread.wait_for(lambda events: bool(reads(events))))[0]


def type_keys(keyboard: Any, text: str) -> None:
    for press in presses(text):
        keyboard.write(EV_KEY, press.code, int(press.down))
        keyboard.syn()


@pytest.mark.hardware
def test_what_a_keyboard_of_uinput_types_arrives_and_reaches_nobody_else() -> None:
    if not Path("/dev/uinput").exists():
        pytest.skip("this machine has no /dev/uinput: load the kernel's module uinput, and run as a user who may write to it")
    library = evdev()
    with library.UInput(name="shopbell-test-scanner") as keyboard:
        time.sleep(SETTLE_S)
        screen = library.InputDevice(keyboard.device.path)
        type_keys(keyboard, "BEFORE")
        assert seen(screen), "without a grab the second reader sees the keys"
        with running(open_scanner(f"keys:{keyboard.device.path}", name="scan-1", clock=time.monotonic)) as thread:
            thread.wait_up()
            type_keys(keyboard, "KR-MARIA")
            assert one_read(thread).value == "KR-MARIA"
            assert seen(screen) == [], "grabbed"
        type_keys(keyboard, "AFTER")
        assert seen(screen), "given back"
        screen.close()


def device() -> str:
    path = os.environ.get("SHOPBELL_KEYS")
    if path is None:
        pytest.skip("set SHOPBELL_KEYS to the scanner's /dev/input/by-id/...-event-kbd, then scan a code within 20 seconds")
    return path


@pytest.mark.hardware
def test_presses_carry_the_clock_that_nobody_sets() -> None:
    keyboard = open_keyboard(device(), time.monotonic)
    try:
        first = next((press for press in keyboard.keys(20.0) if press is not None), None)
    finally:
        keyboard.close()
    assert first is not None, "nothing was scanned"
    assert abs(first.at - time.monotonic()) < 5.0


@pytest.mark.hardware
def test_a_scan_arrives_and_nothing_is_typed() -> None:
    path = device()
    screen = evdev().InputDevice(path)
    with running(open_scanner(f"keys:{path}", name="scan-1", clock=time.monotonic)) as thread:
        thread.wait_up()
        assert one_read(thread).value
        assert seen(screen) == [], "grabbed"
    screen.close()
