"""Commands for a PN532 and what its answers mean. Pure.

Command and answer layouts: PN532 user manual chapter 7. Only what an entrance needs: ISO 14443-A ids at 106 kbit/s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from firmware_bridge.card_read import CardRead, CardTrouble, Wallet
from firmware_bridge.errors import FrameError, MisuseError
from firmware_bridge.wire.card_id import ID_LENGTHS, made_up
from firmware_bridge.wire.pn532_frame import Frame, command_frame

# Wakes a chip in power-down; its serial port sleeps too. libnfc sends these sixteen bytes (libnfc#742), nfcpy ten zeros.
WAKE_UP = bytes.fromhex("5555") + bytes(14)

DIAGNOSE = 0x00
GET_FIRMWARE_VERSION = 0x02
GET_GENERAL_STATUS = 0x04
READ_REGISTER = 0x06
WRITE_REGISTER = 0x08
SET_SERIAL_BAUD_RATE = 0x10
SET_PARAMETERS = 0x12
SAM_CONFIGURATION = 0x14
POWER_DOWN = 0x16
RF_CONFIGURATION = 0x32
IN_DATA_EXCHANGE = 0x40
IN_COMMUNICATE_THRU = 0x42
IN_DESELECT = 0x44
IN_LIST_PASSIVE_TARGET = 0x4A
IN_RELEASE = 0x52
IN_SELECT = 0x54

ENDLESS = 0xFF
RF_FIELD, RF_MAX_RETRIES = 0x01, 0x05
PN532 = 0x32
ROM_TEST, RAM_TEST = 1, 2

_CASCADE_TAG = 0x88  # never the first byte of a whole single size id
_STATUS = 0x3F  # the other two bits say that the card has more to tell
_ISO_DEP = 0x20  # SAK bit: the card speaks ISO 14443-4
_ID_INCOMPLETE = 0x04  # SAK bit: a further cascade level was not read


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the chip. name: for people; code and data: as on the wire."""

    name: str
    code: int
    data: bytes = b""

    @property
    def frame(self) -> bytes:
        """The bytes to send."""
        return command_frame(self.code, self.data)

    def answered_by(self, frame: Frame) -> bool:
        """Whether `frame` answers this command; anything else is stale (the answer code is the command code + 1)."""
        return frame.kind == "answer" and frame.code == self.code + 1


@dataclass(frozen=True, slots=True)
class Firmware:
    """ic: 0x32 for a PN532. version.revision: of its firmware. support: bits ISO 14443-A, -B, ISO 18092."""

    ic: int
    version: int
    revision: int
    support: int


@dataclass(frozen=True, slots=True)
class Target:
    """One card in the field. uid: 4, 7 or 10 bytes without cascade tags; atqa: two bytes, most significant first."""

    number: int
    atqa: bytes
    sak: int
    uid: bytes
    ats: bytes = b""

    @property
    def value(self) -> str:
        """The id as upper-case hex, as in `CardRead.value`."""
        return self.uid.hex().upper()

    @property
    def random_id(self) -> bool:
        """The id is made up at each tap, as phones do."""
        return made_up(self.uid)

    @property
    def iso_dep(self) -> bool:
        """The card speaks ISO 14443-4: files, perhaps proofs; all phones do."""
        return bool(self.sak & _ISO_DEP)


def get_firmware_version() -> Command:
    """Which chip is it?"""
    return Command("GetFirmwareVersion", GET_FIRMWARE_VERSION)


def sam_configuration() -> Command:
    """Normal mode: no security module, no time-out, no interrupt line."""
    return Command("SAMConfiguration", SAM_CONFIGURATION, b"\x01\x00\x00")


def set_parameters(*, automatic_rats: bool = False) -> Command:
    """automatic_rats: whether a listing also opens ISO 14443-4 and carries the card's ATS. Ids need it not."""
    return Command("SetParameters", SET_PARAMETERS, b"\x10" if automatic_rats else b"\x00")


def rf_field(on: bool) -> Command:
    """Switch the field; the chip switches it on by itself when it lists."""
    return Command("RFConfiguration", RF_CONFIGURATION, bytes([RF_FIELD, on]))


def rf_max_retries(passive: int) -> Command:
    """How often a listing is repeated in the chip: 0 to 254 further times, or ENDLESS: it waits until a card comes."""
    if not 0 <= passive <= 0xFF:
        raise MisuseError(f"setting {passive} retries", "Use 0 to 254, or ENDLESS")
    # ATR and PSL retries keep the chip's defaults (FF 01).
    return Command("RFConfiguration", RF_CONFIGURATION, bytes([RF_MAX_RETRIES, 0xFF, 0x01, passive]))


def in_list_passive_target(most: int = 1) -> Command:
    """List up to `most` (1 or 2) ISO 14443-A cards at 106 kbit/s."""
    if most not in (1, 2):
        raise MisuseError(f"listing {most} cards", "A PN532 lists 1 or 2")
    return Command("InListPassiveTarget", IN_LIST_PASSIVE_TARGET, bytes([most, 0]))


