"""What a reader board's frames say, for the host. Pure: any frame gives a message or `FrameError`, nothing else.

The layouts are those of `board_frame.py`; docs/reader_board_protocol.md shows each with worked bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from firmware_bridge.card_read import MOST_EVIDENCE, Wallet
from firmware_bridge.errors import FrameError, MisuseError
from firmware_bridge.wire import board_frame as wire
from firmware_bridge.wire.board_frame import BadBytes, Frame, frame_bytes, take, take_text, text_bytes
from firmware_bridge.wire.card_id import ID_LENGTHS

Version = tuple[int, int, int]

_WALLETS: dict[str, Wallet] = {"wallet:apple": "apple", "wallet:google": "google", "wallet:other": "other"}


class BadMessage(FrameError):
    """A whole frame whose body is not what its kind promises. code: body_short, body_text, body_card, body_what or frame_kind."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__("reading what the reader board says", "Update its firmware: shopbell reader update")


@dataclass(frozen=True, slots=True)
class Hello:
    """Who speaks. board_id: 16 hex digits, burnt into the chip. boot: counts every start. on_trial: new firmware that has not
    yet reported healthy. floor: no older version is taken any more."""

    protocol: tuple[int, int]
    board_id: str
    boot: int
    uptime_ms: int
    version: Version
    floor: Version
    on_trial: bool
    product: str
    board: str


@dataclass(frozen=True, slots=True)
class Card:
    """A card came. uid: 4, 7 or 10 bytes. evidence: what a proof needs (`uri:...`), or empty. wallet: a phone's answered."""

    uid: bytes
    evidence: str = ""
    wallet: Wallet | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """The card left after held_ms."""

    held_ms: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """why: UNREADABLE or TWO_CARDS."""

    why: int


@dataclass(frozen=True, slots=True)
class Button:
    """The button was pressed and let go after held_ms."""

    held_ms: int


@dataclass(frozen=True, slots=True)
class ChipIs:
    """state: CHIP_OK, CHIP_STARTING, CHIP_SILENT or CHIP_WRONG."""

    state: int


What = Card | Gone | Trouble | Button | ChipIs


@dataclass(frozen=True, slots=True)
class Report:
    """Something happened, age_ms ago. boot and number name it for ever; it is repeated until acknowledged."""

    boot: int
    number: int
    age_ms: int
    what: What | None  # None: of a newer minor version, to be acknowledged and ignored


@dataclass(frozen=True, slots=True)
class Status:
    """Answer to PING. dropped: reports that were given up since boot, for age or want of room."""

    boot: int
    uptime_ms: int
    chip: int
    waiting: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Result:
    """Answer to the command with this sequence. status: OK or what was wrong; data: as the command defines."""

    sequence: int
    status: int
    data: bytes


Message = Hello | Report | Status | Result


def parse(frame: Frame) -> Message:
    """What a frame of the board says. Raises FrameError."""
    try:
        return _PARSERS[frame.kind](frame)
    except KeyError:
        raise BadMessage("frame_kind") from None
    except BadBytes as bad:
        raise BadMessage(bad.code) from None


def _hello(frame: Frame) -> Hello:
    head, rest = take(wire.HELLO_HEAD, frame.body)
    major, minor, board_id, boot, uptime, version, floor, trial = head
    product, rest = take_text(rest)
    board, _newer = take_text(rest)
    return Hello((major, minor), board_id.hex(), boot, uptime, _version(version), _version(floor), trial == 1, product, board)


def _report(frame: Frame) -> Report:
    (boot, number, age_ms, what), data = take(wire.REPORT_HEAD, frame.body)
    parser = _WHAT.get(what)
    return Report(boot, number, age_ms, parser(data) if parser else None)


