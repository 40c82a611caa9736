"""How long the bytes of one card are on the line, computed from the frames that session and chip exchange."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from firmware_bridge.card_read import CardRead
from firmware_bridge.session.pn532_session import Out
from firmware_bridge.simulator.bad_line import BadLine
from firmware_bridge.simulator.pace import BITS_A_BYTE
from firmware_bridge.simulator.requests import parse_present
from firmware_bridge.simulator.type4_card import phone
from firmware_bridge.wire.pn532_answers import IN_LIST_PASSIVE_TARGET
from firmware_bridge.wire.pn532_frame import ACK, Frame, FrameReader
from tests.bench.parts_chip import BAUD, WALLET
from tests.bench.parts_reader import STRANGER
from tests.readers.card_kinds import CardKind
from tests.support.reader import Duet

# Commands in words; the codes are those of the PN532's user manual, 7.1.
WORDS = {IN_LIST_PASSIVE_TARGET: "look", 0x32: "radio", 0x12: "parameters", 0x40: "ask", 0x42: "ask"}


@dataclass
class Step:
    """One command, its acknowledgement and its answer: bytes on the line, frames and all."""

    word: str
    command: int
    ack: int = 0
    answer: int = 0


@dataclass(frozen=True)
class OnTheWire:
    """What goes over the line for one card. waited: bytes that had passed before the card came, because the chip waits for it."""

    steps: list[Step]
    waited: int

    @property
    def octets(self) -> int:
        """All bytes, there and back. They pass one after the other: no command is sent before the last was answered."""
        return sum(step.command + step.ack + step.answer for step in self.steps)

    def plain(self) -> dict[str, Any]:
        """For the kept results. Milliseconds at 115,200 baud."""
        return {
            "steps": [[step.word, step.command, step.ack, step.answer] for step in self.steps],
            "octets": self.octets,
            "ms": round(milliseconds(self.octets), 3),
            "ms after the card came": round(milliseconds(self.octets - self.waited), 3),
        }


def milliseconds(octets: int) -> float:
    """What so many bytes take at 115,200 baud."""
    return octets * BITS_A_BYTE / BAUD * 1000


def on_the_wire(kind: CardKind) -> OnTheWire:
    """From the look that finds the card to the card read."""
    duet = _Recorded()
    duet.run(1.0)
    del duet.steps[:-1]  # the look that waits
    waited = duet.steps[0].command + duet.steps[0].ack
    written, _ = kind.card(Random(1))
    card = phone(b"\x08\x01\x02\x03", written.removeprefix(WALLET)) if kind.phone else parse_present(written, None).cards[0]
    duet.at(duet.now, lambda: duet.chip.field.place(card, None))
    while not duet.told:
        duet.run(duet.now + 0.5)
    return OnTheWire(duet.steps, waited)


class _Recorded(Duet):
    """Session and chip, with every frame between them until a card is read."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.told = False
        super().__init__(known=lambda value: not value.startswith(STRANGER))
        self.line = _Counted(self)

    def _take(self, out: Out) -> None:
        self.told = self.told or any(isinstance(event, CardRead) for event in out.events)
        if out.send and not self.told:
            frames = [item for item in FrameReader().feed(out.send) if isinstance(item, Frame) and item.kind == "command"]
            self.steps.append(Step(WORDS.get(frames[0].code, "start") if frames else "start", len(out.send)))
        super()._take(out)


class _Counted(BadLine):
    """A clean line that counts what the chip says for the step under way."""

    def __init__(self, duet: _Recorded) -> None:
        super().__init__(Random(1))
        self._duet = duet

    def send(self, data: bytes, now: float) -> None:
        """See BadLine."""
        if not self._duet.told:
            acks = len(ACK) if data.startswith(ACK) else 0
            self._duet.steps[-1].ack += acks
            self._duet.steps[-1].answer += len(data) - acks
        super().send(data, now)
