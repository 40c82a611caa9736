"""The whole way on a real pty: control socket, simulated chip, serial driver, session, events."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from firmware_bridge.card_read import CardGone, CardRead, CardTrouble, ReaderEvent, ReaderState
from firmware_bridge.drivers.pn532_reader import RESET_S, Pn532Reader
from firmware_bridge.drivers.serial_port import SerialLine
from firmware_bridge.errors import MisuseError
from firmware_bridge.open_reader import open_reader
from firmware_bridge.session.pn532_steps import Timing
from firmware_bridge.simulator.pty import SimulatedPn532
from tests.support.reader import Running, ask, running, simulated

SEVEN, FOUR, TEN, PHONE = "04A2B3C4D5E6F7", "11223344", "04112233445566778899", "08AABBCC"
# A dead port is found dead sooner; everything else as in the product.
IMPATIENT = Timing(first_ack=0.1, ack=0.1)


@pytest.fixture
def control(tmp_path: Path) -> Path:
    return tmp_path / "reader.sock"


@pytest.fixture
def reader(control: Path) -> Iterator[Running]:
    with simulated(control) as thread:
        yield thread


def tap(control: Path, uid: str, hold_s: float = 0.3) -> None:
    assert ask(control, {"present": {"uid": uid}, "hold_s": hold_s}) == {"ok": True}


def states(thread: Running) -> list[str]:
    return [event.code for event in thread.events if isinstance(event, ReaderState)]


@pytest.mark.parametrize("uid", [SEVEN, FOUR, TEN])
def test_a_tap_is_one_read_then_gone(reader: Running, control: Path, uid: str) -> None:
    tap(control, uid)
    events = reader.wait_gone()
    assert [type(event) for event in events] == [ReaderState, CardRead, CardGone]
    read, gone = events[1], events[2]
    assert isinstance(read, CardRead)
    assert isinstance(gone, CardGone)
    assert (read.medium, read.value, read.reader, read.random_id, read.evidence) == ("nfc", uid, "nfc-1", False, None)
    assert events[0].monotonic <= read.monotonic <= gone.monotonic <= time.monotonic()
    assert 0.0 <= gone.held_s <= gone.monotonic - read.monotonic


def test_a_card_left_there_is_one_read(reader: Running, control: Path) -> None:
    tap(control, SEVEN, 1.5)
    events = reader.wait_gone()
    assert reader.tale == [f"read {SEVEN}", "gone"]
    gone = events[-1]
    assert isinstance(gone, CardGone)
    assert gone.held_s >= 1.0


def test_taps_one_after_the_other(reader: Running, control: Path) -> None:
    for number, uid in enumerate([SEVEN, FOUR, SEVEN, TEN], 1):
        tap(control, uid, 0.3)
        reader.wait_gone(number)
    assert [read.value for read in reader.reads] == [SEVEN, FOUR, SEVEN, TEN]


@pytest.mark.parametrize("request_", [{"present": {"uid": PHONE}}, {"present": {"phone": True}}])
def test_a_phone_has_a_random_id(reader: Running, control: Path, request_: dict[str, object]) -> None:
    assert ask(control, request_) == {"ok": True}
    reader.wait_gone()
    (read,) = reader.reads
    assert read.random_id
    assert read.value.startswith("08")
    assert len(read.value) == 8


def test_two_phones_have_two_ids(reader: Running, control: Path) -> None:
    for number in (1, 2):
        ask(control, {"present": {"phone": True}, "hold_s": 0.3})
        reader.wait_gone(number)
    first, second = reader.reads
    assert first.value != second.value


def test_two_cards_are_trouble_and_the_remaining_one_is_read(reader: Running, control: Path) -> None:
    ask(control, {"present": {"uids": [SEVEN, FOUR]}, "hold_s": None})
    reader.wait_for(lambda events: any(isinstance(event, CardTrouble) for event in events))
    ask(control, {"remove": {"uid": SEVEN}})
    reader.wait_for(lambda events: any(isinstance(event, CardRead) for event in events))
    ask(control, {"remove": {}})
    reader.wait_gone()
    assert reader.tale == ["trouble two_cards", f"read {FOUR}", "gone"]


def test_hang_up_and_return(reader: Running, control: Path) -> None:
    tap(control, SEVEN, 0.05)
    reader.wait_gone()
    ask(control, {"fault": "hangup", "seconds": 0.3})
    down = reader.wait_down("port_lost")
    assert not down.up
    assert down.hint
    reader.wait_up(2)
    tap(control, FOUR, 0.05)
    reader.wait_gone(2)
    assert [read.value for read in reader.reads] == [SEVEN, FOUR]


def test_a_card_lying_there_through_a_hang_up_is_one_read(reader: Running, control: Path) -> None:
    ask(control, {"present": {"uid": SEVEN}, "hold_s": None})
    reader.wait_for(lambda events: any(isinstance(event, CardRead) for event in events))
    ask(control, {"fault": "hangup", "seconds": 0.2})
    reader.wait_up(2)
    ask(control, {"remove": {}})
    reader.wait_gone()
    assert reader.tale == [f"read {SEVEN}", "gone"]


def test_hang_ups_in_a_row_leak_nothing(reader: Running, control: Path) -> None:
    def handles() -> int:
        return len(os.listdir("/proc/self/fd"))

    before = handles()
    for number in range(4):
        ask(control, {"fault": "hangup", "seconds": 0.05})
        reader.wait_up(number + 2)
    tap(control, SEVEN, 1.0)  # after a new start a card must be found twice
    reader.wait_gone()
    assert handles() <= before + 1


def test_noise_makes_no_card(reader: Running, control: Path) -> None:
    for _ in range(20):
        ask(control, {"fault": "noise"})
    tap(control, SEVEN, 1.0)
    reader.wait_gone()
    assert reader.tale == [f"read {SEVEN}", "gone"]


def test_a_split_line_reads_the_same(reader: Running, control: Path) -> None:
    ask(control, {"fault": "split"})
    tap(control, TEN)
    reader.wait_gone()
    assert reader.tale == [f"read {TEN}", "gone"]


def test_damage_is_asked_again(reader: Running, control: Path) -> None:
    ask(control, {"fault": "corrupt", "seconds": 0.1})
    tap(control, SEVEN, 1.5)
    reader.wait_gone()
    assert reader.tale == [f"read {SEVEN}", "gone"]


def test_a_script(reader: Running, control: Path) -> None:
    assert ask(control, {"script": f"present {SEVEN} 0.3; wait 0.9; phone 0.3; wait 0.9; noise; present {FOUR} 0.4"}) == {
        "ok": True,
        "steps": 4,
    }
    reader.wait_gone(3)
    assert [read.value for read in reader.reads if not read.random_id] == [SEVEN, FOUR]
    assert [read.random_id for read in reader.reads] == [False, True, False]


def test_the_script_of_the_issue(reader: Running, control: Path) -> None:
    assert ask(control, {"script": f"at 0.5 s card {SEVEN}, at 2 s noise, at 2 s card {FOUR} for 0.3 s"})["steps"] == 3
    reader.wait_gone(2)
    first, second = reader.reads
    assert (first.value, second.value) == (SEVEN, FOUR)
    assert second.monotonic - first.monotonic >= 1.4


def test_the_socket_is_gone_afterwards(control: Path) -> None:
    with simulated(control):
        assert control.is_socket()
    assert not control.exists()
    with simulated(control) as again:
        tap(control, SEVEN, 0.05)
        again.wait_gone()


def test_a_second_reader_on_the_same_socket_says_so_and_waits(reader: Running, control: Path) -> None:
    with running(open_reader(f"sim:{control}", name="nfc-2", clock=time.monotonic)) as second:
        down = second.wait_down("control_in_use")
        assert "name another path" in down.hint
        reader.stop()
        second.wait_up()
    assert states(second) == ["control_in_use", "ok"]


@pytest.mark.parametrize("kind", ["missing", "file", "folder"])
def test_a_port_that_is_none_is_reported_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "port"
    if kind == "file":
        path.write_bytes(b"\x00" * 100)
    elif kind == "folder":
        path.mkdir()
    code = "port_missing" if kind == "missing" else "port_not_serial"
    tries = threading.Semaphore(0)

    def open_line() -> SerialLine:
        tries.release()
        return SerialLine(str(path), 115200)

    with running(Pn532Reader("nfc-1", time.monotonic, open_line)) as thread:
        for _ in range(3):
            assert tries.acquire(timeout=10)
        thread.wait_down(code)
    assert states(thread) == [code]


class FarEnd:
    """Whatever answers at a port, played by a function from bytes to bytes."""

    def __init__(self) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._slave = slave
        self._end = threading.Event()
        os.set_blocking(self.master, False)

    def play(self, answer: bytes | None) -> threading.Thread:
        """Say `answer` to whatever comes; None: send it back."""

        def loop() -> None:
            while not self._end.wait(0.005):
                try:
                    heard = os.read(self.master, 4096)
                    os.write(self.master, heard if answer is None else answer)
                except BlockingIOError:
                    continue

        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        self._end.set()
        for end in (self.master, self._slave):
            os.close(end)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", "reader_silent"),
        (b"AT\r\nERROR\r\n", "reader_garbage"),
        (bytes(range(1, 200)), "reader_garbage"),
        (None, "reader_echo"),
        (bytes.fromhex("0000ff00ff00 0000ff06fad503330207 07e500"), "reader_wrong_chip"),
        (bytes.fromhex("0000ff00ff00"), "reader_stopped"),
    ],
)
def test_a_port_without_our_reader(answer: bytes | None, code: str) -> None:
    far = FarEnd()
    thread = far.play(answer)
    try:
        with running(Pn532Reader("nfc-1", time.monotonic, lambda: SerialLine(far.path, 115200), timing=IMPATIENT)) as reader:
            down = reader.wait_down(code)
            assert not down.up
            assert down.hint
        assert reader.reads == []
    finally:
        far._end.set()
        thread.join()
        far.close()


def test_silence_is_noticed_and_mended(reader: Running, control: Path) -> None:
    """The chip dies while a card lies there (looks come ten times a second), and comes back."""
    ask(control, {"present": {"uid": SEVEN}, "hold_s": None})
    reader.wait_for(lambda events: any(isinstance(event, CardRead) for event in events))
    ask(control, {"fault": "silence", "seconds": 2.5})
    reader.wait_down("reader_stopped")
    reader.wait_up(2)
    ask(control, {"remove": {}})
    reader.wait_gone()
    assert reader.tale == [f"read {SEVEN}", "gone"]


# Asked every quarter of a second whether it lives, and given up soon.
NERVOUS = Timing(first_ack=0.1, ack=0.1, liveness=0.25)


@pytest.fixture
def chip(control: Path) -> Iterator[SimulatedPn532]:
    simulated_chip = SimulatedPn532(control, time.monotonic)
    simulated_chip.start()
    yield simulated_chip
    simulated_chip.stop()


def test_a_chip_that_hangs_is_reset_and_reads_again(control: Path, chip: SimulatedPn532) -> None:
    """nfcpy#63: locked until its reset line or its power is used."""
    reset = list[bool]()

    def hold(on: bool) -> None:
        reset.append(on)
        chip.hold_reset(on)

    with running(Pn532Reader("nfc-1", time.monotonic, lambda: SerialLine(chip.tty, 115200, hold), timing=NERVOUS)) as reader:
        reader.wait_up()
        assert reset == []
        ask(control, {"fault": "frozen"})
        reader.wait_down("reader_stopped")
        reader.wait_up(2)
        assert reset == [True, False]
        tap(control, SEVEN)
        reader.wait_gone()
        assert [read.value for read in reader.reads] == [SEVEN]


