"""The floor: the chip looks for a card without end and the host blocks in select; nothing is checked, nothing heals."""

from __future__ import annotations

import os
import select
import tty

WAKE = bytes.fromhex("5555") + bytes(14)
SAM = bytes.fromhex("0000FF05FBD4140100001700")  # normal mode
ENDLESS = bytes.fromhex("0000FF06FAD432050000FFF600")  # RFConfiguration, MaxRetries: passive activation FF
LIST = bytes.fromhex("0000FF04FCD44A0100E100")  # InListPassiveTarget: one card, 106 kbit/s type A
LISTED = bytes.fromhex("D54B01")
PATIENCE_S = 10.0


class BareReader:
    """One PN532 at `path`. look() starts a listing; card() waits for its end and gives the id in upper-case hex."""

    def __init__(self, path: str) -> None:
        self._port = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._port)
        os.write(self._port, WAKE + SAM)
        self._until(b"\xd5\x15")
        os.write(self._port, ENDLESS)
        self._until(b"\xd5\x33")

    def look(self) -> None:
        os.write(self._port, LIST)

    def card(self) -> str:
        data = self._until(LISTED)
        start = data.index(LISTED) + 8  # target number, SENS_RES, SEL_RES and the id's length stand before the id
        while len(data) < start or len(data) < start + data[start - 1] + 2:
            data += self._read()
        return data[start : start + data[start - 1]].hex().upper()

    def close(self) -> None:
        os.close(self._port)

    def _until(self, wanted: bytes) -> bytes:
        data = b""
        while wanted not in data:
            data += self._read()
        return data

    def _read(self) -> bytes:
        ready, _, _ = select.select([self._port], [], [], PATIENCE_S)
        if not ready:
            raise TimeoutError("the chip says nothing")
        return os.read(self._port, 4096)
