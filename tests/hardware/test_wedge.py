"""A real scanner that types, or uinput: set SHOPBELL_KEYS to its device under /dev/input, then scan a code within 20 seconds."""

from __future__ import annotations

import os
import time

import pytest

from firmware_bridge.card_read import CardRead
from firmware_bridge.drivers.wedge_reader import open_keyboard
from firmware_bridge.open_scanner import open_scanner
from tests.support.reader import running


def device() -> str:
    path = os.environ.get("SHOPBELL_KEYS")
    if path is None:
        pytest.skip("set SHOPBELL_KEYS to the scanner's /dev/input/by-id/...-event-kbd")
    return path


@pytest.mark.hardware
def test_a_scan_arrives_and_nothing_is_typed() -> None:
    path = device()
    with running(open_scanner(f"keys:{path}", name="scan-1", clock=time.monotonic)) as thread:
        thread.wait_up()
        events = thread.wait_for(lambda events: any(isinstance(event, CardRead) for event in events))
    assert any(isinstance(event, CardRead) and event.value for event in events)


@pytest.mark.hardware
def test_presses_carry_the_clock_that_nobody_sets() -> None:
    keyboard = open_keyboard(device(), time.monotonic)
    try:
        first = next((press for press in keyboard.keys(20.0) if press is not None), None)
    finally:
        keyboard.close()
    assert first is not None, "nothing was scanned"
    assert abs(first.at - time.monotonic()) < 5.0