class ModemLines:
    """DTR and RTS of a port whose kernel has none: what pyserial asks of the kernel arrives here, and nowhere else is anything
    played. The line that is wired resets the chip while it is active, as a USB adapter's output, low then, does."""

    def __init__(self, chip: SimulatedPn532, wired: str) -> None:
        """wired: dtr, rts, or nothing."""
        bits = {"dtr": termios.TIOCM_DTR, "rts": termios.TIOCM_RTS}
        self._chip, self._bit, self._ioctl = chip, bits.get(wired), fcntl.ioctl
        self.pulses = list[tuple[bool, float]]()

    def ioctl(self, descriptor: int, request: int, *argument: Any) -> Any:
        """Each change of the wired line resets the chip or lets it go; everything else is the kernel's."""
        if request not in (termios.TIOCMBIS, termios.TIOCMBIC):
            return self._ioctl(descriptor, request, *argument)
        if struct.unpack("I", argument[0])[0] == self._bit:
            held = request == termios.TIOCMBIS
            self.pulses.append((held, time.monotonic()))
            self._chip.hold_reset(held)
        return 0


@pytest.mark.parametrize("line", ["dtr", "rts"])
def test_a_pulse_on_a_line_of_the_port_revives_a_chip_that_hangs(
    control: Path, chip: SimulatedPn532, monkeypatch: pytest.MonkeyPatch, line: Literal["dtr", "rts"]
) -> None:
    """From the driver through pyserial to what it asks of the kernel: at rest while the port is opened, then held for a tenth of
    a second, and let go. That an adapter's output follows is for an adapter to show."""
    lines = ModemLines(chip, line)
    monkeypatch.setattr(fcntl, "ioctl", lines.ioctl)
    with running(Pn532Reader("nfc-1", time.monotonic, lambda: SerialLine(chip.tty, 115200, line), timing=NERVOUS)) as reader:
        reader.wait_up()
        assert [held for held, _ in lines.pulses] == [False], "at rest from the first moment"
        ask(control, {"fault": "frozen"})
        reader.wait_down("reader_stopped")
        reader.wait_up(2)
        assert [held for held, _ in lines.pulses] == [False, False, True, False]
        assert lines.pulses[-1][1] - lines.pulses[-2][1] >= RESET_S
        tap(control, SEVEN)
        reader.wait_gone()
    assert [read.value for read in reader.reads] == [SEVEN]
    assert states(reader) == ["ok", "reader_stopped", "ok"], "without the pulse it would have been told frozen"


