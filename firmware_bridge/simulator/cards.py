"""Cards that do not exist: what every ISO 14443-A card does. Pure; kinds with a memory stand in files of their own."""

from __future__ import annotations

from dataclasses import dataclass, field

from firmware_bridge.wire.card_id import made_up

ISO_DEP = 0x20  # SAK bit: the card speaks ISO 14443-4
CASCADE_TAG = 0x88


@dataclass(slots=True)
class VirtualCard:
    """An ISO 14443-A card that gives its id and no more.

    uid: 4, 7 or 10 bytes; atqa: most significant byte first; ats: what follows its length, or empty. opened: it was asked for
    ISO 14443-4 and hears no listing until it is released or loses the field.
    """

    uid: bytes
    atqa: bytes
    sak: int
    ats: bytes = b""
    opened: bool = field(default=False, init=False, compare=False)

    @property
    def random_id(self) -> bool:
        """A phone: its id is made up."""
        return made_up(self.uid)

    def target_data(self, number: int, *, automatic_rats: bool) -> bytes:
        """This card's part in the answer to InListPassiveTarget; automatic_rats opens it."""
        data = bytes([number]) + self.atqa + bytes([self.sak, len(self.uid)]) + self.uid
        if automatic_rats and self.sak & ISO_DEP:
            data += self.open()
        return data

    def asked_for(self, initiator_data: bytes) -> bool:
        """Whether a listing that names an id (with cascade tags) means this card; no id means every card that listens."""
        return not self.opened and (not initiator_data or initiator_data == _with_cascade_tags(self.uid))

    def open(self) -> bytes:
        """RATS: from now on it speaks ISO 14443-4. Gives the ATS with its length."""
        self.opened = True
        return bytes([1 + len(self.ats)]) + self.ats

    def forget(self) -> None:
        """The field is away, or the card is released."""
        self.opened = False

    def exchange(self, request: bytes) -> bytes | None:
        """The card's answer to a frame, both without CRC, or None where it stays silent."""
        return None

    def command(self, request: bytes) -> bytes | None:
        """The answer of an opened card to a command (APDU), whatever blocks it takes; None where it stays silent."""
        return None


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
        return bytes([CASCADE_TAG]) + uid
    if len(uid) == 10:
        return bytes([CASCADE_TAG]) + uid[:3] + bytes([CASCADE_TAG]) + uid[3:]
    return uid
