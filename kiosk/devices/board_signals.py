"""Light and sound of a reader board: the same cues as on pins, told over the reader's own wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from firmware_bridge.open_reader import SignalPlan
from kiosk.devices.patterns import PATTERNS, Cue, Light, Pattern

# Red, green, blue of the ring: bright enough for daylight in an entrance, not for a headache.
COLOURS: Final[dict[Light, tuple[int, int, int]]] = {"green": (0, 160, 30), "amber": (160, 80, 0), "none": (0, 0, 0)}
# Where small buzzers are loudest and ears not yet annoyed.
HERTZ = 2000


class BoardSignals:
    """Signals (see signals.py) on a reader board; forgotten while no board is there, for the screen says everything as well."""

    def __init__(self, show: Callable[[SignalPlan], None], patterns: Mapping[Cue, Pattern] = PATTERNS) -> None:
        """show: hands a plan to the reader and returns at once."""
        self._show, self._patterns = show, patterns

    def play(self, cue: Cue) -> None:
        """Flash and beep."""
        self._show(plan_of(self._patterns[cue]))

    def close(self) -> None:
        """Dark and silent."""
        self._show(SignalPlan())


def plan_of(pattern: Pattern) -> SignalPlan:
    """A pattern in the words of the board."""
    red, green, blue = COLOURS[pattern.light]
    flashes = 0 if pattern.light == "none" else pattern.flashes
    return SignalPlan(red, green, blue, flashes, _ms(pattern.flash_s), pattern.beeps, _ms(pattern.beep_s), HERTZ)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
