"""Writes lines of receipts, the customers they belong to, and the products they name; each in the caller's transaction.

Plain sqlite3 with executemany: half a million lines have to pass in a minute on a small machine.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from edge.contracts.card_id import canonical
from edge.contracts.facts import SaleBody
from edge.contracts.money import Money
from edge.crm.demo_card import demo_uid
from edge.hub.sales.invoices import Stored
from edge.hub.sales.lines import SaleLine
from edge.hub.store.facts import Facts
from edge.hub.store.members import Members, find_card
from edge.process.ids import Ids

_INSERT_LINE = (
    "INSERT INTO sale_lines (store, source, invoice, ordinal, sold_at, sold_on, product_code, description, quantity, unit_price,"
    " amount_minor, currency, member, country, gift, line_kind, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
# Only what an earlier import said of a product is overwritten, and only by a newer receipt: the catalogue's word stands.
_INSERT_PRODUCT = (
    "INSERT INTO products (store, code, name, unit_price, currency, origin, priced_at) VALUES (?, ?, ?, ?, ?, 'sales', ?)"
    " ON CONFLICT (store, code) DO UPDATE SET name = excluded.name, unit_price = excluded.unit_price,"
    " priced_at = excluded.priced_at WHERE products.origin = 'sales' AND products.priced_at < excluded.priced_at"
)


class Entry(Struct, frozen=True):
    """A line to be stored. line: as the file has it; member: whose it is, or None; amount: rounded once."""

    line: SaleLine
    ordinal: int
    member: str | None
    amount: Money
    gift: bool = False


def content(line: SaleLine, member: str | None) -> Hashable:
    """What must be equal for two lines to be the same. The member, not the customer number: an erasure takes both out alike."""
    return (line.code, line.name, line.quantity, line.price, line.sold_at, member)


class SalesStore:
    """The sales of one store from one source (a till, a chain's back office), in one currency."""

    def __init__(self, store: str, source: str, currency: str, facts: Facts) -> None:
        self._store, self._source, self._currency, self._facts = store, source, currency, facts

    def stored(self, connection: sqlite3.Connection, invoice: str) -> list[Stored]:
        """The lines of this invoice, in their order."""
        rows = connection.execute(
            "SELECT ordinal, product_code, description, quantity, unit_price, sold_at, member FROM sale_lines"
            " WHERE store = ? AND source = ? AND invoice = ? ORDER BY ordinal",
            (self._store, self._source, invoice),
        )
        return [Stored(row[0], row[1], tuple(row)[1:]) for row in rows]

    def put(self, connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
        """Store these lines, the products they name, and a fact for HQ each."""
        connection.executemany(_INSERT_LINE, map(self._row, entries))
        connection.executemany(_INSERT_PRODUCT, self._products(entry.line for entry in entries if entry.line.kind == "sale"))
        self._facts.put_many(connection, map(self._fact, entries))

    def put_conflict(self, connection: sqlite3.Connection, line: SaleLine, *, member: str | None, file: str, copy: int) -> None:
        """Keep a line that contradicts what is stored. copy: counts equal ones of a file, so that a second import adds none."""
        digest = hashlib.sha256(repr(content(line, member)).encode()).hexdigest()
        connection.execute(
            "INSERT INTO sales_conflicts (store, source, invoice, content_hash, copy, member, row, file, line)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (self._store, self._source, line.invoice, digest, copy, member, as_row(line), file, line.line),
        )

    def _row(self, entry: Entry) -> tuple[object, ...]:
        line = entry.line
        return (
            *(self._store, self._source, line.invoice, entry.ordinal, line.sold_at, line.sold_on, line.code, line.name),
            *(line.quantity, line.price, entry.amount.minor, entry.amount.currency, entry.member),
            *(line.country if entry.member else None, int(entry.gift), line.kind, line.why),
        )

    def _products(self, lines: Iterable[SaleLine]) -> list[tuple[object, ...]]:
        newest: dict[str, SaleLine] = {}
        for line in lines:
            if line.name and (line.code not in newest or newest[line.code].sold_at < line.sold_at):
                newest[line.code] = line
        return [(self._store, line.code, line.name, line.price, self._currency, line.sold_at) for line in newest.values()]

    def _fact(self, entry: Entry) -> SaleBody:
        line = entry.line
        return SaleBody(
            source=self._source,
            invoice=line.invoice,
            ordinal=entry.ordinal,
            sold_at=datetime.fromisoformat(line.sold_at),
            product_code=line.code,
            description=line.name,
            quantity=line.quantity,
            unit_price=line.price,
            amount=entry.amount,
            member=entry.member,
            line_kind=line.kind,
        )


def as_row(line: SaleLine) -> str:
    """The line as a person reads it in a till's file."""
    return ",".join((line.invoice, line.code, line.name, str(line.quantity), line.sold_at, line.price, line.customer or ""))


class Customers:
    """Makes a member of each customer number of a source, once; after an erasure never again.

    demo_cards: give each also an NFC card whose id anybody can work out (edge.crm.demo_card); for demonstrations only. The
    attribute of that name then holds customer number -> card id.
    """

    def __init__(self, store: str, source: str, members: Members, ids: Ids, *, demo_cards: bool = False) -> None:
        self._store, self._source, self._members, self._ids = store, source, members, ids
        self._gives_demo_cards = demo_cards
        self.demo_cards: dict[str, str] = {}
        self._known: dict[str, str | None] = {}
        self._key: bytes | None = None
        self.made = 0

    def member(self, connection: sqlite3.Connection, customer: str | None, since: str) -> str | None:
        """The member of this customer number; None for no number and for somebody erased. since: ISO day, for a new member."""
        if customer is None:
            return None
        if customer not in self._known:
            self._known[customer] = self._find_or_make(connection, customer, since)
        return self._known[customer]

    def _find_or_make(self, connection: sqlite3.Connection, customer: str, since: str) -> str | None:
        hashed = self._hash(connection, customer)
        row = connection.execute(
            "SELECT member FROM sales_customers WHERE store = ? AND source = ? AND customer_hash = ?",
            (self._store, self._source, hashed),
        ).fetchone()
        member: str | None = row[0] if row is not None else self._make(connection, customer, hashed, since)
        if member is not None:
            self._give_cards(connection, customer, member)
        return member

    def _make(self, connection: sqlite3.Connection, customer: str, hashed: str, since: str) -> str:
        member = self._ids.token()
        self._members.put_member(connection, member, origin=f"{self._source}:{customer}", since=since)
        connection.execute(
            "INSERT INTO sales_customers (store, source, customer_hash, customer, member) VALUES (?, ?, ?, ?, ?)",
            (self._store, self._source, hashed, customer, member),
        )
        self.made += 1
        return member

    def _give_cards(self, connection: sqlite3.Connection, customer: str, member: str) -> None:
        """The customer number printed as a code, and typed; a card that is somebody's already is left alone."""
        cards = [canonical("code", customer), canonical("typed", customer)]
        if self._gives_demo_cards:
            self.demo_cards[customer] = canonical("nfc", demo_uid(customer))
            cards.append(self.demo_cards[customer])
        for card in cards:
            if find_card(connection, self._store, card) is None:
                self._members.put_card(connection, card, member)

    def _hash(self, connection: sqlite3.Connection, customer: str) -> str:
        """Keyed, so that the column gives no number away. The key lies in the same file: a hindrance, not a wall."""
        if self._key is None:
            self._key = self._read_key(connection)
        return hmac.digest(self._key, f"{self._source}\n{customer}".encode(), "sha256").hex()

    def _read_key(self, connection: sqlite3.Connection) -> bytes:
        connection.execute(
            "INSERT INTO memory_keys (store, name, value) VALUES (?, 'customers', ?) ON CONFLICT DO NOTHING",
            (self._store, self._ids.token(32)),
        )
        query = "SELECT value FROM memory_keys WHERE store = ? AND name = 'customers'"
        return bytes.fromhex(connection.execute(query, (self._store,)).fetchone()[0])