def _card(data: bytes) -> Card:
    if not data or data[0] not in ID_LENGTHS or len(data) < 1 + data[0]:
        raise BadBytes("body_card")
    uid, rest = data[1 : 1 + data[0]], data[1 + data[0] :]
    if len(rest) > MOST_EVIDENCE or not all(0x20 < octet < 0x7F for octet in rest):  # a URI is ASCII without blanks
        raise BadBytes("body_card")
    told = rest.decode("ascii")
    # Evidence of another kind belongs to a newer minor version; the card is read without it.
    return Card(uid, told if told.startswith("uri:") else "", _WALLETS.get(told))


def _milliseconds(data: bytes) -> int:
    (milliseconds,), _newer = take("<I", data)
    return int(milliseconds)


def _one_of(data: bytes, known: tuple[int, ...]) -> int:
    if not data or data[0] not in known:
        raise BadBytes("body_what")
    return data[0]


def _status(frame: Frame) -> Status:
    values, _newer = take(wire.STATUS_BODY, frame.body)
    return Status(*values)


def _result(frame: Frame) -> Result:
    if not frame.body or frame.sequence == 0:
        raise BadBytes("body_short")
    return Result(frame.sequence, frame.body[0], frame.body[1:])


_PARSERS: dict[int, Callable[[Frame], Message]] = {
    wire.HELLO: _hello,
    wire.REPORT: _report,
    wire.STATUS: _status,
    wire.RESULT: _result,
}
_WHAT: dict[int, Callable[[bytes], What]] = {
    wire.CARD: _card,
    wire.GONE: lambda data: Gone(_milliseconds(data)),
    wire.TROUBLE: lambda data: Trouble(_one_of(data, (wire.UNREADABLE, wire.TWO_CARDS))),
    wire.BUTTON: lambda data: Button(_milliseconds(data)),
    wire.CHIP: lambda data: ChipIs(_one_of(data, (wire.CHIP_OK, wire.CHIP_STARTING, wire.CHIP_SILENT, wire.CHIP_WRONG))),
}


def _version(data: bytes) -> Version:
    return data[0], data[1], data[2]


# -- what the host says


@dataclass(frozen=True, slots=True)
class SignalPlan:
    """Light and sound: a colour (0 to 255 each) that flashes, and beeps. Times in milliseconds, the pauses are as long."""

    red: int = 0
    green: int = 0
    blue: int = 0
    flashes: int = 0
    flash_ms: int = 0
    beeps: int = 0
    beep_ms: int = 0
    hertz: int = 0


def ask(session: int) -> bytes:
    """Who are you? The board answers HELLO and begins to report. session: other than before when commands are counted anew."""
    return frame_bytes(wire.ASK, 0, _packed(wire.ASK_BODY, *wire.PROTOCOL, session))


def ack(boot: int, number: int) -> bytes:
    """The report with this number has been taken; it is not sent again."""
    return frame_bytes(wire.ACK, 0, _packed(wire.ACK_BODY, boot, number))


def ping() -> bytes:
    """Are you there? The board answers STATUS."""
    return frame_bytes(wire.PING)


def signal(plan: SignalPlan) -> bytes:
    """Body of SIGNAL. Raises MisuseError for numbers that do not fit."""
    return _packed(
        wire.SIGNAL_BODY, plan.red, plan.green, plan.blue, plan.flashes, plan.flash_ms, plan.beeps, plan.beep_ms, plan.hertz
    )


def begin_update(size: int, digest: bytes, version: Version, floor: Version, product: str, board: str) -> bytes:
    """Body of UPDATE_BEGIN: what the host vouches for."""
    head = _packed(wire.BEGIN_HEAD, size, digest, bytes(version), bytes(floor))
    return head + text_bytes(product) + text_bytes(board)


def update_block(offset: int, block: bytes) -> bytes:
    """Body of UPDATE_DATA."""
    return _packed("<I", offset) + block


def _packed(layout: str, *values: object) -> bytes:
    try:
        return struct.pack(layout, *values)
    except struct.error as error:
        raise MisuseError(
            f"telling a reader board {values}", "Keep colours and counts within 255, times within 65535 ms"
        ) from error
