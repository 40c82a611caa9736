"""The thread that listens to one serial scanner: opens the port, hands lines on, opens again for ever.

A scanner speaks only when it has read something, so a working one and a dead one sound alike until the cable is out; that much
the port tells. Nothing is ever sent to it: what we do not say cannot set it up wrongly.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from firmware_bridge.card_read import ReaderState
from firmware_bridge.drivers.kept_open import LONGEST_READ_S, Deliver, KeptOpen
from firmware_bridge.session.code_presence import CodePresence
from firmware_bridge.wire.scanner_lines import GAP_S, LineReader, Scan


class Line(Protocol):
    """An opened port: read gives bytes or nothing after the limit, and raises BridgeError when the port is gone."""

    def read(self, timeout_s: float) -> bytes: ...
    def close(self) -> None: ...


class ScannerReader:
    """A serial scanner behind whatever `open_line` opens. One thread calls `run`."""

    def __init__(self, name: str, clock: Callable[[], float], open_line: Callable[[], Line]) -> None:
        """name: of the scanner, goes into every event. clock: monotonic seconds that really pass."""
        self._name, self._clock, self._open_line = name, clock, open_line
        self._presence = CodePresence(name)
        self._kept = KeptOpen(name, clock, self._connect)

    def run(self, deliver: Deliver, stop: threading.Event) -> None:
        """See firmware_bridge.open_reader.Reader."""
        self._kept.run(deliver, stop)

    def _connect(self, deliver: Deliver, stop: threading.Event) -> None:
        line = self._open_line()
        try:
            begun = line.read(GAP_S)
            deliver(ReaderState(self._name, self._clock(), True, hint="A scanner is plugged in"))
            self._listen(line, begun, deliver, stop)
        finally:
            line.close()

    def _listen(self, line: Line, begun: bytes, deliver: Deliver, stop: threading.Event) -> None:
        """begun: what came as the port was opened; the beginning of that line may have gone by before."""
        lines = LineReader()
        if begun:
            lines.distrust()
            self._tell(lines.feed(begun, self._clock()), deliver)
        while not stop.is_set():
            before = self._clock()
            patience = self._patience(lines, before)
            data = line.read(patience)
            # Silence is judged from when it was waited for: this thread may have slept since, and bytes may have come.
            self._tell(lines.feed(data, self._clock()) if data else lines.tick(before + patience), deliver)

    def _patience(self, lines: LineReader, now: float) -> float:
        due = lines.wake_at
        return LONGEST_READ_S if due is None else min(max(0.0, due - now), LONGEST_READ_S)

    def _tell(self, scans: list[Scan], deliver: Deliver) -> None:
        for scan in scans:
            for event in self._presence.look(scan, self._clock()):
                deliver(event)
