"""The doctor at every fault of a reader or scanner that can be made on a pty: what it is, and what to do."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_bridge import stable_names
from firmware_bridge.doctor import Finding, examine, examine_scanner
from firmware_bridge.errors import MisuseError
from firmware_bridge.simulator.pty import SimulatedPn532
from firmware_bridge.simulator.scanner import SimulatedScanner
from firmware_bridge.tools.holders import holders
from firmware_bridge.wire import board_frame as wire
from firmware_bridge.wire.pn532_answers import DIAGNOSE, GET_FIRMWARE_VERSION
from tests.support.board import Bench, bench, until
from tests.support.board_duo import hello_body
from tests.support.far_end import peer
from tests.support.reader import ask

ROOT = Path(__file__).resolve().parents[2]
ACK = bytes.fromhex("0000ff00ff00")
PN533 = bytes.fromhex("0000ff00ff00 0000ff06fad503330207 07e500")
NMEA = b"$GPGGA,123519,4807.038,N\r\n"


def words(findings: list[Finding]) -> str:
    return "\n".join(f"{'ok' if finding.well else 'ILL'} {finding.words}" for finding in findings)


def told(port: str, reset: object = None) -> str:
    return words(examine(port, 115200, time.monotonic, reset))  # type: ignore[arg-type]  # dtr, rts or a function


def told_of_scanner(port: str, listen_s: float = 0.0) -> str:
    return words(examine_scanner(port, time.monotonic, listen_s=listen_s))


@pytest.fixture
def chip(tmp_path: Path) -> Iterator[SimulatedPn532]:
    made = SimulatedPn532(tmp_path / "chip.sock", time.monotonic)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as found:
        yield found


def port_of(board: Bench) -> str:
    return f"board:{board.board.tty}"


# -- what is at a port


@pytest.mark.parametrize(
    ("answer", "code", "advice"),
    [
        (b"", "reader_silent", "switches"),
        (None, "reader_echo", "raspi-config"),
        (NMEA, "reader_garbage", "is the reader's"),
        (PN533, "reader_wrong_chip", "Use a PN532"),
        (ACK, "reader_stopped", "weak supply"),
        (lambda _heard: None, "port_lost", "plug it in again"),
        (wire.frame_bytes(wire.HELLO, 0, hello_body(1, 0, (2, 0))), "board_protocol", "Update the older"),
    ],
)
def test_a_port_without_a_reader_that_works(answer: object, code: str, advice: str) -> None:
    with peer(answer) as path:  # type: ignore[arg-type]  # as above
        found = told(path)
    assert f"ILL {code}: " in found and advice in found


def test_a_frozen_chip_without_a_reset(chip: SimulatedPn532, tmp_path: Path) -> None:
    """nfcpy#63: only its power or its reset line helps."""
    ask(tmp_path / "chip.sock", {"fault": "frozen"})
    found = told(chip.tty)
    assert "ILL reader_silent: " in found and "its chip has frozen: cut its power for ten seconds" in found


def test_a_frozen_chip_is_brought_back_by_its_reset(chip: SimulatedPn532, tmp_path: Path) -> None:
    ask(tmp_path / "chip.sock", {"fault": "frozen"})
    assert "ok the chip had frozen, and its reset has brought it back: PN532 with firmware 1.6" in told(chip.tty, chip.hold_reset)
    assert "ok held, the reader is silent; let go, it answers" in told(chip.tty, chip.hold_reset)


def test_a_frozen_chip_whose_reset_is_not_wired(chip: SimulatedPn532, tmp_path: Path) -> None:
    ask(tmp_path / "chip.sock", {"fault": "frozen"})
    found = told(chip.tty, lambda _hold: None)
    assert "ILL reader_silent: " in found and "ILL held and let go, and nothing has changed" in found


def test_a_reset_that_reaches_nothing(chip: SimulatedPn532) -> None:
    found = told(chip.tty, lambda _hold: None)
    assert "ok PN532" in found and "ILL reset_unwired: " in found and "RSTPDN" in found


def test_a_port_without_the_line_of_the_reset(chip: SimulatedPn532) -> None:
    found = told(chip.tty, "dtr")
    assert "ok PN532" in found and "ILL reset_unavailable: " in found and "reset_pin" in found


