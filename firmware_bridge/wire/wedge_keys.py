"""What a scanner types that calls itself a keyboard. Pure: key presses with their time come in, lines come out.

Nothing a code makes the scanner press can do more than spell a line: chords, arrows and function keys spoil the line they come in
(codes that press Ctrl+O open dialogs elsewhere). How fast the keys come tells a scanner from fingers. A line with a pause in it
is refused up to its end, as in `scanner_lines.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from firmware_bridge.wire.key_layouts import Layout
from firmware_bridge.wire.scanner_lines import (
    GROUP_SEPARATOR,
    IDENTIFIER_CHARACTERS,
    LONGEST_TEXT,
    BadScan,
    Scan,
    ScanRefused,
    judge_text,
)

# Seconds from press to press. Scanners press a key every 1 to 20 ms unless told to be slow. The fastest typists need 60 ms on
# average (200 words a minute), though two fingers may fall together once. So: the average of a line decides, and one long pause
# ends it. Times are the kernel's, on a clock that nobody sets, so a busy machine changes nothing.
SCANNER_AVERAGE_S: Final = 0.035
LONGEST_PAUSE_S: Final = 0.15
# Fewer presses than this say nothing about speed; no member code is that short.
FEWEST: Final = 4

ENTER, TAB, KEYPAD_ENTER = 28, 15, 96
_ENDS = frozenset({ENTER, TAB, KEYPAD_ENTER})
_SHIFTS = frozenset({42, 54})
_CONTROLS = frozenset({29, 97})
_OTHERS_HELD = frozenset({56, 100, 125, 126})  # Alt, AltGr, and the two that open menus
_SILENT = frozenset({69, 70})  # locks of keypad and scrolling change nothing here
_CAPS_LOCK = 58
_BRACKET = 27  # with Ctrl it is how scanners type a group separator
_CUT = BadScan("scan_cut", "A code came without its end: let the scanner press Enter after each code.")


@dataclass(frozen=True, slots=True)
class KeyPress:
    """A key went down or up. code: of Linux. at: seconds of any clock that runs evenly over a line. No repeats of a held key."""

    code: int
    down: bool
    at: float


class KeyReader:
    """Keys of one scanner to lines. Holds at most one line."""

    def __init__(self, layout: Layout, prefix: str = "") -> None:
        """prefix: what the scanner is set to type before each code; lines without it are refused. Empty: nothing."""
        self._layout, self._prefix = layout, prefix
        self._held: set[int] = set()
        self._capitals = False
        self._text: list[str] = []
        self._strange = False
        self._distrusted = False
        self._presses, self._first_at, self._latest_at = 0, 0.0, 0.0

    def distrust(self) -> None:
        """Keys were lost, or pressed before anybody listened: what comes up to the next end is no code."""
        self._held.clear()
        self._begin()
        self._distrusted = True

    def press(self, key: KeyPress) -> list[Scan]:
        """A key moved."""
        if key.code in _SHIFTS | _CONTROLS | _OTHERS_HELD:
            (self._held.add if key.down else self._held.discard)(key.code)
            return []
        if not key.down or key.code in _SILENT:
            return []
        if key.code == _CAPS_LOCK:
            self._capitals = not self._capitals
            return []
        scans = self._after_pause(key.at)
        self._first_at = key.at if not self._presses else self._first_at
        self._latest_at, self._presses = key.at, self._presses + 1
        if key.code in _ENDS:
            return scans + self._end()
        self._spell(key.code)
        return scans

    def _begin(self) -> None:
        self._text = []
        self._strange = False
        self._presses = 0

    def _after_pause(self, at: float) -> list[Scan]:
        if not self._presses or 0 <= at - self._latest_at <= LONGEST_PAUSE_S:
            return []
        cut = self._cut()
        self._begin()
        self._distrusted = True
        return cut

    def _cut(self) -> list[Scan]:
        return [] if self._presses < FEWEST else [_CUT]  # a stray key is nothing to tell

    def _spell(self, code: int) -> None:
        character = self._character(code)
        if character is None:
            self._strange = True
        elif (
            len(self._text) <= len(self._prefix) + LONGEST_TEXT + IDENTIFIER_CHARACTERS
        ):  # one more than may be, so that it shows
            self._text.append(character)

    def _character(self, code: int) -> str | None:
        if self._held & _OTHERS_HELD:
            return None
        if self._held & _CONTROLS:
            return GROUP_SEPARATOR if code == _BRACKET else None
        plain, shifted = self._layout.get(code, ("\0", "\0"))
        upper = bool(self._held & _SHIFTS) != (self._capitals and plain.isalpha())
        character = shifted if upper else plain
        return None if character == "\0" else character

    def _end(self) -> list[Scan]:
        text, strange, slow = "".join(self._text), self._strange, self._slow()
        distrusted, cut = self._distrusted, self._cut()
        self._begin()
        self._distrusted = False
        if distrusted:
            return cut
        if not text and not strange:
            return []
        if slow:
            return [
                BadScan("scan_typed", "Keys came as slowly as fingers type: the device is a keyboard, or the scanner too slow.")
            ]
        if strange:
            return [BadScan("scan_keys", "A code made the scanner press Ctrl, Alt or keys without a character; turn that off.")]
        return [self._judged(text)]

    def _slow(self) -> bool:
        return self._presses < FEWEST or (self._latest_at - self._first_at) / (self._presses - 1) > SCANNER_AVERAGE_S

    def _judged(self, text: str) -> Scan:
        if not text.startswith(self._prefix):
            return BadScan(
                "scan_prefix", "A line came without the scanner's prefix: set it in the scanner, or mend [scanner] prefix."
            )
        try:
            return judge_text(text.removeprefix(self._prefix))
        except ScanRefused as error:
            return BadScan(error.code, error.hint)
