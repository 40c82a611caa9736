"""Cards with an NDEF file, and phones with a wallet, that do not exist. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from firmware_bridge.errors import MisuseError
from firmware_bridge.simulator.iso_dep_card import NOT_FOUND, NOT_SUPPORTED, PLAIN_ATS, WRONG_OFFSET, IsoDepCard
from firmware_bridge.wire.type4 import CAPABILITY_FILE, NDEF_APPLICATION, WALLET_APPLICATION

NDEF_FILE = 0xE104
_OK = b"\x90\x00"
_SELECT, _READ_BINARY = 0xA4, 0xB0
_LABELS = {"apple": b"ApplePay", "google": b"AndroidPay"}


@dataclass(slots=True)
class Type4Card(IsoDepCard):
    """An NDEF application with its two files. at_once: bytes it gives in one answer."""

    message: bytes = field(default=b"", kw_only=True)
    size: int = field(default=256, kw_only=True)
    at_once: int = field(default=0x80, kw_only=True)
    _application: bool = field(default=False, init=False, compare=False)
    _file: int | None = field(default=None, init=False, compare=False)
    _written: bytes = field(default=b"", init=False, compare=False)

    def forget(self) -> None:
        """See VirtualCard: what was selected is forgotten too."""
        IsoDepCard.forget(self)
        self._application, self._file = False, None

    def command(self, request: bytes) -> bytes | None:
        """SELECT and READ BINARY, nothing else."""
        if len(request) < 4:
            return NOT_SUPPORTED
        if request[1] == _SELECT and request[2] == 0x04:
            return self.select_application(request[5 : 5 + request[4]] if len(request) > 4 else b"")
        if request[1] == _SELECT and len(request) >= 7:
            return self._select_file(int.from_bytes(request[5:7], "big"))
        if request[1] == _READ_BINARY and len(request) == 5:
            return self._read(int.from_bytes(request[2:4], "big"), request[4])
        return NOT_SUPPORTED

    def select_application(self, name: bytes) -> bytes:
        """SELECT by name."""
        self._application, self._file = name == NDEF_APPLICATION, None
        return _OK if self._application else NOT_FOUND

    def content(self) -> bytes:
        """The NDEF message of this moment; asked for once each time the file is selected and read."""
        return self.message

    def _select_file(self, number: int) -> bytes:
        if not self._application or number not in (CAPABILITY_FILE, NDEF_FILE):
            return NOT_FOUND
        self._file, self._written = number, b""
        return _OK

    def _read(self, offset: int, length: int) -> bytes:
        if self._file is None:
            return NOT_FOUND
        if not self._written:
            self._written = self._capability() if self._file == CAPABILITY_FILE else self._file_of(self.content())
        if offset > len(self._written):
            return WRONG_OFFSET
        return self._written[offset : offset + min(length or 256, self.at_once)] + _OK

    def _file_of(self, message: bytes) -> bytes:
        return (len(message).to_bytes(2, "big") + message).ljust(self.size, b"\0")

    def _capability(self) -> bytes:
        """Length, version 2.0, most bytes read and written at once, and the NDEF file: free to read, not to write."""
        control = NDEF_FILE.to_bytes(2, "big") + self.size.to_bytes(2, "big") + b"\x00\xff"
        return b"\x00\x0f\x20" + self.at_once.to_bytes(2, "big") + b"\x00\x34" + b"\x04\x06" + control


@dataclass(slots=True)
class WalletPhone(IsoDepCard):
    """A phone whose wallet answers to its application's name and to nothing else. wallet: apple or google."""

    wallet: str = field(default="apple", kw_only=True)

    def command(self, request: bytes) -> bytes | None:
        """SELECT of the wallet gives its label; everything else is not there."""
        if len(request) < 5 or request[1] != _SELECT or request[5 : 5 + request[4]] != WALLET_APPLICATION:
            return NOT_FOUND
        label = _LABELS[self.wallet]
        inner = b"\x50" + bytes([len(label)]) + label
        return b"\x6f" + bytes([len(inner)]) + inner + _OK


@dataclass(slots=True)
class SilentPhone(IsoDepCard):
    """A phone that has nothing for us."""

    def command(self, request: bytes) -> bytes | None:
        """Nothing is there."""
        return NOT_FOUND


def type4_card(uid: bytes, message: bytes) -> Type4Card:
    """A card like a DESFire with an NDEF application. Raises MisuseError."""
    if len(uid) not in (4, 7):
        raise MisuseError(f"making a type4 with an id of {len(uid)} bytes", "Such cards have ids of 7 bytes, or 4 made up")
    size = max(256, len(message) + 2)
    return Type4Card(uid, b"\x03\x44" if len(uid) == 7 else b"\x00\x04", 0x20, PLAIN_ATS, message=message, size=size)


def phone(uid: bytes, wallet: str | None = None) -> IsoDepCard:
    """A phone with an id made up for this tap; wallet: apple, google or None."""
    if wallet is None:
        return SilentPhone(uid, b"\x00\x04", 0x20, PLAIN_ATS)
    return WalletPhone(uid, b"\x00\x04", 0x20, PLAIN_ATS, wallet=wallet)