def test_a_chip_whose_memory_is_broken(chip: SimulatedPn532) -> None:
    chip._chip._answers[DIAGNOSE] = lambda _data, _now: b"\x01"
    found = told(chip.tty)
    assert "ILL reader_faulty: having the chip test its own ROM" in found and "replace the reader" in found


def test_a_pn532_that_works(chip: SimulatedPn532) -> None:
    assert "ok PN532 with firmware 1.6" in told(chip.tty) and "ILL" not in told(chip.tty)
    named = told(f"board:{chip.tty}")
    assert "ILL port_named_otherwise: " in named and f'write port = "{chip.tty}"' in named


def test_a_board_that_works(board: Bench) -> None:
    found = told(port_of(board))
    assert "ILL" not in found and "reader board e661400500000001 (unix-pn532), firmware 1.0.0" in found
    assert f'write port = "board:{board.board.tty}"' in told(board.board.tty)
    assert "ILL board_other: " in told(port_of(board) + "#e661400500000002")


def test_a_board_whose_chip_is_silent(board: Bench) -> None:
    board.chip({"fault": "silence", "seconds": 30})
    until(lambda: "ILL board_chip_silent: " in told(port_of(board)))
    assert "unplug the board for ten seconds" in told(port_of(board))


def test_a_board_with_another_chip(board: Bench) -> None:
    board.chip({"fault": "silence", "seconds": 1})  # so that it asks again
    board.board._chip._chip._answers[GET_FIRMWARE_VERSION] = lambda _data, _now: bytes.fromhex("33020707")
    until(lambda: "ILL board_chip_wrong: " in told(port_of(board)))
    assert "Put a PN532 there" in told(port_of(board))


def test_simulated_ones(tmp_path: Path) -> None:
    control = tmp_path / "sim.sock"
    missing = told(f"sim:{control}")
    assert "ILL simulated_missing: " in missing and "shopbell demo" in missing
    for kind, look in ((SimulatedPn532, told), (SimulatedScanner, told_of_scanner)):
        made = kind(control, time.monotonic)  # type: ignore[abstract]  # neither is
        made.start()
        assert look(f"sim:{control}") == "ok a simulated one; its cable is in"
        made.stop()


# -- ports that cannot be opened


