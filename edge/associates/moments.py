"""Pure. How long ago something was, whatever the wall clock did meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

# Across a restart only the wall clock is left; it is believed up to here, so no leap of a clock makes an endless age.
LONGEST_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Moment:
    """at: wall clock; mono: monotonic seconds, comparable within one `boot`."""

    at: datetime
    boot: str
    mono: float


def elapsed(then: Moment, now: Moment) -> float:
    """Seconds from `then` to `now`: monotonic within one boot, else wall time kept between 0 and one day."""
    if then.boot == now.boot:
        return max(0.0, now.mono - then.mono)
    return min(max(0.0, (now.at - then.at).total_seconds()), LONGEST_S)
