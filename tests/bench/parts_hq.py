"""Facts as a hub sends them, by the batch: templates that are given fresh ids by replacing one mark."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from random import Random

import msgspec
from msgspec import Struct

from edge.contracts.facts import (
    FACTS_MAX_BATCH,
    AlertBody,
    ArrivalBody,
    DeviceBody,
    Fact,
    FactBody,
    MemberBody,
    NoteBody,
    SaleBody,
    VisitBody,
)
from edge.contracts.money import Money

STORE = "main-street"
NOW = datetime(2026, 3, 14, 10, 30, tzinfo=timezone.utc)
MEMBERS = 5_000
# Of 500 facts: a tap is an arrival, a visit and the end of an alert; the rest of a day is receipts, notes and what devices say.
MIX = {"arrival": 125, "visit": 125, "alert": 100, "sale": 110, "note": 25, "member": 10, "device": 5}
_MARK, _SHORT_MARK = "feedfeed-feed", "feedfeedfeed"


class Template(Struct, frozen=True):
    """A batch of 500 facts whose ids carry the mark; rows: COPY text of the same facts, by table."""

    facts: bytes
    rows: dict[str, bytes] = {}

    def items(self, number: int) -> list[bytes]:
        """The facts of batch `number`, as they stand in the body of a request."""
        return marked(self.facts, number).split(b"\n")

    def copy_text(self, table: str, number: int) -> bytes:
        """The rows of batch `number` in that table."""
        return marked(self.rows[table], number)


def marked(text: bytes, number: int) -> bytes:
    """The same text, with the ids of batch `number`. Of equal length, and rising as UUIDv7 do."""
    digits = f"{number:012x}"
    return text.replace(_MARK.encode(), f"{digits[:8]}-{digits[8:]}".encode()).replace(_SHORT_MARK.encode(), digits.encode())


def body_of(items: Sequence[bytes]) -> bytes:
    """The body of `POST /api/v1/facts`."""
    return b'{"facts":[' + b",".join(items) + b"]}"


def templates(count: int) -> list[Template]:
    """`count` different batches; always the same ones."""
    return [_template(Random(seed), seed) for seed in range(count)]


def _template(random: Random, seed: int) -> Template:
    kinds = [kind for kind, number in MIX.items() for _ in range(number)]
    assert len(kinds) == FACTS_MAX_BATCH
    random.shuffle(kinds)
    facts = [
        Fact("1.0", _id(seed * 10_000 + place), STORE, NOW + timedelta(seconds=place), _body(kind, seed * 10_000 + place, random))
        for place, kind in enumerate(kinds)
    ]
    return Template(b"\n".join(msgspec.json.encode(fact) for fact in facts))


def _id(number: int) -> str:
    return f"{_MARK}-7000-8000-{number:012x}"


def _body(kind: str, number: int, random: Random) -> FactBody:
    at = NOW + timedelta(seconds=random.randrange(3600), microseconds=random.randrange(1_000_000))
    member = f"{random.randrange(MEMBERS):032x}" if random.random() < 0.85 else None
    its_id, visit = _id(number), _id(number + 1_000)
    if kind == "arrival":
        return ArrivalBody(its_id, 0, visit, "door-1", "welcome" if member else "guest", at, member, assurance="plain")
    if kind == "visit":
        return VisitBody(visit, 0, at, at + timedelta(minutes=2), member, random.choice((None, "help", "pickup")))
    if kind == "alert":
        return AlertBody(its_id, visit, random.choice(("served", "expired")))
    if kind == "note":
        return NoteBody(its_id, visit, member, "ann", "Bathroom is tiled; the grout was too light, will bring a tile next time.")
    if kind == "sale":
        return _sale(number, at, member, random)
    if kind == "member":
        return MemberBody(its_id, 1, "Maria Okafor", "en", "name", "sales:17850")
    return DeviceBody("kiosk", f"door-{number % 4}", online=True, since=at, version="0.1.0")


def _sale(number: int, at: datetime, member: str | None, random: Random) -> SaleBody:
    quantity, price = random.randint(1, 24), random.randint(42, 1995)
    amount, text = Money(quantity * price, "GBP"), f"{price // 100}.{price % 100:02d}"
    return SaleBody(
        "till-1",
        f"{_SHORT_MARK}-{number // 20}",
        number,
        at,
        "85123A",
        "BELL, BRASS, WITH BRACKET",
        quantity,
        text,
        amount,
        member,
    )
