"""Bytes <-> PN532 frames on a serial line (HSU). Pure: any byte string gives frames or `FrameError`, nothing else.

Layout (PN532 user manual 6.2.1; worked frames in tests/transcripts/pn532):

    normal    00 | 00 FF | LEN LCS          | TFI data ... | DCS | 00
    extended  00 | 00 FF | FF FF LENM LENL LCS | TFI data ... | DCS | 00
    ACK       00 | 00 FF | 00 FF | 00        NACK  00 | 00 FF | FF 00 | 00

LEN + LCS and TFI + data + DCS are 0 modulo 256. TFI is D4 towards the chip, D5 from the chip, 7F in an error frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from firmware_bridge.errors import FrameError, MisuseError

Kind = Literal["ack", "nack", "error", "command", "answer"]

START = b"\x00\xff"
ACK = bytes.fromhex("0000ff00ff00")
NACK = bytes.fromhex("0000ffff0000")
ERROR = bytes.fromhex("0000ff01ff7f8100")

# The chip's own limit: 264 bytes and TFI (user manual 6.2.1.2). More is a damaged length, never worth waiting for.
MAX_BODY = 265
# Largest frame on the line: preamble, start code, extended header, body, DCS, postamble.
MAX_FRAME = 1 + 2 + 5 + MAX_BODY + 2

_COMMAND, _ANSWER, _ERROR = 0xD4, 0xD5, 0x7F
_NORMAL_HEADER, _EXTENDED_HEADER = 4, 7  # from the start code on


@dataclass(frozen=True, slots=True)
class Frame:
    """One checked frame. code: command or answer code (0 for ack, nack, error); data: what follows the code."""

    kind: Kind
    code: int = 0
    data: bytes = b""


class BadFrame(FrameError):
    """Bytes that are no frame. code: what is wrong; skip: how many bytes to drop before looking again (at least 1)."""

    def __init__(self, code: str, tried: str, skip: int) -> None:
        self.code = code
        super().__init__(tried, "Check the cable, its length and the baud rate; the bridge asks again by itself")
        self.skip = skip


@dataclass(frozen=True, slots=True)
class Cut:
    """frame: the first frame, or None when more bytes are needed. used: bytes consumed (junk before it included)."""

    frame: Frame | None
    used: int


def command_frame(code: int, data: bytes = b"") -> bytes:
    """The bytes of one command to the chip; extended when it does not fit a normal frame."""
    return _frame(_COMMAND, code, data)


def answer_frame(code: int, data: bytes = b"") -> bytes:
    """The bytes of one answer of the chip."""
    return _frame(_ANSWER, code, data)


def _frame(identifier: int, code: int, data: bytes) -> bytes:
    body = bytes([identifier, code]) + data
    if len(body) > MAX_BODY:
        raise MisuseError(f"framing {len(body)} bytes", f"A PN532 frame holds at most {MAX_BODY}; send less")
    return b"\x00" + START + _header(len(body)) + body + bytes([-sum(body) & 0xFF, 0])


def _header(length: int) -> bytes:
    if length <= 0xFF:
        return bytes([length, -length & 0xFF])
    high, low = divmod(length, 256)
    return bytes([0xFF, 0xFF, high, low, -(high + low) & 0xFF])


def cut(buffer: bytes) -> Cut:
    """Find the first frame in `buffer`. Raises BadFrame, whose `skip` says where to look again.

    Bytes before the start code are consumed silently when they are zero (preambles, wake-up), else they are junk.
    """
    start = buffer.find(START)
    if start < 0:
        return _without_start(buffer)
    if any(buffer[:start]):
        raise BadFrame("frame_junk", f"looking for a frame in {start} bytes of junk", start)
    packet = buffer[start:]
    short = _short(packet)
    if short is not None:
        return Cut(short, start + _NORMAL_HEADER)
    span = _span(packet, start)
    if span is None:
        return Cut(None, start)
    header, length = span
    if len(packet) < header + length + 1:
        return Cut(None, start)
    return Cut(_body(packet[header : header + length + 1], start), start + header + length + 1)


def _without_start(buffer: bytes) -> Cut:
    # A last zero may be the first half of a start code.
    keep = 1 if buffer[-1:] == b"\x00" else 0
    junk = len(buffer) - keep
    if any(buffer[:junk]):
        raise BadFrame("frame_junk", f"looking for a frame in {junk} bytes of junk", junk)
    return Cut(None, junk)


def _short(packet: bytes) -> Frame | None:
    head = packet[2:4]
    if head == b"\x00\xff":
        return Frame("ack")
    if head == b"\xff\x00":
        return Frame("nack")
    return None


def _span(packet: bytes, start: int) -> tuple[int, int] | None:
    """Header size and body length, or None when the header is not complete."""
    if len(packet) < _NORMAL_HEADER:
        return None
    if packet[2:4] != b"\xff\xff":
        return _NORMAL_HEADER, _length(packet[2], packet[2] + packet[3], start)
    if len(packet) < _EXTENDED_HEADER:
        return None
    return _EXTENDED_HEADER, _length(packet[4] << 8 | packet[5], sum(packet[4:7]), start)


def _length(length: int, check: int, start: int) -> int:
    # Only the start code is skipped: a true frame may begin inside what a damaged length claims.
    skip = start + len(START)
    if check & 0xFF:
        raise BadFrame("frame_length_checksum", "checking a frame's length", skip)
    if length == 0:
        raise BadFrame("frame_empty", "reading a frame without a body", skip)
    if length > MAX_BODY:
        raise BadFrame("frame_too_long", f"reading a frame of {length} bytes", skip)
    return length


def _body(body: bytes, start: int) -> Frame:
    """`body`: TFI, data and checksum."""
    skip = start + len(START)
    if sum(body) & 0xFF:
        raise BadFrame("frame_checksum", "checking a frame's data", skip)
    identifier, payload = body[0], body[1:-1]
    if identifier == _ERROR and not payload:
        return Frame("error")
    if identifier not in (_COMMAND, _ANSWER):
        raise BadFrame("frame_identifier", f"reading a frame marked {identifier:02X}", skip)
    if not payload:
        raise BadFrame("frame_no_code", "reading a frame without a code", skip)
    return Frame("command" if identifier == _COMMAND else "answer", payload[0], payload[1:])


class FrameReader:
    """Collects bytes, hands out frames and what was wrong in between, in order. Never holds more than one frame."""

    def __init__(self) -> None:
        self._buffer = b""
        self._postamble_due = False

    @property
    def partial(self) -> bool:
        """A frame has begun and is not complete."""
        return self._buffer.startswith(START)

    @property
    def held(self) -> int:
        """Bytes waiting; bounded by MAX_FRAME."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Frame | BadFrame]:
        """Frames and faults that `data` completes."""
        found = self._drain()
        for start in range(0, len(data), MAX_FRAME):  # in pieces, so that a flood is never held or copied whole
            self._buffer += data[start : start + MAX_FRAME]
            found += self._drain()
        return found

    def give_up(self) -> list[Frame | BadFrame]:
        """The frame that has begun will not be completed: skip its start and look for others inside it."""
        if not self.partial:
            return []
        self._buffer = self._buffer[len(START) :]
        late = BadFrame("frame_cut_short", "waiting for the rest of a frame", len(START))
        return [late, *self._drain()]

    def clear(self) -> None:
        """Forget everything held."""
        self._buffer, self._postamble_due = b"", False

    def _drain(self) -> list[Frame | BadFrame]:
        found: list[Frame | BadFrame] = []
        while True:
            self._drop_postamble()
            one = self._next()
            if one is None:
                return found
            found.append(one)

    def _next(self) -> Frame | BadFrame | None:
        try:
            piece = cut(self._buffer)
        except BadFrame as fault:
            self._buffer = self._buffer[fault.skip :]
            return fault
        self._buffer = self._buffer[piece.used :]
        self._postamble_due = self._postamble_due or piece.frame is not None
        return piece.frame

    def _drop_postamble(self) -> None:
        # The chip always ends with 00 (we never ask it not to). Left in place it could start a false start code.
        if self._postamble_due and self._buffer:
            self._postamble_due = False
            self._buffer = self._buffer.removeprefix(b"\x00")
