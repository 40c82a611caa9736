"""A device that is configured by a name that may change is warned of, and only that."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_bridge.card_read import ReaderEvent, ReaderState
from firmware_bridge.open_reader import open_reader
from firmware_bridge.simulator.pty import SimulatedPn532
from firmware_bridge.stable_names import device_of, stable_name
from kiosk.devices import name_watch
from kiosk.devices.name_watch import NameWatch
from tests.support.reader import Running


@pytest.fixture
def chip(tmp_path: Path) -> Iterator[SimulatedPn532]:
    made = SimulatedPn532(tmp_path / "chip.sock", time.monotonic)
    made.start()
    yield made
    made.stop()


class Log:
    """What was logged as a warning."""

    def __init__(self) -> None:
        self.warnings: list[dict[str, str]] = []

    def warning(self, event: str, **fields: str) -> None:
        self.warnings.append({"event": event, **fields})


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    made = Log()
    monkeypatch.setattr(name_watch, "log", made)
    return made


@pytest.fixture
def by_id(tmp_path: Path, chip: SimulatedPn532) -> Path:
    """A folder of stable names, as udev makes it: one dead, one of another device, one of the chip's port."""
    folder = tmp_path / "by-id"
    folder.mkdir()
    (folder / "usb-a-gone-if00").symlink_to("/dev/no-such-port")
    (folder / "usb-b-null-if00").symlink_to("/dev/null")
    (folder / "usb-c-reader-if00").symlink_to(chip.tty)
    return folder


class Watched:
    """A reader whose name is looked at."""

    def __init__(self, port: str, folder: Path) -> None:
        self._reader = open_reader(port, name="nfc-1", clock=time.monotonic)
        self._watch = NameWatch("reader", port, (folder,))

    def run(self, deliver, stop) -> None:  # type: ignore[no-untyped-def]  # as Reader
        self._reader.run(self._watch.before(deliver), stop)


def come_up(port: str, folder: Path) -> None:
    thread = Running(Watched(port, folder))
    thread.wait_up()
    thread.stop()


def test_a_name_that_may_change_is_warned_of(chip: SimulatedPn532, by_id: Path, log: Log) -> None:
    come_up(chip.tty, by_id)
    (warning,) = log.warnings
    assert (warning["event"], warning["code"], warning["device"]) == ("port_unstable", "port_unstable", "reader")
    assert "name that stays" in warning["hint"] and "doctor" in warning["hint"]


def test_a_name_that_stays_is_not(by_id: Path, log: Log) -> None:
    come_up(str(by_id / "usb-c-reader-if00"), by_id)
    assert log.warnings == []


def test_a_device_without_another_name_is_not(chip: SimulatedPn532, by_id: Path, log: Log) -> None:
    (by_id / "usb-c-reader-if00").unlink()
    come_up(chip.tty, by_id)
    assert log.warnings == []


def test_it_is_said_once(by_id: Path, chip: SimulatedPn532, log: Log) -> None:
    watch, told = NameWatch("reader", chip.tty, (by_id,)), list[ReaderEvent]()
    deliver = watch.before(told.append)
    for up in (False, True, False, True):
        deliver(ReaderState("nfc-1", 1.0, up))
    assert len(log.warnings) == 1 and len(told) == 4


@pytest.mark.parametrize(
    ("port", "device"),
    [
        ("/dev/ttyUSB0", "/dev/ttyUSB0"),
        ("board:/dev/ttyACM0#e661400500000001", "/dev/ttyACM0"),
        ("keys:/dev/input/event3", "/dev/input/event3"),
        ("/dev/video0", "/dev/video0"),
        ("sim:/run/reader.sock", ""),
    ],
)
def test_the_device_in_a_port(port: str, device: str) -> None:
    assert device_of(port) == device


def test_names_that_cannot_be_looked_up(tmp_path: Path) -> None:
    assert stable_name("", (tmp_path,)) is None
    assert stable_name("/dev/no-such-port", (tmp_path,)) is None
    assert stable_name("/dev/null", (tmp_path / "none",)) is None
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert stable_name("/dev/null", (tmp_path,)) is None
