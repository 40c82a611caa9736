"""Bytes <-> frames between a reader board and its host. The one file that both sides run: CPython, and MicroPython on the board.

So it keeps to what both have, and imports nothing of ours. docs/reader_board_protocol.md explains the wire with worked bytes.

    on the line   COBS(frame) 00
    frame         kind (1) | sequence (1) | body (0 to MAX_BODY) | CRC-32 of all before (4, little endian)
"""

import binascii
import struct

# (major, minor). Another major is refused; a newer minor may carry more at the end of a body, or kinds to be ignored.
PROTOCOL = (1, 0)

# Board to host: below 40 hex.
HELLO = 0x01
REPORT = 0x02
STATUS = 0x03
RESULT = 0x04
# Host to board: from 40 hex on, so that an echo is told from an answer.
ASK = 0x41
ACK = 0x42
PING = 0x43
SIGNAL = 0x44
REBOOT = 0x45
UPDATE_BEGIN = 0x51
UPDATE_DATA = 0x52
UPDATE_END = 0x53
TO_BOARD = 0x40

# What a REPORT tells.
CARD, GONE, TROUBLE, BUTTON, CHIP = 1, 2, 3, 4, 5
UNREADABLE, TWO_CARDS = 1, 2
CHIP_OK, CHIP_STARTING, CHIP_SILENT, CHIP_WRONG = 0, 1, 2, 3

# What a RESULT says of a command.
OK, UNKNOWN, MALFORMED, WRONG_PRODUCT, WRONG_BOARD, TOO_OLD = 0, 1, 2, 3, 4, 5
BAD_HASH, TOO_LARGE, NOT_BEGUN, ON_TRIAL, STORAGE, BAD_IMAGE = 6, 7, 8, 9, 10, 11

# Layouts, little endian; texts are a length byte and UTF-8.
# protocol 2, board id 8, boot counter, uptime ms, version 3, floor 3, on trial 1; then product, board as texts
HELLO_HEAD = "<2B8sII3s3sB"
# boot counter, report number, age in ms, what; then the data of `what`
REPORT_HEAD = "<IIIB"
# boot counter, uptime ms, chip, reports waiting, reports dropped since boot
STATUS_BODY = "<IIBBH"
# protocol 2, session of the host
ASK_BODY = "<2BI"
# boot counter, report number
ACK_BODY = "<II"
# red, green, blue, flashes, flash ms, beeps, beep ms, Hz
SIGNAL_BODY = "<4BHBHH"
# size, SHA-256, version 3, floor 3; then product, board as texts
BEGIN_HEAD = "<I32s3s3s"

# Room for a block of an update (4 + 512 bytes) and for a card with 500 bytes of evidence.
MAX_BODY = 544
BLOCK = 512
_HEAD, _CHECK = 2, 4
MAX_FRAME = _HEAD + MAX_BODY + _CHECK
# COBS adds one byte for each 254 begun; the delimiter is one more.
MAX_WIRE = MAX_FRAME + MAX_FRAME // 254 + 1 + 1
DELIMITER = b"\x00"


class BadBytes(ValueError):
    """Bytes that are no frame, or a body that is not what its kind promises. code: stable, what is wrong.

    The only exception of this file that bytes can cause. On the host it never gets further than `wire/board_messages.py`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Frame:
    """One checked frame. kind: see above. sequence: 0, or 1 to 255 of a command and its RESULT. body: up to MAX_BODY bytes."""

    def __init__(self, kind: int, sequence: int = 0, body: bytes = b"") -> None:
        self.kind = kind
        self.sequence = sequence
        self.body = body

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frame) and self._all() == other._all()

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return f"Frame({self.kind:#04x}, {self.sequence}, {len(self.body)} bytes)"

    def _all(self) -> tuple[int, int, bytes]:
        return (self.kind, self.sequence, self.body)


class Fault:
    """Bytes between two delimiters that are no frame. code: frame_cobs, frame_checksum, frame_short or frame_too_long."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __repr__(self) -> str:
        return f"Fault({self.code})"


def cobs_encode(data: bytes) -> bytes:
    """`data` without zero bytes (Cheshire and Baker, 1999): at most one byte longer for each 254 begun."""
    out = bytearray()
    start = 0
    while True:
        end = data.find(b"\x00", start)
        run = (len(data) if end < 0 else end) - start
        while run >= 254:
            out.append(255)
            out.extend(data[start : start + 254])
            start, run = start + 254, run - 254
            if run == 0 and end < 0:  # the data ends with a full block: no zero is implied after it
                return bytes(out)
        out.append(run + 1)
        out.extend(data[start : start + run])
        if end < 0:
            return bytes(out)
        start = end + 1


