"""The envelope of what the hub sends."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import TypedDict

from edge.contracts.envelope import VERSION, ClockQuality
from edge.process.clock import Clock
from edge.process.ids import Ids

HUB_NAME = "hub"


class Head(TypedDict):
    """The envelope's fields, ready to be passed to any message."""

    v: str
    id: str
    source: str
    at: datetime
    clock: ClockQuality
    boot: str
    seq: int
    age_s: float | None


class Letterhead:
    """Makes envelopes of one hub; safe from any thread."""

    def __init__(self, store: str, clock: Clock, ids: Ids) -> None:
        self._source, self._clock, self._ids = f"{store}/hub/{HUB_NAME}", clock, ids
        # A restarted process goes on above every number it used on this boot: it never sends a thousand a second for long.
        self._seq = itertools.count(int(clock.monotonic() * 1000))

    def head(self) -> Head:
        """A new envelope for content that came to be just now."""
        clock = self._clock
        return {
            "v": VERSION,
            "id": self._ids.new(),
            "source": self._source,
            "at": clock.now(),
            "clock": clock.quality(),
            "boot": clock.boot(),
            "seq": next(self._seq),
            "age_s": 0.0,
        }
