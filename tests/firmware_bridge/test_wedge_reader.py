"""The device end of scanners that type, as far as it goes without a device: whose clock the presses carry."""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from firmware_bridge.drivers.wedge_reader import Grabbed
from firmware_bridge.wire.key_layouts import US
from firmware_bridge.wire.scanner_lines import ScannedLine
from firmware_bridge.wire.wedge_keys import KeyPress, KeyReader
from tests.firmware_bridge.test_wedge_keys import presses

# linux/input.h on all machines a kiosk runs on: EVIOCSCLOCKID.
SET_CLOCK = 0x400445A0


class Device:
    """What evdev gives, on a pipe: its kernel stamps presses with the wall's clock, which is set back in the middle of a code."""

    def __init__(self, keys: list[KeyPress]) -> None:
        self.fd, self._end = os.pipe()
        os.write(self._end, b".")
        half = len(keys) // 2
        self._events = [self._event(key, 1.8e9 - 3600 * (number >= half)) for number, key in enumerate(keys)]

    def grab(self) -> None:
        """Ours."""

    def read(self) -> Iterator[SimpleNamespace]:
        return iter(self._events)

    def close(self) -> None:
        os.close(self.fd)
        os.close(self._end)

    def _event(self, key: KeyPress, wall: float) -> SimpleNamespace:
        return SimpleNamespace(type=1, code=key.code, value=int(key.down), timestamp=lambda: wall + key.at)


def understood(device: Device) -> list[object]:
    grabbed, reader = Grabbed(device, "/dev/input/event7", time.monotonic), KeyReader(US)
    try:
        return [scan for press in grabbed.keys(1.0) if press is not None for scan in reader.press(press)]
    finally:
        grabbed.close()


def test_a_wall_clock_that_is_set_cuts_no_code() -> None:
    """A pipe has no clock to be chosen, as an old kernel: the presses carry the time of their being fetched."""
    assert understood(Device(presses("2912345678907"))) == [ScannedLine("2912345678907")]


def test_the_kernel_is_asked_for_the_clock_that_nobody_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[tuple[int, int, bytes]]()
    monkeypatch.setattr(fcntl, "ioctl", lambda *words: asked.append(words))
    device = Device(presses("2912345678907"))
    keys = [press for press in Grabbed(device, "/dev/input/event7", lambda: 5.0).keys(1.0) if press is not None]
    assert asked == [(device.fd, SET_CLOCK, struct.pack("i", time.CLOCK_MONOTONIC))]
    assert all(press.at > 1e9 for press in keys), "the kernel's own times are kept, for they wait for nobody"
    device.close()
