"""Taps through a line that does everything a line can do, in virtual time, and the account of what came of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from firmware_bridge.card_read import CardRead
from firmware_bridge.simulator.bad_line import BadLine
from firmware_bridge.simulator.kinds import card_with
from firmware_bridge.wire.pn532_answers import IN_LIST_PASSIVE_TARGET
from firmware_bridge.wire.pn532_frame import Frame, FrameReader, answer_frame
from tests.support.reader import Duet

LINE_KINDS = ("split", "silence", "noise", "corrupt", "half", "lost", "double", "previous")
KINDS = (*LINE_KINDS, "hangs", "misread", "brownout", "unplugged")
WAYS = ("in", "out", "both")
LONGEST_FAULT_S = 3.0
# Long enough: an answer that was lost is missed at the next question whether the chip lives (2 s), a session that failed in the
# fault begins anew within 5 s, and a start takes two.
LONG_ENOUGH_S = LONGEST_FAULT_S + 2.0 + 5.0 + 2.0


class MisreadingLine(BadLine):
    """A line that can also damage one listing twice, so that the chip's sum of eight bits lets it pass.

    misread_in: so many listings of a card from now, or None. share: part of all listings damaged so, by chance. Two equal damages
    in a row are beyond what two looks can find.
    """

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self._dice = random
        self.misread_in: int | None = None
        self.share = 0.0
        self.misread = 0

    def send(self, data: bytes, now: float) -> None:
        """See BadLine."""
        if self.misread_in is not None or self.share:
            data = b"".join(self._forged(piece) for piece in _frames(data)) if data else data
        super().send(data, now)

    def _forged(self, item: Frame) -> bytes:
        raw = _bytes_of(item)
        if item.code != IN_LIST_PASSIVE_TARGET + 1 or len(item.data) < 10:
            return raw
        if not self._due():
            return raw
        ids = range(6, len(item.data))
        first, second = self._dice.sample(ids, 2)
        by = self._dice.randint(1, 255)
        changed = bytearray(item.data)
        changed[first], changed[second] = (changed[first] + by) & 0xFF, (changed[second] - by) & 0xFF
        self.misread += 1
        return answer_frame(item.code, bytes(changed))

    def _due(self) -> bool:
        """This listing is damaged."""
        if self.share and self._dice.random() < self.share:
            return True
        due = self.misread_in == 0
        if self.misread_in is not None:
            self.misread_in = None if due else self.misread_in - 1
        return due


def _frames(data: bytes) -> list[Frame]:
    return [item for item in FrameReader().feed(data) if isinstance(item, Frame)]


def _bytes_of(item: Frame) -> bytes:
    return bytes.fromhex("0000ff00ff00") if item.kind == "ack" else answer_frame(item.code, item.data)


@dataclass
class Account:
    """What came of the taps. phantoms: ids read that were never presented; lost: cards that lay there long enough, unread."""

    faults: Counter[str] = field(default_factory=Counter)
    reads: int = 0
    twice: int = 0
    misread: int = 0
    phantoms: list[str] = field(default_factory=list)
    lost: list[tuple[int, str]] = field(default_factory=list)
    slowest_s: float = 0.0


class Campaign:
    """One reader, one tap after the other, a fault with each. every_id_known: the mutant that believes whatever it reads."""

    def __init__(self, seed: int, *, every_id_known: bool = False) -> None:
        self._random = Random(seed)
        self._members: set[str] = set()
        self._duet = Duet(seed, known=lambda value: every_id_known or value in self._members)
        self._line = MisreadingLine(self._random)
        self._duet.line = self._line
        self.account = Account()

    def run(self, taps: int) -> Account:
        """Present so many cards, every second one known."""
        self._duet.run(1.0)
        for number in range(taps):
            self._tap(number)
        self.account.misread = self._line.misread
        return self.account

    def run_damaged(self, cards: int, share: float) -> Account:
        """Present so many cards nobody knows; of the listings until something is told of a card, this share is damaged."""
        duet = self._duet
        duet.run(1.0)
        for _ in range(cards):
            uid, told, start = self._random.randbytes(7).hex().upper(), len(duet.events), duet.now
            self._line.share = share
            duet.tap(start, uid, None)
            while duet.now < start + LONGEST_FAULT_S and len(duet.events) == told:
                duet.run(duet.now + 0.01)
            self._line.share = 0.0
            duet.chip.field.take()
            duet.run(duet.now + 1.0)
            self._count(uid, told)
        self.account.misread = self._line.misread
        return self.account

    def _tap(self, number: int) -> None:
        uid, kind, duet = self._random.randbytes(7).hex().upper(), self._random.choice(KINDS), self._duet  # as random as real ids
        if number % 2:
            self._members.add(uid)
        start, told = duet.now, len(duet.events)
        self._fault(kind, start)
        duet.at(start + self._random.uniform(0.0, 0.5), lambda: duet.chip.field.place(card_with(bytes.fromhex(uid)), None))
        while duet.now < start + LONG_ENOUGH_S and not self._read(uid, told):
            duet.run(duet.now + 0.25)
        self._judge(number, uid, kind, told, duet.now - start)
        duet.chip.field.take()
        self._line.misread_in = None
        duet.chip.frozen = False
        for line in (self._line, duet.way_out):
            line.set("clean", duet.now, None)
        duet.run(duet.now + 1.0)

    def _fault(self, kind: str, now: float) -> None:
        seconds = self._random.uniform(0.05, LONGEST_FAULT_S)
        self.account.faults[kind] += 1
        if kind == "misread":
            self._line.misread_in = self._random.randrange(4)
        elif kind == "hangs":
            self._duet.chip.frozen = True
            self._duet.at(now + seconds, self._power_cut)
        elif kind == "brownout":
            self._duet.at(now + seconds / 3, self._power_cut)
        elif kind == "unplugged":
            self._duet.at(now + seconds / 3, lambda: self._duet.unplug(seconds))
        else:
            self._trouble(kind, now, seconds)

    def _trouble(self, kind: str, now: float, seconds: float) -> None:
        """On the way in, the way out, or both."""
        way = self._random.choice(WAYS)
        for line, here in ((self._line, "in"), (self._duet.way_out, "out")):
            if way in (here, "both"):
                line.set(kind, now, seconds)  # type: ignore[arg-type]  # one of LINE_KINDS

    def _power_cut(self) -> None:
        chip = self._duet.chip
        self._duet.chip = type(chip)(chip.field, chip.air)

    def _read(self, uid: str, told: int) -> bool:
        return any(isinstance(event, CardRead) and event.value == uid for event in self._duet.events[told:])

    def _judge(self, number: int, uid: str, kind: str, told: int, seconds: float) -> None:
        self.account.slowest_s = max(self.account.slowest_s, seconds)
        if not self._count(uid, told):
            self.account.lost.append((number, kind))

    def _count(self, uid: str, told: int) -> bool:
        """Whether the card was read, and no other."""
        reads = [event.value for event in self._duet.events[told:] if isinstance(event, CardRead)]
        self.account.reads += uid in reads
        self.account.twice += reads.count(uid) > 1
        self.account.phantoms += [value for value in reads if value != uid]
        return uid in reads
