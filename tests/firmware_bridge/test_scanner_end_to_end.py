"""The whole way on a real pty: control socket, simulated scanner, serial driver, lines, events."""

from __future__ import annotations

import os
import queue
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_bridge.card_read import CardRead, CardTrouble, ReaderEvent, ReaderState
from firmware_bridge.drivers.scanner_reader import ScannerReader
from firmware_bridge.drivers.serial_port import PortLost, SerialLine
from firmware_bridge.drivers.wedge_reader import WedgeReader
from firmware_bridge.errors import MisuseError
from firmware_bridge.open_scanner import open_scanner
from firmware_bridge.wire.scanner_lines import GAP_S
from firmware_bridge.wire.wedge_keys import KeyPress
from tests.firmware_bridge.test_wedge_keys import presses
from tests.support.reader import Running, ask, running


@pytest.fixture
def control(tmp_path: Path) -> Path:
    return tmp_path / "scanner.sock"


@pytest.fixture
def scanner(control: Path) -> Iterator[Running]:
    with running(open_scanner(f"sim:{control}", name="scan-1", clock=time.monotonic)) as thread:
        thread.wait_up()
        yield thread


def presented(events: list[ReaderEvent]) -> list[CardRead | CardTrouble]:
    return [event for event in events if isinstance(event, CardRead | CardTrouble)]


def wait_presented(thread: Running, times: int) -> list[CardRead | CardTrouble]:
    return presented(thread.wait_for(lambda events: len(presented(events)) >= times))


def scan(control: Path, text: str, **more: str) -> None:
    assert ask(control, {"scan": {"text": text, **more}}) == {"ok": True}


def test_a_scan_is_a_code_read(scanner: Running, control: Path) -> None:
    scan(control, "https://a/8018/123456789012345675", symbology="]Q1")
    (read,) = wait_presented(scanner, 1)
    assert isinstance(read, CardRead)
    assert (read.medium, read.value, read.reader) == ("code", "https://a/8018/123456789012345675", "scan-1")
    assert (read.symbology, read.random_id, read.evidence) == ("]Q1", False, None)
    assert read.monotonic <= time.monotonic()


@pytest.mark.parametrize("fault", ["split", "twice"])
def test_a_poor_line_still_gives_one_read(scanner: Running, control: Path, fault: str) -> None:
    scan(control, "KR-MARIA", fault=fault)
    scan(control, "KR-WALTER")
    assert [read.value for read in wait_presented(scanner, 2) if isinstance(read, CardRead)] == ["KR-MARIA", "KR-WALTER"]


def test_a_cut_line_is_no_code(scanner: Running, control: Path) -> None:
    scan(control, "2012345678900", fault="cut")
    (trouble,) = wait_presented(scanner, 1)
    assert isinstance(trouble, CardTrouble)
    assert (trouble.trouble, trouble.medium, trouble.code) == ("unreadable", "code", "scan_cut")


class StalledOnce(SerialLine):
    """A port whose reader's thread sleeps after the first bytes, as on a machine that has too much to do."""

    def __init__(self, path: str, fetched: threading.Event, rest_is_there: threading.Event) -> None:
        super().__init__(path, 9600)
        self._fetched, self._rest_is_there = fetched, rest_is_there

    def read(self, timeout_s: float) -> bytes:
        if self._fetched.is_set():
            self._rest_is_there.wait(20.0)
        data = super().read(timeout_s)
        if data:
            self._fetched.set()
        return data


def test_a_thread_that_slept_cuts_no_code() -> None:
    """Every byte came in time; they were fetched a third of a second apart."""
    master, slave = os.openpty()
    tty.setraw(slave)
    fetched, rest_is_there = threading.Event(), threading.Event()
    path = os.ttyname(slave)
    with running(ScannerReader("scan-1", time.monotonic, lambda: StalledOnce(path, fetched, rest_is_there))) as thread:
        thread.wait_up()
        os.write(master, b"KR-MAR")
        assert fetched.wait(20.0)
        os.write(master, b"IA-0042\r\n")
        threading.Event().wait(GAP_S * 1.5)
        rest_is_there.set()
        assert [read.value for read in wait_presented(thread, 1) if isinstance(read, CardRead)] == ["KR-MARIA-0042"]
    os.close(master)
    os.close(slave)


def test_a_port_opened_in_the_middle_of_a_code(tmp_path: Path) -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    path = os.ttyname(slave)

    def opened() -> SerialLine:
        line = SerialLine(path, 9600)
        os.write(master, b"IA-0042\r\n")
        return line

    with running(ScannerReader("scan-1", time.monotonic, opened)) as thread:
        thread.wait_up()
        os.write(master, b"KR-WALTER\r\n")
        half, read = wait_presented(thread, 2)
        assert isinstance(half, CardTrouble) and half.code == "scan_cut"
        assert isinstance(read, CardRead) and read.value == "KR-WALTER"
    os.close(master)
    os.close(slave)


def test_a_cut_line_takes_the_next_one_with_it(scanner: Running, control: Path) -> None:
    scan(control, "2012345678900", fault="cut")
    wait_presented(scanner, 1)
    for text in ("KR-MARIA", "KR-WALTER"):
        scan(control, text)
    events = scanner.wait_for(lambda events: any(isinstance(event, CardRead) for event in events))
    assert [event.value for event in events if isinstance(event, CardRead)] == ["KR-WALTER"]


