"""A code that is still held there is no second read. Pure: time is an argument."""

from __future__ import annotations

from firmware_bridge.card_read import CardRead, CardTrouble, ReaderEvent
from firmware_bridge.wire.scanner_lines import BadScan, Scan

# Scanners that look all the time repeat a code several times a second; taking it away and coming back needs longer than this.
SAME_S = 2.0


class CodePresence:
    """Lines of one scanner to reader events, one for each time a code is presented."""

    def __init__(self, reader: str) -> None:
        self._reader = reader
        self._latest: Scan | None = None
        self._latest_at = float("-inf")

    def look(self, scan: Scan, now: float) -> list[ReaderEvent]:
        """A line came: its event, or nothing while the same code is still there. Refused lines count as one another."""
        same = now - self._latest_at < SAME_S and _alike(scan, self._latest)
        self._latest, self._latest_at = scan, now
        if same:
            return []
        if isinstance(scan, BadScan):
            return [CardTrouble(self._reader, now, "unreadable", medium="code", code=scan.code)]
        return [CardRead("code", scan.text, self._reader, now, symbology=scan.symbology)]


def _alike(one: Scan, other: Scan | None) -> bool:
    if isinstance(one, BadScan):
        return isinstance(other, BadScan)
    return one == other
