"""adafruit-circuitpython-pn532 over UART, as its README shows it: serial.Serial with a time-out of 0.1 s, asked in a loop."""

from __future__ import annotations

from typing import Any

import serial

from tests.bench.station import package


class AdafruitReader:
    """One PN532 at `path`. lost: how often the driver raised as an acknowledgement met a card's answer. Raises PartMissing."""

    def __init__(self, path: str) -> None:
        driver = package("adafruit_pn532.uart", "adafruit-circuitpython-pn532")
        self._port = serial.Serial(path, baudrate=115200, timeout=0.1)
        self._chip: Any = driver.PN532_UART(self._port, debug=False)
        self._chip.SAM_configuration()
        self.lost = 0

    def card(self) -> str:
        while True:
            try:
                uid = self._chip.read_passive_target(timeout=0.5)
            except RuntimeError:  # "Did not receive expected ACK from PN532!": seen once in about a hundred cards
                self.lost += 1
                continue
            if uid is not None:
                return bytes(uid).hex().upper()

    def close(self) -> None:
        self._port.close()