def test_a_pulse_on_a_line_that_is_not_wired_revives_nothing(
    control: Path, chip: SimulatedPn532, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "ioctl", ModemLines(chip, "").ioctl)
    with running(Pn532Reader("nfc-1", time.monotonic, lambda: SerialLine(chip.tty, 115200, "dtr"), timing=NERVOUS)) as reader:
        reader.wait_up()
        ask(control, {"fault": "frozen"})
        reader.wait_down("reader_frozen")


def test_a_wired_line_that_is_not_named_holds_the_chip_in_reset(chip: SimulatedPn532, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a port raises both lines; docs/reader.md says so, for nothing else tells this from a chip without power."""
    monkeypatch.setattr(fcntl, "ioctl", ModemLines(chip, "rts").ioctl)
    with running(Pn532Reader("nfc-1", time.monotonic, lambda: SerialLine(chip.tty, 115200, "dtr"), timing=NERVOUS)) as reader:
        reader.wait_down("reader_silent")


def test_a_reader_is_opened_again_by_the_name_that_stays(control: Path, chip: SimulatedPn532, tmp_path: Path) -> None:
    """Plugged in elsewhere, it comes back as another device (klipper#299); the link of its stable name points there then."""
    by_id = tmp_path / "usb-reader-if00"
    by_id.symlink_to(chip.tty)
    with running(open_reader(str(by_id), name="nfc-1", clock=time.monotonic)) as reader:
        reader.wait_up()
        first = chip.tty
        ask(control, {"fault": "hangup", "seconds": 1.0})
        by_id.unlink()
        reader.wait_down("port_lost")
        taken = os.openpty()  # the number that became free, so that the reader comes back under another
        until_plugged(chip)
        by_id.symlink_to(chip.tty)
        reader.wait_up(2)
        tap(control, SEVEN)
        reader.wait_gone()
        for end in taken:
            os.close(end)
    assert chip.tty != first and [read.value for read in reader.reads] == [SEVEN]


def until_plugged(chip: SimulatedPn532) -> None:
    deadline, pause = time.monotonic() + 20, threading.Event()
    while chip._port.name is None:
        assert time.monotonic() < deadline, "the cable stays out"
        pause.wait(0.01)


def test_a_chip_that_hangs_and_has_no_reset_is_said_to_be_frozen_until_its_power_is_cut(
    control: Path, chip: SimulatedPn532
) -> None:
    with running(Pn532Reader("nfc-1", time.monotonic, lambda: SerialLine(chip.tty, 115200), timing=NERVOUS)) as reader:
        reader.wait_up()
        ask(control, {"fault": "frozen"})
        reader.wait_down("reader_stopped")
        assert "Cut its power for ten seconds" in reader.wait_down("reader_frozen").hint
        assert "reader_silent" not in states(reader)
        ask(control, {"fault": "hangup", "seconds": 0.2})
        reader.wait_up(2)


def test_a_port_that_cannot_reset_says_so_and_is_opened_again_for_ever(control: Path, chip: SimulatedPn532) -> None:
    with running(Pn532Reader("nfc-1", time.monotonic, lambda: SerialLine(chip.tty, 115200, "dtr"), timing=NERVOUS)) as reader:
        reader.wait_up()
        ask(control, {"fault": "silence", "seconds": 1.0})
        reader.wait_down("reader_stopped")
        assert "reset_pin" in reader.wait_down("reset_unavailable").hint
        reader.wait_up(2)


@pytest.mark.parametrize("fault", ["lost", "double", "previous", "split"])
def test_a_bad_line_makes_no_phantom_and_a_card_that_stays_is_read(control: Path, chip: SimulatedPn532, fault: str) -> None:
    """An answer that is lost is asked for again at the next question whether the chip lives."""
    with running(Pn532Reader("nfc-1", time.monotonic, lambda: SerialLine(chip.tty, 115200), timing=NERVOUS)) as reader:
        reader.wait_up()
        ask(control, {"fault": fault, "seconds": 1.5})
        ask(control, {"present": {"uid": SEVEN}, "hold_s": 5.0})
        reader.wait_gone()
        assert {read.value for read in reader.reads} == {SEVEN}


def test_idle_costs_nearly_nothing(reader: Running) -> None:
    before = time.process_time()
    threading.Event().wait(1.0)
    assert time.process_time() - before < 0.5  # F28: an endless loop would take the whole second


def test_stopping_before_anything_opened(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    events: list[ReaderEvent] = []
    open_reader(f"sim:{tmp_path}/r.sock", name="nfc-1", clock=time.monotonic).run(events.append, stop)
    assert events == []
    assert list(tmp_path.iterdir()) == []


def test_what_deliver_raises_is_not_swallowed_and_everything_is_closed(control: Path) -> None:
    def deliver(event: ReaderEvent) -> None:
        raise RuntimeError("the queue is closed")

    with pytest.raises(RuntimeError, match="the queue is closed"):
        open_reader(f"sim:{control}", name="nfc-1", clock=time.monotonic).run(deliver, threading.Event())
    assert not control.exists()


@pytest.mark.parametrize("port", ["", "sim:", "sim:  ", "ttyUSB0", "COM3", "../x"])
def test_ports_that_cannot_be_meant(port: str) -> None:
    with pytest.raises(MisuseError) as caught:
        open_reader(port, name="nfc-1", clock=time.monotonic)
    assert caught.value.hint


@pytest.mark.parametrize("baud", [0, -1, 300, 115201, 10**9])
def test_speeds_that_cannot_be_meant(baud: int) -> None:
    with pytest.raises(MisuseError):
        open_reader("/dev/ttyUSB0", name="nfc-1", clock=time.monotonic, baud=baud)


def test_opening_opens_nothing(tmp_path: Path) -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    open_reader(f"sim:{tmp_path}/r.sock", name="nfc-1", clock=time.monotonic)
    open_reader("/dev/serial/by-id/none", name="nfc-1", clock=time.monotonic)
    assert sorted(os.listdir("/proc/self/fd")) == before
    assert list(tmp_path.iterdir()) == []
