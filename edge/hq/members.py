"""Pure. What HQ makes of member changes: which rows change, and which other stores have to hear of it.

Each store that knows a member has a row of its own, holding what that store was last told or told us. The later change wins by
wall clock, and what does not differ is not sent: so two hubs that repeat what HQ told them cannot keep each other busy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from edge.contracts.directory import GreetingLevel
from edge.contracts.facts import MemberBody
from edge.contracts.feed import FeedBody, MemberChange


class MemberRow(Struct, frozen=True):
    """What one store knows of a member. rev: of that store's newest fact, -1 when it has only been mentioned."""

    store: str
    member: str
    rev: int
    changed_at: datetime
    name: str | None = None
    language: str | None = None
    greeting: GreetingLevel = "nameless"
    origin: str | None = None


class Told(Struct, frozen=True):
    """Rows to write, and items for the feed: (store, body)."""

    rows: list[MemberRow]
    feed: list[tuple[str, FeedBody]]


def told(store: str, news: Iterable[tuple[datetime, MemberBody]], known: Sequence[MemberRow]) -> Told:
    """What `store` says of its members. news: (time of the fact, body), in any order. known: these members, all stores."""
    before = {(row.store, row.member): row for row in known}
    rows = dict(before)
    for at, body in sorted(news, key=lambda item: item[1].rev):
        mine = rows.get((store, body.member))
        if mine is None or body.rev > mine.rev:
            rows[store, body.member] = _applied(store, at, body, mine)
    changed = {key: row for key, row in rows.items() if before.get(key) != row}
    feed: list[tuple[str, FeedBody]] = []
    for row in list(changed.values()):
        for other in (known_row for known_row in known if known_row.member == row.member and known_row.store != store):
            if row.changed_at >= other.changed_at and _differs(row, other):
                changed[other.store, other.member] = _copied(row, other)
                feed.append((other.store, _change(row)))
    return Told(list(changed.values()), feed)


def edited(rows: Sequence[MemberRow], change: MemberChange, at: datetime) -> Told:
    """A person at HQ changed a member: every store that knows the member hears of it. None leaves as it is, "" takes away."""
    return Told([_with(row, change, at) for row in rows], [(row.store, change) for row in rows])


def _applied(store: str, at: datetime, body: MemberBody, mine: MemberRow | None) -> MemberRow:
    if mine is not None and at < mine.changed_at:
        return msgspec.structs.replace(mine, rev=body.rev)  # HQ knows better since: the hub said this before it heard
    return MemberRow(store, body.member, body.rev, at, body.name or None, body.language, body.greeting, body.origin)


def _with(row: MemberRow, change: MemberChange, at: datetime) -> MemberRow:
    return msgspec.structs.replace(
        row,
        changed_at=at,
        name=row.name if change.name is None else change.name or None,
        language=row.language if change.language is None else change.language or None,
        greeting=change.greeting or row.greeting,
    )


def _copied(row: MemberRow, other: MemberRow) -> MemberRow:
    return msgspec.structs.replace(other, changed_at=row.changed_at, name=row.name, language=row.language, greeting=row.greeting)


def _differs(row: MemberRow, other: MemberRow) -> bool:
    return (row.name, row.language, row.greeting) != (other.name, other.language, other.greeting)


def _change(row: MemberRow) -> MemberChange:
    return MemberChange(row.member, row.name or "", row.language or "", row.greeting)
