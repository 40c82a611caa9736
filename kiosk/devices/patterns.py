"""Pure. What light and sound say for each outcome: warm and short for an arrival, soft for trouble, nothing that shames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edge.contracts.outcomes import Outcome

Cue = Outcome | Literal["refused"]
Light = Literal["green", "amber", "none"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """light: which one flashes; flashes, beeps: how often; flash_s, beep_s: seconds of each, and between."""

    light: Light
    flashes: int = 1
    flash_s: float = 1.5
    beeps: int = 1
    beep_s: float = 0.08


_WELCOMED = Pattern("green")
_ONCE_MORE = Pattern("amber", flashes=2, flash_s=0.25, beeps=2)
PATTERNS: dict[Cue, Pattern] = {
    "welcome": _WELCOMED,
    "stranger": _WELCOMED,
    "guest": Pattern("green", beeps=2, beep_s=0.15),
    "repeat": Pattern("green", flash_s=0.5, beeps=0),
    "not_today": Pattern("none", flashes=0, beeps=0),  # left alone means left alone
    "blocked": Pattern("amber", beeps=0),  # the screen says it; the whole entrance need not hear it
    "phone_uid": _ONCE_MORE,
    "unreadable": _ONCE_MORE,
    "ambiguous": _ONCE_MORE,
    "refused": Pattern("amber", flashes=3, flash_s=0.4, beeps=0),
}
