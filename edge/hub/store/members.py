"""Members, cards and associates as this store knows them. Changes rise in the directory's sequence and become facts."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from edge.contracts.directory import CardState, GreetingLevel
from edge.contracts.facts import MemberBody
from edge.contracts.rotating import is_pass
from edge.hub.store.facts import Facts


@dataclass(frozen=True, slots=True)
class Member:
    """name: full name; call_me: how they want to be called. since: ISO date; own_associate: who usually serves them."""

    member: str
    name: str | None = None
    call_me: str | None = None
    language: str | None = None
    greeting: GreetingLevel = "nameless"
    not_today: bool = False
    own_associate: str | None = None
    origin: str | None = None
    since: str | None = None
    rev: int = 0

    @property
    def called(self) -> str | None:
        """How to call them, or None."""
        return self.call_me or self.name


@dataclass(frozen=True, slots=True)
class Card:
    """card_id: canonical (edge.contracts.card_id). provable: it is known to prove itself, so that without a proof it is in
    doubt."""

    card_id: str
    member: str | None
    state: CardState
    provable: bool = False


@dataclass(frozen=True, slots=True)
class Associate:
    """skills: words that may equal a reason (help, pickup, ...); languages: BCP 47."""

    associate: str
    display_name: str
    pin_hash: str
    skills: tuple[str, ...]
    languages: tuple[str, ...]


class Members:
    """Writes members, cards and associates of one store; every method joins the caller's transaction."""

    def __init__(self, store: str, facts: Facts) -> None:
        self._store, self._facts = store, facts

    def put_member(
        self,
        connection: sqlite3.Connection,
        member: str,
        *,
        name: str | None = None,
        call_me: str | None = None,
        language: str | None = None,
        greeting: GreetingLevel = "nameless",
        not_today: bool = False,
        own_associate: str | None = None,
        origin: str | None = None,
        since: str | None = None,
        announce: bool = True,
    ) -> bool:
        """Make or replace a member. Returns False, and does nothing, if they are erased or nothing would change.

        announce: tell HQ (a member fact); False for what HQ itself has just told us.
        """
        old = find_member(connection, self._store, member)
        if is_erased(connection, self._store, member):
            return False
        rev = old.rev + 1 if old else 0
        new = Member(member, name, call_me, language, greeting, not_today, own_associate, origin, since, rev)
        if old and replace(old, rev=rev) == new:
            return False
        self._write_member(connection, new)
        if old is None or _seen_at_the_door(old) != _seen_at_the_door(new):
            self._touch_cards(connection, member)
        if announce:
            body = MemberBody(member=member, rev=rev, name=name, language=language, greeting=greeting, origin=origin)
            self._facts.put(connection, body)
        return True

    def put_card(
        self,
        connection: sqlite3.Connection,
        card_id: str,
        member: str | None,
        state: CardState = "active",
        *,
        provable: bool | None = None,
    ) -> bool:
        """Give a card to a member, block it or withdraw it. Returns False if nothing changed or the member is erased.

        provable: None leaves what is known; a member's pass, whose code rotates, always is.
        """
        if member is not None and is_erased(connection, self._store, member):
            return False
        old = find_card(connection, self._store, card_id)
        proves = is_pass(card_id) or (provable if provable is not None else old is not None and old.provable)
        if old == Card(card_id, member, state, proves):
            return False
        connection.execute(
            "INSERT INTO cards (store, card_id, member, state, seq, provable) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (store, card_id) DO UPDATE SET member = excluded.member, state = excluded.state, seq = excluded.seq,"
            " provable = excluded.provable",
            (self._store, card_id, member, state, next_number(connection, self._store, "directory"), int(proves)),
        )
        return True

    def put_associate(
        self,
        connection: sqlite3.Connection,
        associate: str,
        *,
        display_name: str,
        pin_hash: str,
        skills: Sequence[str] = (),
        languages: Sequence[str] = (),
    ) -> None:
        """Make or replace an associate. pin_hash: from edge.hub.pins.hash_pin. Sessions in being stay."""
        connection.execute(
            "INSERT INTO associates (store, associate, display_name, pin_hash, skills, languages) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (store, associate) DO UPDATE SET display_name = excluded.display_name,"
            " pin_hash = excluded.pin_hash, skills = excluded.skills, languages = excluded.languages",
            (self._store, associate, display_name, pin_hash, _json(skills), _json(languages)),
        )

    def _write_member(self, connection: sqlite3.Connection, new: Member) -> None:
        connection.execute(
            "INSERT INTO members (store, member, name, call_me, language, greeting, not_today, own_associate, origin, since, rev)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (store, member) DO UPDATE SET name = excluded.name,"
            " call_me = excluded.call_me, language = excluded.language, greeting = excluded.greeting,"
            " not_today = excluded.not_today, own_associate = excluded.own_associate, origin = excluded.origin,"
            " since = excluded.since, rev = excluded.rev",
            (
                self._store,
                new.member,
                new.name,
                new.call_me,
                new.language,
                new.greeting,
                int(new.not_today),
                new.own_associate,
                new.origin,
                new.since,
                new.rev,
            ),
        )

    def _touch_cards(self, connection: sqlite3.Connection, member: str) -> None:
        for card in cards_of(connection, self._store, member):
            connection.execute(
                "UPDATE cards SET seq = ? WHERE store = ? AND card_id = ?",
                (next_number(connection, self._store, "directory"), self._store, card.card_id),
            )