def test_no_port_and_no_serial_port(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "ILL port_missing: " in told("/dev/no-such-port") and "Another cable" in told("/dev/no-such-port")
    assert "ILL port_not_serial: " in told(str(tmp_path / "file"))


HOLDER = """
import sys, time
from firmware_bridge.drivers.serial_port import SerialLine
line = SerialLine(sys.argv[1], 115200)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_port_that_is_taken_and_by_whom(chip: SimulatedPn532) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, chip.tty], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == b"held\n"
        name = Path(f"/proc/{other.pid}/comm").read_text().strip()
        found = told(chip.tty)
        other.communicate(timeout=20)
    assert "ILL port_busy: " in found and "fuser" in found
    assert f"It is held by {name} (process {other.pid})." in found
    assert holders(chip.tty) == [] and holders("/dev/no-such-port") == []


ASKED_BY_NOBODY = """
import os, sys, time
from firmware_bridge.doctor import examine
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
print(*[finding.words for finding in examine(sys.argv[1], 115200, time.monotonic)], sep="\\n")
"""


def test_a_port_that_may_not_be_opened(chip: SimulatedPn532) -> None:
    """As root by a user without rights, else by its owner who has taken them away."""
    Path(chip.tty).chmod(0)
    result = subprocess.run(
        [sys.executable, "-c", ASKED_BY_NOBODY, chip.tty], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert "port_forbidden: " in result.stdout and "adduser" in result.stdout, result.stderr


@pytest.mark.parametrize("port", ["ttyUSB0", "board:/dev/nothing#short", "keys:event3"])
def test_names_that_cannot_be_meant(port: str) -> None:
    with pytest.raises(MisuseError):
        (told_of_scanner if port.startswith("keys:") else told)(port)


# -- names


@pytest.mark.parametrize("front", ["", "board:"])
def test_a_name_that_may_change(chip: SimulatedPn532, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, front: str) -> None:
    by_id = tmp_path / "by-id"
    by_id.mkdir()
    (by_id / "usb-reader-if00").symlink_to(chip.tty)
    monkeypatch.setattr(stable_names.stable_name, "__defaults__", ((by_id,),))
    found = told(front + chip.tty)
    assert "ILL port_unstable: " in found and f"instead of {chip.tty} write {by_id}/usb-reader-if00" in found
    assert "port_unstable" not in told(front + str(by_id / "usb-reader-if00"))


# -- scanners


@pytest.fixture
def scanner(tmp_path: Path) -> Iterator[SimulatedScanner]:
    made = SimulatedScanner(tmp_path / "scanner.sock", time.monotonic)
    made.start()
    yield made
    made.stop()


def test_a_scanner_that_can_be_opened(scanner: SimulatedScanner) -> None:
    found = told_of_scanner(scanner.tty)
    assert "ok A scanner is plugged in" in found and "--listen" in found and "ILL" not in found


def test_a_scanner_that_never_speaks(scanner: SimulatedScanner) -> None:
    assert "ILL nothing came in 0.3 s: does it beep at a code? Set it to USB-CDC" in told_of_scanner(scanner.tty, 0.3)


@pytest.mark.parametrize(
    ("scan", "found"),
    [
        ({"text": "KR-MARIA", "symbology": "]C0"}, "ok KR...IA (]C0)"),
        ({"text": "2012345678900", "fault": "cut"}, "ILL scan_cut: a code came without its end. Set the scanner's suffix to CR"),
        ({"text": "%%SpecCode10"}, "ILL scan_programming: "),
    ],
)
def test_what_a_scanner_says(scanner: SimulatedScanner, tmp_path: Path, scan: dict[str, str], found: str) -> None:
    with subprocess.Popen([sys.executable, "-c", LISTENER, scanner.tty], stdout=subprocess.PIPE, text=True, cwd=ROOT) as listener:
        assert listener.stdout is not None and listener.stdout.readline() == "listening\n"
        ask(tmp_path / "scanner.sock", {"scan": scan})
        assert found in listener.stdout.read()


LISTENER = """
import sys, time
from firmware_bridge.drivers.kept_open import KeptOpen
from firmware_bridge.doctor import examine_scanner
news = KeptOpen._is_news
KeptOpen._is_news = lambda kept, event: (getattr(event, "up", False) and print("listening", flush=True)) or news(kept, event)
for finding in examine_scanner(sys.argv[1], time.monotonic, listen_s=20):
    print("ok" if finding.well else "ILL", finding.words)
"""


def test_no_scanner() -> None:
    assert "ILL port_missing: " in told_of_scanner("/dev/no-such-port")


def with_evdev(monkeypatch: pytest.MonkeyPatch, opened: Callable[[str], object] | None) -> None:
    """python3-evdev as the doctor finds it; None: it is not installed."""
    module = types.ModuleType("evdev")
    module.InputDevice = opened  # type: ignore[attr-defined]  # all that is used of it
    monkeypatch.setitem(sys.modules, "evdev", module if opened else None)


def refusing(number: int) -> Callable[[str], object]:
    def opened(path: str) -> object:
        raise OSError(number, os.strerror(number), path)

    return opened


@pytest.mark.parametrize(
    ("opened", "code", "advice"),
    [
        (None, "keys_missing", "apt"),
        (refusing(errno.ENOENT), "port_missing", "-event-kbd"),
        (refusing(errno.ENOTTY), "port_not_keys", "-event-kbd"),
        (refusing(errno.EACCES), "port_forbidden", "input for a scanner that types"),
        (refusing(errno.EBUSY), "port_busy", "End that program"),
    ],
)
def test_a_scanner_that_types(
    monkeypatch: pytest.MonkeyPatch, opened: Callable[[str], object] | None, code: str, advice: str
) -> None:
    with_evdev(monkeypatch, opened)
    found = told_of_scanner("keys:/dev/input/by-id/usb-Scanner-event-kbd")
    assert f"ILL {code}: " in found and advice in found