def cobs_decode(data: bytes) -> bytes:
    """The reverse; BadBytes for what no encoder gives."""
    if not data:
        raise BadBytes("frame_cobs")
    out = bytearray()
    at = 0
    while at < len(data):
        code = data[at]
        block = data[at + 1 : at + code]
        if code == 0 or len(block) != code - 1 or b"\x00" in block:
            raise BadBytes("frame_cobs")
        out.extend(block)
        at += code
        if code < 255 and at < len(data):
            out.append(0)
    return bytes(out)


def frame_bytes(kind: int, sequence: int = 0, body: bytes = b"") -> bytes:
    """The bytes of one frame as they go on the line, delimiter included. ValueError for a body that is too long."""
    if len(body) > MAX_BODY:
        raise ValueError(f"a body of {len(body)} bytes; {MAX_BODY} fit")
    frame = bytes((kind, sequence)) + body
    return cobs_encode(frame + struct.pack("<I", binascii.crc32(frame) & 0xFFFFFFFF)) + DELIMITER


def open_frame(packet: bytes) -> Frame:
    """`packet`: what stood between two delimiters. Raises BadBytes."""
    frame = cobs_decode(packet)
    if len(frame) < _HEAD + _CHECK:
        raise BadBytes("frame_short")
    if len(frame) > MAX_FRAME:
        raise BadBytes("frame_too_long")
    inside = frame[:-_CHECK]
    if struct.unpack("<I", frame[-_CHECK:])[0] != binascii.crc32(inside) & 0xFFFFFFFF:
        raise BadBytes("frame_checksum")
    return Frame(inside[0], inside[1], inside[_HEAD:])


class FrameReader:
    """Collects bytes, hands out frames and faults in order. Holds at most MAX_WIRE bytes; finds its way back at a delimiter."""

    def __init__(self) -> None:
        self._buffer = b""
        self._skipping = False

    @property
    def held(self) -> int:
        """Bytes waiting for their delimiter."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Frame | Fault]:
        """What `data` completes. Never raises."""
        found: list[Frame | Fault] = []
        start = 0
        while True:
            end = data.find(DELIMITER, start)
            if end < 0:
                self._keep(data[start:], found)
                return found
            self._keep(data[start:end], found)
            self._close(found)
            start = end + 1

    def _keep(self, piece: bytes, found: list[Frame | Fault]) -> None:
        if self._skipping:
            return
        if len(self._buffer) + len(piece) < MAX_WIRE:
            self._buffer += piece
        else:  # no frame is that long: nothing is kept until the next delimiter
            self._buffer, self._skipping = b"", True
            found.append(Fault("frame_too_long"))

    def _close(self, found: list[Frame | Fault]) -> None:
        packet, self._buffer = self._buffer, b""
        if self._skipping or not packet:  # delimiters in a row are no frame and no fault
            self._skipping = False
            return
        try:
            found.append(open_frame(packet))
        except BadBytes as bad:
            found.append(Fault(bad.code))


def text_bytes(text: str) -> bytes:
    """A text of a body: its length in bytes (0 to 255), then UTF-8."""
    data = text.encode()
    if len(data) > 255:
        raise ValueError(f"a text of {len(data)} bytes")
    return bytes((len(data),)) + data


def take(layout: str, body: bytes) -> tuple[tuple, bytes]:  # type: ignore[type-arg] # struct's values are of any type
    """The fixed part of a body by its layout, and what follows it. BadBytes when it is cut short."""
    size = struct.calcsize(layout)
    if len(body) < size:
        raise BadBytes("body_short")
    return struct.unpack(layout, body[:size]), body[size:]


def take_text(body: bytes) -> tuple[str, bytes]:
    """A text at the beginning of `body`, and what follows it. BadBytes when it is cut short or no UTF-8."""
    if not body or len(body) < 1 + body[0]:
        raise BadBytes("body_short")
    end = 1 + body[0]
    try:
        return bytes(body[1:end]).decode(), body[end:]
    except ValueError:  # MicroPython's UnicodeError is one too
        raise BadBytes("body_text") from None