def next_number(connection: sqlite3.Connection, store: str, key: str) -> int:
    """The next of a rising sequence (first 1); `key` names the sequence."""
    row = connection.execute(
        "INSERT INTO hub_state (store, key, value) VALUES (?, ?, 1) ON CONFLICT (store, key) DO UPDATE SET value = value + 1"
        " RETURNING value",
        (store, key),
    ).fetchone()
    return int(row[0])


def find_member(connection: sqlite3.Connection, store: str, member: str) -> Member | None:
    """The member, or None if unknown or erased."""
    row = connection.execute("SELECT * FROM members WHERE store = ? AND member = ? AND erased = 0", (store, member)).fetchone()
    return None if row is None else _member(row)


def is_erased(connection: sqlite3.Connection, store: str, member: str) -> bool:
    """Whether a tombstone stands for this member."""
    found = connection.execute("SELECT 1 FROM tombstones WHERE store = ? AND member = ?", (store, member)).fetchone()
    return found is not None


def find_card(connection: sqlite3.Connection, store: str, card_id: str) -> Card | None:
    """The card, or None."""
    row = connection.execute("SELECT * FROM cards WHERE store = ? AND card_id = ?", (store, card_id)).fetchone()
    return None if row is None else _card(row)


def mark_provable(connection: sqlite3.Connection, store: str, card_id: str) -> None:
    """The card has proved itself once, and is expected to from now on. Kiosks need not hear of it."""
    connection.execute("UPDATE cards SET provable = 1 WHERE store = ? AND card_id = ? AND provable = 0", (store, card_id))


def cards_of(connection: sqlite3.Connection, store: str, member: str) -> list[Card]:
    """All cards of a member, in the order of their last change."""
    rows = connection.execute("SELECT * FROM cards WHERE store = ? AND member = ? ORDER BY seq", (store, member))
    return [_card(row) for row in rows]


def find_associate(connection: sqlite3.Connection, store: str, associate: str) -> Associate | None:
    """The associate, or None."""
    row = connection.execute("SELECT * FROM associates WHERE store = ? AND associate = ?", (store, associate)).fetchone()
    return None if row is None else _associate(row)


def find_associates(connection: sqlite3.Connection, store: str, names: Sequence[str]) -> list[Associate]:
    """Those of these names who are known, in the order of the names."""
    marks = ", ".join("?" * len(names))
    query = f"SELECT * FROM associates WHERE store = ? AND associate IN ({marks})"  # noqa: S608 - question marks
    found = {row["associate"]: _associate(row) for row in connection.execute(query, (store, *names))}
    return [found[name] for name in names if name in found]


def _card(row: sqlite3.Row) -> Card:
    return Card(row["card_id"], row["member"], row["state"], bool(row["provable"]))


def _associate(row: sqlite3.Row) -> Associate:
    skills, languages = (tuple(msgspec.json.decode(row[column], type=list[str])) for column in ("skills", "languages"))
    return Associate(row["associate"], row["display_name"], row["pin_hash"], skills, languages)


def _member(row: sqlite3.Row) -> Member:
    return Member(
        member=row["member"],
        name=row["name"],
        call_me=row["call_me"],
        language=row["language"],
        greeting=row["greeting"],
        not_today=bool(row["not_today"]),
        own_associate=row["own_associate"],
        origin=row["origin"],
        since=row["since"],
        rev=row["rev"],
    )


def _seen_at_the_door(member: Member) -> tuple[object, ...]:
    return member.language, member.greeting, member.not_today


def _json(words: Sequence[str]) -> str:
    return msgspec.json.encode(list(words)).decode()
