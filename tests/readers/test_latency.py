"""From the last byte of a frame on the port to the card read in Python (`./shopbell test readers-long` prints it)."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from firmware_bridge.card_read import CardRead, ReaderEvent
from firmware_bridge.drivers.pn532_reader import Pn532Reader
from firmware_bridge.drivers.serial_port import SerialLine
from firmware_bridge.simulator.pty import SimulatedPn532
from tests.support.reader import Running, ask

TAPS = 200


class Timed(SimulatedPn532):
    """Notes when it wrote the last bytes."""

    wrote = 0.0

    def _write(self, data: bytes) -> None:
        super()._write(data)
        if data:
            self.wrote = time.monotonic()


class Noting(Running):
    """Notes, for each read, how long ago the frame was whole."""

    def __init__(self, reader: Pn532Reader, chip: Timed) -> None:
        self.chip, self.took = chip, list[float]()
        super().__init__(reader)

    def _deliver(self, event: ReaderEvent) -> None:
        if isinstance(event, CardRead):
            self.took.append(time.monotonic() - self.chip.wrote)
        super()._deliver(event)


@pytest.mark.readers_long
@pytest.mark.timeout(600)
def test_from_frame_to_card_read(tmp_path: Path) -> None:
    control = tmp_path / "reader.sock"
    chip = Timed(control, time.monotonic)
    chip.start()
    reader = Noting(Pn532Reader("nfc-1", time.monotonic, lambda: SerialLine(chip.tty, 115200), known=lambda _value: True), chip)
    try:
        reader.wait_up()
        for number in range(TAPS):
            ask(control, {"present": {"uid": f"04{number:012X}"}, "hold_s": None})
            reader.wait_for(lambda _events, wanted=number + 1: len(reader.took) >= wanted)  # type: ignore[misc]  # default argument
            ask(control, {"remove": {}})
            reader.wait_gone(number + 1)
    finally:
        reader.stop()
        chip.stop()
    took = sorted(reader.took)
    median, late = statistics.median(took) * 1e3, took[int(TAPS * 0.99)] * 1e3
    print(f"\nframe to card read, n = {len(took)}: median {median:.2f} ms, p99 {late:.2f} ms")
    assert len(took) == TAPS
