"""How long bytes take on the line and frames take in the air. Pure; all times in seconds.

Without a pace a simulated reader answers at once, which demonstrations and tests want; with one it takes as long as the
hardware cannot help taking, which measurements want. The chip's own computing time is unknown and counted as nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from random import Random

# 8N1: start bit, eight bits, stop bit.
BITS_A_BYTE = 10
# A 16550 tells its host after eight bytes; whoever waits for one byte more waits for the next eight, or the end.
FIFO_BYTES = 8
# ISO 14443-3 at 106 kbit/s: 128 periods of the carrier a bit; eight bits and parity a byte.
BIT_S = 128 / 13.56e6
BYTE_S = 9 * BIT_S
# What a frame costs beside its bytes (three bits towards the card, two back) and the pause between question and answer:
# data sheet of the NTAG213/215/216, table of READ: 368 + 87 + 1548 us.
_REQUEST_EDGES_S, _ANSWER_EDGES_S, FRAME_DELAY_S = 3 * BIT_S, 2 * BIT_S, 87e-6
_CRC_BYTES = 2
# REQA and ATQA 0.44 ms; each cascade level: anticollision 0.70, select 1.13 and two pauses of 0.10 ms. 7 bytes of id: 4.5 ms.
_REQUEST_S, _CASCADE_LEVEL_S = 0.44e-3, 2.03e-3
# The chip begins one attempt to find a card so often (the least that is asked of readers between two requests).
ATTEMPT_S = 0.005
# What a chip waits for a card that stays silent, unless it was told otherwise (user manual 7.3.1, item 2: 0A).
SILENCE_S = 0.0512
# ISO-DEP: largest frame a PN532 takes at once, and the byte in front of each.
_ISO_DEP_FRAME, _ISO_DEP_PROLOGUE = 64, 1


@dataclass(frozen=True, slots=True)
class Pace:
    """baud: of the line, or None: bytes take no time. rf: whether the air takes time."""

    baud: int | None = None
    rf: bool = False

    @property
    def byte_s(self) -> float:
        """What one byte takes on the line: 86.8 us at 115,200 baud."""
        return BITS_A_BYTE / self.baud if self.baud else 0.0


class Wire:
    """One direction of a serial line: bytes go in at one moment and come out when the last of their piece has passed."""

    def __init__(self, byte_s: float, *, piece: int, most: int) -> None:
        """byte_s: of one byte. piece: bytes that come out together. most: bytes held; what comes on top is lost."""
        self.byte_s = byte_s
        self._piece, self._most = piece, most
        self._passing: deque[tuple[float, bytes]] = deque()
        self._size = 0
        self._free_at = 0.0

    def put(self, data: bytes, now: float) -> None:
        """`data` is written."""
        for start in range(0, len(data), self._piece):
            piece = data[start : start + self._piece]
            if self._size + len(piece) > self._most:
                return
            self._free_at = max(now, self._free_at) + len(piece) * self.byte_s
            self._passing.append((self._free_at, piece))
            self._size += len(piece)

    def due(self, now: float) -> list[bytes]:
        """Pieces that have arrived, in order."""
        pieces = []
        while self._passing and self._passing[0][0] <= now:
            pieces.append(self._passing.popleft()[1])
            self._size -= len(pieces[-1])
        return pieces

    def wake_at(self) -> float | None:
        """Moment at which the next piece arrives, or None."""
        return self._passing[0][0] if self._passing else None


class Air:
    """What the radio takes, for one chip."""

    def __init__(self, pace: Pace, random: Random) -> None:
        """random: where in its attempts the chip is when a card comes; seeded in tests."""
        self._on, self._random = pace.rf, random

    def phase_s(self) -> float:
        """From a card's entering the field of a waiting chip to the attempt that finds it: 0 to 5 ms."""
        return self._random.uniform(0.0, ATTEMPT_S) if self._on else 0.0

    def listing_s(self, uid_lengths: list[int]) -> float:
        """Finding cards with such ids, one after the other."""
        return sum(listing_s(length) for length in uid_lengths) if self._on else 0.0

    def exchange_s(self, sent: int, received: int | None, *, iso_dep: bool = False) -> float:
        """One question of `sent` bytes and its answer of `received`, both without CRC; None: the card stays silent."""
        if not self._on:
            return 0.0
        if received is None:
            return request_s(sent) + SILENCE_S
        return iso_dep_s(sent, received) if iso_dep else exchange_s(sent, received)


def listing_s(uid_length: int) -> float:
    """REQA, then one cascade level for each size of id: 4.5 ms for 7 bytes."""
    levels = {4: 1, 7: 2, 10: 3}[uid_length]
    return _REQUEST_S + levels * _CASCADE_LEVEL_S


def request_s(sent: int) -> float:
    """The question alone."""
    return (sent + _CRC_BYTES) * BYTE_S + _REQUEST_EDGES_S


def exchange_s(sent: int, received: int) -> float:
    """Question, pause, answer: 2.0 ms for a READ of 16 bytes, 4.8 ms for a FAST_READ of 48."""
    return request_s(sent) + FRAME_DELAY_S + (received + _CRC_BYTES) * BYTE_S + _ANSWER_EDGES_S


def iso_dep_s(sent: int, received: int) -> float:
    """The same in blocks of ISO 14443-4; a block that is not the last of its chain is acknowledged by an empty one."""
    room = _ISO_DEP_FRAME - _ISO_DEP_PROLOGUE - _CRC_BYTES
    chained = max(0, -(-sent // room) - 1) + max(0, -(-received // room) - 1)
    acknowledged = chained * exchange_s(_ISO_DEP_PROLOGUE, _ISO_DEP_PROLOGUE)
    return exchange_s(sent + _ISO_DEP_PROLOGUE, received + _ISO_DEP_PROLOGUE) + acknowledged
