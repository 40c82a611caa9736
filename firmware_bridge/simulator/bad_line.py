"""What a cable can do to the bytes of a chip. Pure: bytes and the time in, pieces with their moment out."""

from __future__ import annotations

from collections import deque
from random import Random
from typing import Literal, get_args

LineFault = Literal["clean", "split", "silence", "noise", "corrupt", "half", "lost", "double", "previous"]
LINE_FAULTS: tuple[str, ...] = get_args(LineFault)

# Slower than the driver's read, so that each piece arrives alone.
PIECE_S = 0.001
NOISE_BYTES = 192
# A host that does not read for long loses what came first, as with a real UART.
MOST_WAITING = 4096


class BadLine:
    """The line from chip to host. clean: all at once; split: pieces of one to three bytes; silence: nothing arrives;
    noise: a burst of random bytes, then clean; corrupt: one bit of each piece of talk is wrong; half: its end is missing;
    lost: half of the pieces, by chance, do not arrive; double: each arrives twice; previous: in place of half of them, by
    chance, what was said before is said again."""

    def __init__(self, random: Random) -> None:
        """random: seeded in tests."""
        self._random = random
        self._fault: LineFault = "clean"
        self._until: float | None = None
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._size = 0
        self._said = b""

    @property
    def fault(self) -> LineFault:
        """What the line does to bytes at present."""
        return self._fault

    def set(self, fault: LineFault, now: float, seconds: float | None) -> None:
        """Behave so for `seconds`, or until told otherwise."""
        if fault == "noise":
            self._split(self._random.randbytes(NOISE_BYTES), now, 32)
            fault, seconds = "clean", None
        self._fault, self._until = fault, None if seconds is None else now + seconds

    def send(self, data: bytes, now: float) -> None:
        """The chip says `data`."""
        self._recover(now)
        before, self._said = self._said, data or self._said
        if not data or self._fault == "silence":
            return
        if self._fault == "split":
            self._split(data, now, 3)
        elif self._fault == "corrupt":
            self._queue(now, self._flipped(data))
        elif self._fault == "half":
            self._queue(now, data[: len(data) // 2])
        elif self._fault in ("lost", "previous") and self._random.random() < 0.5:
            self._queue(now, before if self._fault == "previous" else b"")
        elif self._fault == "double":
            self._queue(now, data + data)
        else:
            self._queue(now, data)

    def due(self, now: float) -> list[bytes]:
        """Pieces whose moment has come, in order."""
        pieces = []
        while self._waiting and self._waiting[0][0] <= now:
            piece = self._waiting.popleft()[1]
            self._size -= len(piece)
            pieces.append(piece)
        return pieces

    def wake_at(self) -> float | None:
        """Moment of the next piece, or None."""
        return self._waiting[0][0] if self._waiting else None

    def _recover(self, now: float) -> None:
        if self._until is not None and now >= self._until:
            self._fault, self._until = "clean", None

    def _split(self, data: bytes, now: float, most: int) -> None:
        at, moment = 0, now
        while at < len(data):
            size = self._random.randint(1, most)
            self._queue(moment, data[at : at + size])
            at, moment = at + size, moment + PIECE_S

    def _queue(self, moment: float, piece: bytes) -> None:
        # Bytes never overtake each other.
        latest = self._waiting[-1][0] if self._waiting else moment
        self._waiting.append((max(moment, latest), piece))
        self._size += len(piece)
        while self._size > MOST_WAITING:
            self._size -= len(self._waiting.popleft()[1])

    def _flipped(self, data: bytes) -> bytes:
        at = self._random.randrange(len(data))
        return data[:at] + bytes([data[at] ^ (1 << self._random.randrange(8))]) + data[at + 1 :]
