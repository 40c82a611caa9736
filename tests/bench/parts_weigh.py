"""What one tap weighs: bytes on the reader's line, in messages, and in what SQLite writes to its log."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

from firmware_bridge.card_read import CardRead, ReaderEvent, ReaderState
from firmware_bridge.drivers.pn532_reader import Pn532Reader
from firmware_bridge.drivers.serial_port import SerialLine
from firmware_bridge.simulator.pty import SimulatedPn532
from tests.support.reader import ask

# https://sqlite.org/fileformat2.html, section 4.1: a log has one header, and one before each page.
LOG_HEADER, FRAME_HEADER = 32, 24
WAIT_S, REST_S = 10.0, 0.3
BAUD = 115_200


class CountingLine(SerialLine):
    """A serial port that counts. to_chip, from_chip: bytes since `forget`."""

    to_chip = from_chip = 0

    def write(self, data: bytes) -> None:
        self.to_chip += len(data)
        super().write(data)

    def read(self, timeout_s: float) -> bytes:
        data = super().read(timeout_s)
        self.from_chip += len(data)
        return data

    def forget(self) -> None:
        """Count from here."""
        self.to_chip = self.from_chip = 0


def on_the_line(folder: Path, uid: str) -> tuple[int, int]:
    """(bytes to the chip, bytes from it) from the moment a member's card comes until its id is known, on a real pty."""
    control = folder / "chip.sock"
    chip = SimulatedPn532(control, time.monotonic)
    chip.start()
    line, stop = CountingLine(chip.tty, BAUD), threading.Event()
    up, read, counted = threading.Event(), threading.Event(), list[tuple[int, int]]()

    def deliver(event: ReaderEvent) -> None:
        if isinstance(event, CardRead):
            counted.append((line.to_chip, line.from_chip))
            read.set()
        if isinstance(event, ReaderState) and event.up:
            up.set()

    reader = Pn532Reader("nfc-1", time.monotonic, lambda: line, known=lambda _uid: True)
    thread = threading.Thread(target=reader.run, args=(deliver, stop))
    thread.start()
    try:
        assert up.wait(WAIT_S), "the reader is not up"
        time.sleep(REST_S)  # it has asked for a card, and waits
        line.forget()
        ask(control, {"present": {"uid": uid}, "hold_s": None})
        assert read.wait(WAIT_S), "the card was not read"
        return counted[0]
    finally:
        stop.set()
        thread.join()
        chip.stop()


class LogScale:
    """Pages that others write to a SQLite file in WAL mode."""

    def __init__(self, file: Path) -> None:
        self._log = file.with_name(file.name + "-wal")
        self._connection = sqlite3.connect(file, isolation_level=None)
        self._page = int(self._connection.execute("PRAGMA page_size").fetchone()[0])

    def empty(self) -> None:
        """Count from here: the log is folded into the file."""
        busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert not busy, "somebody reads"

    def pages(self) -> int:
        """Since `empty`."""
        size = self._log.stat().st_size
        return 0 if size == 0 else (size - LOG_HEADER) // (FRAME_HEADER + self._page)

    def close(self) -> None:
        self._connection.close()


def publish_bytes(topic: str, payload: bytes) -> int:
    """Pure. Size of a PUBLISH with QoS 1 in MQTT 3.1.1 (section 3.3), TCP's and IP's own headers not counted."""
    rest = 2 + len(topic.encode()) + 2 + len(payload)
    length = 1 if rest < 128 else 2 if rest < 16_384 else 3
    return 1 + length + rest
