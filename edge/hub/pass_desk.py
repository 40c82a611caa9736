"""Gives members a pass on their phone. The phone shows codes that the hub makes; the secret they are made from never leaves
the hub."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo

from edge.associates.moments import Moment
from edge.contracts.rotating import HANDLE_BYTES, STEP_S, RotatingCode
from edge.hub.proof.ring import KeyRing, ProofKey
from edge.hub.proof.rotating import code_for, step_of
from edge.hub.store import passes
from edge.hub.store.members import Members
from edge.hub.store.passes import Pass

LINK_S = 900.0  # how long a link waits to be opened
MOST_PHONES = 5  # a sixth takes the place of the oldest
_SECRET_BYTES = 24


@dataclass(frozen=True, slots=True)
class Shown:
    """What the phone shows now, and for how many seconds."""

    code: RotatingCode
    left_s: int


class PassDesk:
    """keys: the ring of this moment. token: n -> n random bytes as hex. zone: the store's, by whose days keys are retired.

    Every method joins the caller's transaction.
    """

    def __init__(self, store: str, keys: Callable[[], KeyRing], book: Members, token: Callable[[int], str], zone: tzinfo) -> None:
        self._store, self._keys, self._book, self._token, self._zone = store, keys, book, token, zone

    def issue(self, connection: sqlite3.Connection, member: str, now: Moment) -> str | None:
        """The secret of a link that opens once, within LINK_S. None: this hub holds no key for codes."""
        if self._key(now) is None:
            return None
        passes.drop_unopened(connection, self._store, LINK_S, now)
        link = self._token(_SECRET_BYTES)
        passes.insert(connection, self._store, Pass(self._token(HANDLE_BYTES), member, now), _hash(link))
        return link

    def open(self, connection: sqlite3.Connection, link: str, now: Moment) -> str | None:
        """The phone's own secret, told this once; from now on the pass is a card of the member. None: no such link, or too
        late."""
        passes.drop_unopened(connection, self._store, LINK_S, now)
        found = passes.by_link(connection, self._store, _hash(link))
        if found is None:
            return None
        phone = self._token(_SECRET_BYTES)
        passes.opened(connection, self._store, found.handle, _hash(phone), now.at)
        self._book.put_card(connection, _card_id(found), found.member)
        for oldest in passes.of_member(connection, self._store, found.member)[:-MOST_PHONES]:
            self._take_away(connection, oldest)
        return phone

    def shown(self, connection: sqlite3.Connection, phone: str, now: Moment) -> Shown | None:
        """The code of this half-minute. None: this phone holds no pass (any more)."""
        found, key = passes.by_phone(connection, self._store, _hash(phone)), self._key(now)
        if found is None or key is None:
            return None
        return Shown(code_for(key, found.handle, step_of(now.at)), STEP_S - int(now.at.timestamp()) % STEP_S)

    def give_back(self, connection: sqlite3.Connection, phone: str) -> None:
        """The member removes the pass: its codes hold no longer, here and at every kiosk."""
        found = passes.by_phone(connection, self._store, _hash(phone))
        if found is not None:
            self._take_away(connection, found)

    def _take_away(self, connection: sqlite3.Connection, one: Pass) -> None:
        passes.remove(connection, self._store, one.handle)
        self._book.put_card(connection, _card_id(one), None, "gone")

    def _key(self, now: Moment) -> ProofKey | None:
        return next(iter(self._keys().usable("code", now.at.astimezone(self._zone).date())), None)


def _card_id(one: Pass) -> str:
    return f"code:{RotatingCode(one.handle, 0, '').card_value}"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