def in_release(number: int = 0) -> Command:
    """Let go of a listed card; 0 lets go of all."""
    return Command("InRelease", IN_RELEASE, bytes([number]))


def in_data_exchange(number: int, data: bytes) -> Command:
    """Send `data` to a listed card in the card's own protocol; the chip adds blocks and checksums."""
    return Command("InDataExchange", IN_DATA_EXCHANGE, bytes([number]) + data)


def in_communicate_thru(data: bytes) -> Command:
    """Send `data` to the listed card as it is; the chip adds the checksum only."""
    return Command("InCommunicateThru", IN_COMMUNICATE_THRU, data)


def diagnose(test: int, data: bytes = b"") -> Command:
    """A self test: 0 line (echoes data), 1 ROM, 2 RAM, 6 presence of an ISO 14443-4 card, 7 antenna."""
    return Command("Diagnose", DIAGNOSE, bytes([test]) + data)


def parse_firmware(data: bytes) -> Firmware:
    """Data of the answer to GetFirmwareVersion; FrameError unless it is four bytes."""
    if len(data) != 4:
        raise _bad_answer("GetFirmwareVersion", f"{len(data)} bytes instead of 4")
    return Firmware(*data)


def parse_targets(data: bytes, *, automatic_rats: bool = False) -> tuple[Target, ...]:
    """Data of the answer to InListPassiveTarget (106 kbit/s type A): no, one or two targets.

    automatic_rats: as set with `set_parameters`; without it the answer does not show whether an ATS follows.
    FrameError for anything that is not exactly that.
    """
    if not data:
        raise _bad_answer("InListPassiveTarget", "no count of cards")
    count, rest = data[0], data[1:]
    if count > 2:
        raise _bad_answer("InListPassiveTarget", f"{count} cards, a PN532 lists at most 2")
    targets = []
    for _ in range(count):
        target, rest = _target(rest, automatic_rats)
        targets.append(target)
    if rest:
        raise _bad_answer("InListPassiveTarget", f"{len(rest)} bytes too many")
    return tuple(targets)


def parse_exchange(data: bytes) -> bytes | None:
    """Data of the answer to InDataExchange or InCommunicateThru: what the card said, or None where it did not (user manual,
    table of error codes: 01 time-out, 02 checksum, 27 no such card, ...). FrameError for an answer without status."""
    if not data:
        raise _bad_answer("InDataExchange", "no status")
    return None if data[0] & _STATUS else data[1:]


def parse_diagnosis(data: bytes) -> bool:
    """Data of the answer to a self test of ROM or RAM: whether it is well."""
    if len(data) != 1:
        raise _bad_answer("Diagnose", f"{len(data)} bytes instead of 1")
    return data[0] == 0


def _target(data: bytes, automatic_rats: bool) -> tuple[Target, bytes]:
    """One target: Tg, SENS_RES (2), SEL_RES, id length, id [, ATS, whose first byte counts itself]."""
    if len(data) < 5 or len(data) < 5 + data[4]:
        raise _bad_answer("InListPassiveTarget", "a target is cut short")
    number, atqa, sak, end = data[0], data[1:3], data[3], 5 + data[4]
    uid = data[5:end]
    _check_id(uid, sak)
    ats = b""
    if automatic_rats and sak & _ISO_DEP:
        ats, end = _ats(data[end:], end)
    return Target(number, atqa, sak, uid, ats), data[end:]


def _ats(data: bytes, end: int) -> tuple[bytes, int]:
    if not data or not 1 <= data[0] <= len(data):
        raise _bad_answer("InListPassiveTarget", "an ATS is cut short")
    return data[1 : data[0]], end + data[0]


def _check_id(uid: bytes, sak: int) -> None:
    if len(uid) not in ID_LENGTHS:
        raise _bad_answer("InListPassiveTarget", f"an id of {len(uid)} bytes instead of 4, 7 or 10")
    if sak & _ID_INCOMPLETE or (len(uid) == 4 and uid[0] == _CASCADE_TAG):
        raise _bad_answer("InListPassiveTarget", "an id that is not whole")


def _bad_answer(command: str, what: str) -> FrameError:
    return FrameError(f"reading the answer to {command}: {what}", "Present the card again; if it stays so, replace the reader")


def card_event(
    targets: Sequence[Target],
    *,
    reader: str,
    monotonic: float,
    evidence: str | None = None,
    wallet: Wallet | None = None,
) -> CardRead | CardTrouble | None:
    """What a listing means at the door: nothing, one card read, or two cards at once. `monotonic` in seconds.

    evidence, wallet: what was found on the card.
    """
    if not targets:
        return None
    if len(targets) > 1:
        return CardTrouble(reader, monotonic, "two_cards")
    target = targets[0]
    return CardRead("nfc", target.value, reader, monotonic, random_id=target.random_id, evidence=evidence, wallet=wallet)
