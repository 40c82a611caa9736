"""What a scanner sends over a serial line: one code a line. Pure: bytes and the time come in, lines come out.

    reader = LineReader()
    for item in reader.feed(data, now): ...     # whenever bytes came
    for item in reader.tick(now): ...           # when nothing had come until then, best at reader.wake_at

A line ends with CR, LF or both. One that was cut is refused with everything up to the next end, for half a number may be
somebody else's: what follows a code without its end is lost with it. A line may begin with an AIM symbology identifier (ISO/IEC
15424: `]`, a letter, a modifier). Anybody can hold any code to a scanner, so what does not look like a member's code is refused
here, before anything is logged or stored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from firmware_bridge.errors import FrameError

# Evidence of an arrival holds 500 characters (`code:` and the text); a QR code that proves itself needs some 200.
LONGEST_TEXT: Final = 490
IDENTIFIER_CHARACTERS: Final = 3
# Within one line: USB hands over some ms at a time, and 1200 baud is 8 ms a character; a fifth of a second is no pause of a line.
GAP_S: Final = 0.2
# FNC1 within GS1 data arrives as this control character (GS1 General Specifications 7.8.3).
GROUP_SEPARATOR: Final = "\x1d"

_ENDS = b"\r\n"
_LONGEST_LINE = LONGEST_TEXT + IDENTIFIER_CHARACTERS
_IDENTIFIER = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_ALPHABET = re.compile(r"[\x20-\x7e\x1d]+\Z")
# How codes that set up a scanner begin or look: `%%`, `%#`, `^#`, `$`, `@` and `nls` with digits open commands of common makers;
# a tag, a sub-tag, data and a closing `.` or `!` is a menu command. A scanner that is not locked obeys them and sends nothing.
_PROGRAMMING = re.compile(r"%%|%#|\^#|\$|@|nls[0-9]{7}|[0-9A-Z]{6,}[0-9A-Za-z,]*[.!]\Z")
# The identifier of what is no code at all, such as keys or a scanner's own messages (ISO/IEC 15424, letter Z).
_NO_CODE = "]Z"


class ScanRefused(FrameError):
    """A line that is no member's code; its own code says why."""

    def __init__(self, code: str, tried: str, hint: str) -> None:
        self.code = code
        super().__init__(tried, hint)


@dataclass(frozen=True, slots=True)
class ScannedLine:
    """One code. text: 1 to 490 printable ASCII characters, group separators among them. symbology: AIM identifier, or None."""

    text: str
    symbology: str | None = None


@dataclass(frozen=True, slots=True)
class BadScan:
    """A line that was refused. code: stable; hint: for the technician. What the line held is not kept."""

    code: str
    hint: str


Scan = ScannedLine | BadScan
_CUT = BadScan("scan_cut", "A code came without its end: let the scanner end each code with CR, and look at the cable.")


def read_line(line: bytes) -> ScannedLine:
    """A line without its end. Raises ScanRefused `scan_too_long`, `scan_alphabet`, `scan_programming` or `scan_no_code`."""
    if len(line) > _LONGEST_LINE:
        raise ScanRefused("scan_too_long", "reading a code", f"Codes have at most {LONGEST_TEXT} characters.")
    return judge_text(line.decode("latin-1"))


def judge_text(whole: str) -> ScannedLine:
    """Text as a scanner gives it, perhaps with its identifier before it. Raises ScanRefused like `read_line`."""
    named = _IDENTIFIER.match(whole)
    symbology = named[0] if named else None
    text = whole[IDENTIFIER_CHARACTERS:] if named else whole
    if not _ALPHABET.match(text):
        raise ScanRefused(
            "scan_alphabet", "reading a code", "Member codes hold letters, digits and signs of ASCII, nothing else."
        )
    if len(text) > LONGEST_TEXT:
        raise ScanRefused("scan_too_long", "reading a code", f"Codes have at most {LONGEST_TEXT} characters.")
    if symbology is not None and symbology.startswith(_NO_CODE):
        raise ScanRefused("scan_no_code", "reading a code", "The scanner sent keys or a message; turn that off in its settings.")
    if _PROGRAMMING.match(text):
        raise ScanRefused(
            "scan_programming", "reading a code", "Somebody held a scanner's setup code to it; lock the scanner's settings."
        )
    return ScannedLine(text, symbology)


class LineReader:
    """Bytes of one scanner to lines. Holds at most one line of at most 493 bytes."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._under_way = False
        self._distrusted = False
        self._latest = 0.0

    @property
    def wake_at(self) -> float | None:
        """When `tick` is due, on the clock of the `now` arguments; None while no line is under way."""
        return self._latest + GAP_S if self._under_way else None

    def distrust(self) -> None:
        """The beginning of a line was not heard: what comes up to the next end is no code."""
        self._line.clear()
        self._under_way, self._distrusted = False, True

    def feed(self, data: bytes, now: float) -> list[Scan]:
        """Bytes came from the port. They may have waited there, so however late it is, the line was not silent."""
        scans = list[Scan]()
        self._latest = now
        for octet in data:
            if octet in _ENDS:
                scans += self._end()
                continue
            self._under_way = True
            if len(self._line) <= _LONGEST_LINE and not self._distrusted:
                self._line.append(octet)
        return scans

    def tick(self, now: float) -> list[Scan]:
        """Nothing came until `now`: a line that does not go on is no code, nor is the rest of it."""
        if self.wake_at is None or now < self.wake_at:
            return []
        self.distrust()
        return [_CUT]

    def _end(self) -> list[Scan]:
        line, under_way, distrusted = bytes(self._line), self._under_way, self._distrusted
        self._line.clear()
        self._under_way = self._distrusted = False
        if not under_way:  # the second half of CR LF
            return []
        if distrusted:
            return [_CUT]
        try:
            return [read_line(line)]
        except ScanRefused as error:
            return [BadScan(error.code, error.hint)]