def test_noise_makes_no_card(scanner: Running, control: Path) -> None:
    scan(control, "KR-MARIA", fault="noise")
    events = scanner.wait_for(lambda events: any(isinstance(event, CardRead) for event in events))
    assert [event.value for event in events if isinstance(event, CardRead)] == ["KR-MARIA"]


def test_a_setup_code_is_refused(scanner: Running, control: Path) -> None:
    scan(control, "%%SpecCode10")
    (trouble,) = wait_presented(scanner, 1)
    assert isinstance(trouble, CardTrouble)
    assert trouble.code == "scan_programming"


def test_unplugged_and_back(scanner: Running, control: Path) -> None:
    assert ask(control, {"hangup": {"seconds": 0.4}}) == {"ok": True}
    assert "opened again" in scanner.wait_down("port_lost").hint
    scanner.wait_up(2)
    scan(control, "KR-MARIA")
    assert len(wait_presented(scanner, 1)) == 1


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (b"nonsense\n", "bad_scan_request"),
        ({"scan": "x"}, "bad_scan_request"),
        ({"scan": {}}, "bad_scan_text"),
        ({"scan": {"text": "x" * 1001}}, "bad_scan_text"),
        ({"scan": {"text": "x", "symbology": "E0"}}, "bad_symbology"),
        ({"scan": {"text": "x", "fault": "shy"}}, "unknown_fault"),
        ({"hangup": {"seconds": -1}}, "bad_seconds"),
        ({"jump": {}}, "unknown_verb"),
    ],
)
def test_bad_requests(scanner: Running, control: Path, request_: object, code: str) -> None:
    reply = ask(control, request_)
    assert reply["error"]["code"] == code  # type: ignore[index]
    assert ask(control, {"status": {}})["ok"] is True


def test_no_port_is_told_once_and_tried_for_ever(tmp_path: Path) -> None:
    with running(open_scanner(str(tmp_path / "nothing"), name="scan-1", clock=time.monotonic)) as thread:
        assert "nothing" in thread.wait_down("port_missing").hint
        master, slave = os.openpty()
        tty.setraw(slave)
        (tmp_path / "nothing").symlink_to(os.ttyname(slave))
        thread.wait_up()
        os.write(master, b"KR-MARIA\r")
        assert len(wait_presented(thread, 1)) == 1
        assert [event.code for event in thread.events if isinstance(event, ReaderState)] == ["port_missing", "ok"]
        os.close(master)
        os.close(slave)
        thread.wait_down("port_lost")


@pytest.mark.parametrize(
    "words",
    [
        {"port": "ttyACM0"},
        {"port": "sim:"},
        {"port": "keys:event3"},
        {"port": "/dev/ttyACM0", "baud": 1234},
        {"port": "keys:/dev/input/event3", "layout": "dvorak"},
    ],
)
def test_what_cannot_be_meant(words: dict[str, object]) -> None:
    with pytest.raises(MisuseError):
        open_scanner(**{"name": "scan-1", "clock": time.monotonic, **words})  # type: ignore[arg-type]


class PlayedKeys:
    """A grabbed device: gives what was put, and is gone after a word."""

    def __init__(self, source: queue.Queue[KeyPress | str | None]) -> None:
        self._source, self.closed = source, False

    def keys(self, timeout_s: float) -> Iterator[KeyPress | None]:
        try:
            press = self._source.get(timeout=timeout_s)
        except queue.Empty:
            return
        if isinstance(press, str):
            raise PortLost("using the keys", "It was unplugged")
        yield press

    def close(self) -> None:
        self.closed = True


def test_a_scanner_that_types() -> None:
    source: queue.Queue[KeyPress | str | None] = queue.Queue()
    devices: list[PlayedKeys] = []

    def opened() -> PlayedKeys:
        devices.append(PlayedKeys(source))
        return devices[-1]

    with running(WedgeReader("scan-1", time.monotonic, opened, "us")) as thread:
        thread.wait_up()
        for key in [*presses("KR-LOST", end=None), None, *presses("REST"), *presses("]C0KR-MARIA")]:
            source.put(key)
        lost, read = wait_presented(thread, 2)
        assert isinstance(lost, CardTrouble) and lost.code == "scan_cut"
        assert isinstance(read, CardRead)
        assert (read.value, read.symbology) == ("KR-MARIA", "]C0")
        source.put("gone")
        thread.wait_up(2)
    assert len(devices) == 2
    assert all(device.closed for device in devices)


def test_without_evdev_the_technician_is_told() -> None:
    """Where python3-evdev is missing, and where there is no such device, a sentence says so; the thread lives on."""
    with running(open_scanner("keys:/dev/input/by-id/none-event-kbd", name="scan-1", clock=time.monotonic)) as thread:
        events = thread.wait_for(lambda events: bool(events))
        (state,) = [event for event in events if isinstance(event, ReaderState)]
        assert state.code in ("keys_missing", "port_missing")
        assert not state.up
