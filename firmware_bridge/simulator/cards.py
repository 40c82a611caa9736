"""Cards that do not exist. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_bridge.errors import MisuseError

_PAGE = 4
_PAGES = 45  # an NTAG213
_CASCADE_TAG = 0x88
_READ, _HALT = 0x30, 0x50


@dataclass(frozen=True, slots=True)
class VirtualCard:
    """An ISO 14443-A card. uid: 4, 7 or 10 bytes; atqa: most significant byte first; ats: what follows its length, or empty."""

    uid: bytes
    atqa: bytes
    sak: int
    ats: bytes = b""

    @property
    def random_id(self) -> bool:
        """A phone: its id is made up."""
        return len(self.uid) == 4 and self.uid[0] == 0x08

    def target_data(self, number: int, *, automatic_rats: bool) -> bytes:
        """This card's part in the answer to InListPassiveTarget."""
        data = bytes([number]) + self.atqa + bytes([self.sak, len(self.uid)]) + self.uid
        if automatic_rats and self.sak & 0x20:
            data += bytes([1 + len(self.ats)]) + self.ats
        return data

    def asked_for(self, initiator_data: bytes) -> bool:
        """Whether a listing that names an id (with cascade tags) means this card; no id means every card."""
        return not initiator_data or initiator_data == _with_cascade_tags(self.uid)

    def exchange(self, request: bytes) -> bytes | None:
        """The card's answer without CRC, or None where it stays silent. Type 2 memory reads are played."""
        if self.sak == 0x00 and len(request) == 2 and request[0] == _READ and request[1] < _PAGES:
            return self._pages(request[1])
        return None

    def _pages(self, first: int) -> bytes:
        memory = self._memory()
        start = first * _PAGE
        return (memory + memory[: 4 * _PAGE])[start : start + 4 * _PAGE]

    def _memory(self) -> bytes:
        """Id, lock bytes, capability container of an NTAG213 and an empty NDEF message."""
        uid = self.uid.ljust(7, b"\0")
        first = _CASCADE_TAG ^ uid[0] ^ uid[1] ^ uid[2]
        second = uid[3] ^ uid[4] ^ uid[5] ^ uid[6]
        head = uid[:3] + bytes([first]) + uid[3:7] + bytes([second, 0x48, 0, 0]) + bytes.fromhex("E1101200 0300FE00")
        return head.ljust(_PAGES * _PAGE, b"\0")


def card_with(uid: bytes) -> VirtualCard:
    """The usual card with such an id: 4 bytes a MIFARE Classic, or a phone when it begins with 08; 7 an NTAG; 10 rare."""
    if len(uid) == 4 and uid[0] == _CASCADE_TAG:
        raise MisuseError(
            f"making a card with the id {uid.hex().upper()}", "An id of 4 bytes never begins with 88, the cascade tag"
        )
    if len(uid) == 4:
        phone = uid[0] == 0x08
        return VirtualCard(uid, b"\x00\x04", 0x20 if phone else 0x08, bytes.fromhex("78807002") if phone else b"")
    if len(uid) == 7:
        return VirtualCard(uid, b"\x00\x44", 0x00)
    if len(uid) == 10:
        return VirtualCard(uid, b"\x00\x84", 0x00)
    raise MisuseError(f"making a card with an id of {len(uid)} bytes", "Ids of ISO 14443-A have 4, 7 or 10 bytes")


def crc_a(data: bytes) -> bytes:
    """CRC_A of ISO 14443-3 (polynomial 8408 reflected, start 6363), least significant byte first."""
    crc = 0x6363
    for octet in data:
        low = octet ^ (crc & 0xFF)
        low ^= (low << 4) & 0xFF
        crc = (crc >> 8) ^ (low << 8) ^ (low << 3) ^ (low >> 4)
    return (crc & 0xFFFF).to_bytes(2, "little")


def _with_cascade_tags(uid: bytes) -> bytes:
    """The id as a listing names it: each level but the last begins with 88."""
    if len(uid) == 7:
        return bytes([_CASCADE_TAG]) + uid
    if len(uid) == 10:
        return bytes([_CASCADE_TAG]) + uid[:3] + bytes([_CASCADE_TAG]) + uid[3:]
    return uid
