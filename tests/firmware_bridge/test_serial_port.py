"""Ports that are none, ports that are taken, and ports that vanish: always a code and a hint, never a traceback."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import termios
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import serial

from firmware_bridge.drivers import serial_port
from firmware_bridge.drivers.serial_port import (
    PortBusy,
    PortLost,
    PortMissing,
    PortNotSerial,
    ResetUnavailable,
    SerialLine,
    stable_names,
)
from firmware_bridge.errors import BridgeError

Pty = tuple[int, str]


@pytest.fixture
def pty() -> Iterator[Pty]:
    """The far end's descriptor and the port's path."""
    master, slave = os.openpty()
    tty.setraw(slave)
    path = os.ttyname(slave)
    os.close(slave)
    yield master, path
    with contextlib.suppress(OSError):  # the test has hung up
        os.close(master)


def refused(path: str) -> BridgeError:
    with pytest.raises(BridgeError) as caught:
        SerialLine(path, 115200)
    assert caught.value.hint
    assert path in caught.value.tried
    return caught.value


def test_bytes_both_ways(pty: Pty) -> None:
    line = SerialLine(pty[1], 115200)
    line.write(b"\x00\xff\x11\x13")
    assert os.read(pty[0], 10) == b"\x00\xff\x11\x13"
    os.write(pty[0], bytes(range(256)))
    got = b""
    while len(got) < 256:
        got += line.read(5.0)
    assert got == bytes(range(256))
    line.close()


def test_reading_nothing_ends_in_time(pty: Pty) -> None:
    line = SerialLine(pty[1], 115200)
    assert line.read(0.0) == b""
    assert line.read(-5.0) == b""
    assert line.read(0.01) == b""
    line.close()


def test_a_missing_port(tmp_path: Path) -> None:
    error = refused(str(tmp_path / "ttyUSB0"))
    assert (type(error), error.code) == (PortMissing, "port_missing")


def test_a_port_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert refused(str(tmp_path / "file" / "x")).code == "port_missing"


@pytest.mark.parametrize("kind", ["file", "folder", "fifo", "socket", "/dev/null", "/dev/zero"])
def test_what_is_no_serial_port(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "port"
    if kind == "file":
        path.write_bytes(b"\x00\x00\xff\x00\xff\x00" * 100)
    elif kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)  # opening it would block for ever
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as there:
            there.bind(str(path))
    else:
        path = Path(kind)
    error = refused(str(path))
    assert (type(error), error.code) == (PortNotSerial, "port_not_serial")


def test_a_path_with_a_zero_byte() -> None:
    assert refused("/dev/tty\0").code.startswith("port_")


def test_a_port_in_use_by_somebody_else(pty: Pty) -> None:
    first = SerialLine(pty[1], 115200)
    error = refused(pty[1])
    assert (type(error), error.code) == (PortBusy, "port_busy")
    first.close()
    SerialLine(pty[1], 115200).close()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PermissionError(errno.EACCES, "no"), "port_forbidden"),
        (serial.SerialException(errno.EACCES, "could not open port"), "port_forbidden"),
        (serial.SerialException(errno.EPERM, "no"), "port_forbidden"),
        (serial.SerialException(errno.ENODEV, "gone"), "port_missing"),
        (serial.SerialException(errno.ENXIO, "gone"), "port_missing"),
        (serial.SerialException(errno.EBUSY, "busy"), "port_busy"),
        (termios.error(errno.ENOTTY, "no terminal"), "port_not_serial"),
        (serial.SerialException("Could not configure port: (25, 'Inappropriate ioctl')"), "port_missing"),
        (ValueError("embedded null byte"), "port_missing"),
        (TypeError("an integer is required"), "port_missing"),
    ],
)
def test_what_opening_can_raise(error: Exception, code: str) -> None:
    found = serial_port._cannot_open("/dev/ttyUSB0", error)
    assert found.code == code
    assert "/dev/ttyUSB0" in found.tried
    assert found.hint


def test_hang_up_while_reading(pty: Pty) -> None:
    line = SerialLine(pty[1], 115200)
    os.close(pty[0])
    with pytest.raises(PortLost) as caught:
        line.read(5.0)
    assert caught.value.code == "port_lost"
    line.close()


def test_hang_up_while_writing(pty: Pty) -> None:
    line = SerialLine(pty[1], 115200)
    os.close(pty[0])
    with pytest.raises(PortLost):
        line.write(b"x")
    line.close()
    line.close()


def test_a_port_that_takes_nothing_does_not_block_for_ever(pty: Pty) -> None:
    line = SerialLine(pty[1], 115200)
    with pytest.raises(PortLost):
        line.write(bytes(200_000))
    line.close()


def test_after_closing_it_is_lost(pty: Pty) -> None:
    line = SerialLine(pty[1], 115200)
    line.close()
    for use in (lambda: line.read(0.1), lambda: line.write(b"x")):
        with pytest.raises(PortLost):
            use()


def test_old_bytes_are_thrown_away_on_opening(pty: Pty) -> None:
    os.write(pty[0], b"from before")
    line = SerialLine(pty[1], 115200)
    assert line.read(0.05) == b""
    line.close()


def test_stable_names(tmp_path: Path) -> None:
    assert stable_names(tmp_path / "none") == []
    for name in ("usb-b", "usb-a"):
        (tmp_path / name).symlink_to("/dev/null")
    assert stable_names(tmp_path) == [str(tmp_path / "usb-a"), str(tmp_path / "usb-b")]


def test_a_stable_link_is_followed(pty: Pty, tmp_path: Path) -> None:
    (tmp_path / "usb-reader").symlink_to(pty[1])
    line = SerialLine(str(tmp_path / "usb-reader"), 115200)
    line.write(b"hello")
    assert os.read(pty[0], 10) == b"hello"
    line.close()


@pytest.mark.parametrize("reset", ["dtr", "rts"])
def test_a_port_without_modem_lines_cannot_reset_and_says_so(pty: Pty, reset: Any) -> None:
    line = SerialLine(pty[1], 115200, reset)  # it opens all the same
    assert line.resettable
    with pytest.raises(ResetUnavailable) as caught:
        line.hold_reset(True)
    assert caught.value.code == "reset_unavailable"
    assert "reset_pin" in caught.value.hint
    line.close()


def test_a_function_may_do_the_reset(pty: Pty) -> None:
    told = list[bool]()
    line = SerialLine(pty[1], 115200, told.append)
    line.hold_reset(True)
    line.hold_reset(False)
    assert told == [True, False]
    line.close()


def test_without_a_reset_there_is_nothing_to_hold(pty: Pty) -> None:
    line = SerialLine(pty[1], 115200)
    assert not line.resettable
    line.hold_reset(True)
    line.close()


@pytest.mark.parametrize("reset", ["dtr", "rts"])
def test_a_reset_line_rests_while_the_port_is_opened(pty: Pty, monkeypatch: pytest.MonkeyPatch, reset: Any) -> None:
    """Opening raises DTR and RTS by itself (pyserial#124), which would hold the chip in reset."""
    at_opening = list[bool]()
    opening = serial.Serial.open
    monkeypatch.setattr(serial.Serial, "open", lambda port: (at_opening.append(getattr(port, reset)), opening(port))[1])
    SerialLine(pty[1], 115200, reset).close()
    assert at_opening == [False]
