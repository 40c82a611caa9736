"""ISO-DEP cards that do not exist: blocks of ISO 14443-4 around commands of ISO 7816-4. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from firmware_bridge.simulator.cards import VirtualCard

# ATS of a card that takes frames of 256 bytes and asks for no pauses (T0, TA, TB, TC).
PLAIN_ATS = bytes.fromhex("78 80 70 02")
NOT_FOUND, NOT_SUPPORTED, WRONG_OFFSET = b"\x6a\x82", b"\x6d\x00", b"\x6b\x00"

_RATS, _DESELECT = 0xE0, 0xC2
_I_BLOCK, _ACK, _NAK, _CHAINED = 0x02, 0xA2, 0xB2, 0x10
# Frame sizes a reader may announce in RATS (ISO 14443-4, table of FSDI).
_FRAME_SIZES = (16, 24, 32, 40, 48, 64, 96, 128, 256)
_AROUND = 3  # prologue and CRC


@dataclass(slots=True)
class IsoDepCard(VirtualCard):
    """Turns blocks into commands and back; what a command means is for those who come after this class."""

    _room: int = field(default=61, init=False, compare=False)
    _command: bytes = field(default=b"", init=False, compare=False)
    _answer: bytes = field(default=b"", init=False, compare=False)
    _last: bytes = field(default=b"", init=False, compare=False)

    def forget(self) -> None:
        """See VirtualCard."""
        self.opened = False
        self._command = self._answer = self._last = b""

    def exchange(self, request: bytes) -> bytes | None:
        """One block."""
        if len(request) == 2 and request[0] == _RATS and not self.opened:
            self._room = _FRAME_SIZES[min(request[1] >> 4, 8)] - _AROUND
            return self.open()
        if not self.opened or not request:
            return None
        if request[0] == _DESELECT:
            self.forget()
            return bytes([_DESELECT])
        answer = self._block(request)
        self._last = answer if answer is not None else self._last
        return answer

    def _block(self, request: bytes) -> bytes | None:
        kind, number = request[0] & 0xE2, request[0] & 0x01
        if kind == _I_BLOCK:
            return self._information(request, number)
        if request[0] & 0xFE == _NAK:
            return self._last or bytes([_ACK | number])
        if request[0] & 0xFE == _ACK and self._answer:
            return self._part(number)
        return None

    def _information(self, request: bytes, number: int) -> bytes | None:
        self._command += request[1:]
        if request[0] & _CHAINED:
            return bytes([_ACK | number])
        whole, self._command = self._command, b""
        answer = self.command(whole)
        if answer is None:
            return None
        self._answer = answer
        return self._part(number)

    def _part(self, number: int) -> bytes:
        part, self._answer = self._answer[: self._room], self._answer[self._room :]
        return bytes([_I_BLOCK | (_CHAINED if self._answer else 0) | number]) + part
