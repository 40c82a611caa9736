"""Writes facts for HQ into the outbox, inside the transaction of what they tell about, and takes persons out of them again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable

import msgspec

from edge.contracts.envelope import VERSION
from edge.contracts.facts import ArrivalBody, Fact, FactBody, MemberBody, NoteBody, SaleBody, VisitBody
from edge.outbox.box import Outbox
from edge.process.clock import Clock
from edge.process.ids import Ids

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Fact)


class Facts:
    """Puts facts of one store into its outbox. key: `thing` or `thing:revision`, unique; left out where nothing is revised."""

    def __init__(self, outbox: Outbox, store: str, clock: Clock, ids: Ids) -> None:
        self.outbox = outbox
        self._store, self._clock, self._ids = store, clock, ids

    def put(
        self, connection: sqlite3.Connection, body: FactBody, *, key: str | None = None, hold_s: float = 0, test: bool = False
    ) -> None:
        """Add one fact to the caller's transaction; it leaves `hold_s` seconds later at the earliest."""
        fact = Fact(v=VERSION, id=self._ids.new(), store=self._store, at=self._clock.now(), body=body, test=test)
        self.outbox.put(connection, key or fact.id, _ENCODER.encode(fact), hold_s)

    def put_many(self, connection: sqlite3.Connection, bodies: Iterable[FactBody]) -> None:
        """Add facts that nothing revises, all of one moment, to the caller's transaction."""
        at = self._clock.now()
        facts = (Fact(v=VERSION, id=self._ids.new(), store=self._store, at=at, body=body) for body in bodies)
        self.outbox.put_many(connection, ((fact.id, _ENCODER.encode(fact)) for fact in facts))

    def remove(self, connection: sqlite3.Connection, key: str) -> bool:
        """Take a fact back that has not been answered yet; False if it has left for good."""
        return self.outbox.remove(connection, key)

    def change(self, connection: sqlite3.Connection, key: str, change: Callable[[FactBody], FactBody | None]) -> None:
        """Rewrite a fact that still waits (None removes it); one that has left stays as it was sent."""
        query = "SELECT key, payload FROM outbox WHERE store = ? AND key = ?"
        row = connection.execute(query, (self._store, key)).fetchone()
        if row is not None:
            self._rewrite(connection, row["key"], row["payload"], change)

    def forget_member(self, connection: sqlite3.Connection, member: str) -> int:
        """Take a member out of every fact that still waits or is parked; returns how many were touched."""
        query = "SELECT key, payload FROM outbox WHERE store = ? AND instr(payload, ?) > 0"
        rows = connection.execute(query, (self._store, member.encode())).fetchall()
        for row in rows:
            self._rewrite(connection, row["key"], row["payload"], lambda body: _without(body, member))
        return len(rows)

    def _rewrite(
        self, connection: sqlite3.Connection, key: str, payload: bytes, change: Callable[[FactBody], FactBody | None]
    ) -> None:
        fact = _DECODER.decode(payload)
        body = change(fact.body)
        if body is None:
            self.outbox.remove(connection, key)
        elif body != fact.body:
            self.outbox.rewrite(connection, key, _ENCODER.encode(msgspec.structs.replace(fact, body=body)))


def _without(body: FactBody, member: str) -> FactBody | None:
    """Totals stay, the person goes; what is about nothing but the person goes entirely."""
    if getattr(body, "member", None) != member:
        return body
    if isinstance(body, MemberBody | NoteBody):
        return None
    if isinstance(body, ArrivalBody | VisitBody | SaleBody):
        return msgspec.structs.replace(body, member=None)
    return body
