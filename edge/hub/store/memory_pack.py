"""Loads a store pack: each item once. What was loaded before is left as the store has it now, even where it is gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import islice

from msgspec import Struct

from edge.contracts.money import line_amount
from edge.hub.sales.judge import Rules, kind_of, plain
from edge.hub.sales.lines import SaleLine
from edge.hub.sales.local_time import read_time
from edge.hub.store.members import is_erased
from edge.hub.store.memory_sales import Entry, SalesStore
from edge.hub.store.opening import HubStore
from edge.hub.store_pack import PackAssociate, PackLine, PackMember, PackProduct, PackReceipt, StorePack

_RECEIPTS_AT_ONCE = 500


class Loaded(Struct):
    """What a load added; a second load of the same pack adds nothing."""

    associates: int = 0
    products: int = 0
    members: int = 0
    cards: int = 0
    projects: int = 0
    receipts: int = 0


class PackLoader:
    """Loads one pack into one store. hash_pin: turns a PIN into what the hub keeps. rules: the store's time zone."""

    def __init__(self, hub: HubStore, pack: StorePack, rules: Rules, hash_pin: Callable[[str], str]) -> None:
        self._hub, self._pack, self._rules, self._hash_pin = hub, pack, rules, hash_pin
        self._sales = SalesStore(hub.store, pack.pack, pack.currency, hub.facts)
        self._names = {product.code: product.name for product in pack.products}
        self.loaded = Loaded()

    def load(self) -> Loaded:
        """Load everything that was not loaded before. Interrupted, it goes on where it was when started again."""
        with self._hub.file.write() as connection:
            for person in self._pack.associates:
                self._associate(connection, person)
            for product in self._pack.products:
                self._product(connection, product)
        with self._hub.file.write() as connection:
            for member in self._pack.members:
                self._member(connection, member)
        receipts = iter(self._pack.receipts)
        while batch := list(islice(receipts, _RECEIPTS_AT_ONCE)):
            with self._hub.file.write() as connection:
                self._receipts(connection, batch)
        return self.loaded

    def _first_time(self, connection: sqlite3.Connection, kind: str, key: str) -> bool:
        cursor = connection.execute(
            "INSERT INTO pack_items (store, pack, kind, key) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (self._hub.store, self._pack.pack, kind, key),
        )
        return cursor.rowcount == 1

    def _associate(self, connection: sqlite3.Connection, person: PackAssociate) -> None:
        if not self._first_time(connection, "associate", person.associate):
            return
        self._hub.members.put_associate(
            connection,
            person.associate,
            display_name=person.display_name,
            pin_hash=self._hash_pin(person.pin),
            skills=person.skills,
            languages=person.languages,
        )
        self.loaded.associates += 1

    def _product(self, connection: sqlite3.Connection, product: PackProduct) -> None:
        if not self._first_time(connection, "product", product.code):
            return
        connection.execute(
            "INSERT INTO products (store, code, name, aisle, bay, stock, unit_price, currency, category, origin)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'pack') ON CONFLICT DO NOTHING",
            (
                *(self._hub.store, product.code, product.name, product.aisle, product.bay, product.stock),
                *(plain(Decimal(product.price)), self._pack.currency, product.category),
            ),
        )
        connection.executemany(
            "INSERT INTO product_links (store, code, goes_with, place) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [(self._hub.store, product.code, code, place) for place, code in enumerate(product.goes_with)],
        )
        self.loaded.products += 1

    def _member(self, connection: sqlite3.Connection, member: PackMember) -> None:
        if is_erased(connection, self._hub.store, member.member):
            return
        if self._first_time(connection, "member", member.member):
            self._put_member(connection, member)
        for number, card in enumerate(member.cards):
            # not the card id: this table outlives an erasure
            if self._first_time(connection, "card", f"{member.member}/{number}"):
                self.loaded.cards += self._hub.members.put_card(
                    connection, card.card_id, member.member, card.state, provable=card.provable or None
                )
        self._preferences(connection, member)
        self._projects(connection, member)
        self._promises(connection, member)

    def _put_member(self, connection: sqlite3.Connection, member: PackMember) -> None:
        self.loaded.members += self._hub.members.put_member(
            connection,
            member.member,
            name=member.name,
            call_me=member.call_me,
            language=member.language,
            greeting=member.greeting,
            not_today=member.not_today,
            own_associate=member.own_associate,
            origin=f"pack:{self._pack.pack}",
            since=None if member.since is None else member.since.isoformat(),
        )

    def _preferences(self, connection: sqlite3.Connection, member: PackMember) -> None:
        for number, preference in enumerate(member.preferences):
            key = f"{member.member}/{number}"
            if self._first_time(connection, "preference", key):
                self._insert(connection, "preferences", (key, member.member, preference.text, preference.because))

    def _projects(self, connection: sqlite3.Connection, member: PackMember) -> None:
        for project in member.projects:
            if self._first_time(connection, "project", project.project_id):
                begun = project.started_on.isoformat()
                values = (project.project_id, member.member, project.title, project.state, begun, project.next_step)
                self._insert(connection, "projects", values)
                for place, code in enumerate(dict.fromkeys(project.products)):
                    self._insert(connection, "project_products", (project.project_id, code, place))
                self.loaded.projects += 1

    def _promises(self, connection: sqlite3.Connection, member: PackMember) -> None:
        for follow_up in member.follow_ups:
            if self._first_time(connection, "follow_up", follow_up.follow_up_id):
                due = follow_up.due_on.isoformat()
                asked = (follow_up.follow_up_id, member.member, follow_up.kind, follow_up.text, due, None)
                self._insert(connection, "follow_ups", asked)
        for complaint in member.complaints:
            if self._first_time(connection, "complaint", complaint.complaint_id):
                opened = complaint.opened_on.isoformat()
                values = (complaint.complaint_id, member.member, complaint.text, opened, complaint.promised, None)
                self._insert(connection, "complaints", values)

    def _insert(self, connection: sqlite3.Connection, table: str, values: Sequence[str | int | None]) -> None:
        marks = ", ".join("?" * (len(values) + 1))
        query = f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - names of our own tables
        connection.execute(query, (self._hub.store, *values))

    def _receipts(self, connection: sqlite3.Connection, receipts: Iterable[PackReceipt]) -> None:
        new = [receipt for receipt in receipts if self._first_time(connection, "receipt", receipt.receipt)]
        self._sales.put(connection, [entry for receipt in new for entry in self._entries(connection, receipt)])
        self.loaded.receipts += len(new)

    def _entries(self, connection: sqlite3.Connection, receipt: PackReceipt) -> list[Entry]:
        utc, sold_on, _ = read_time(receipt.sold_at, self._rules.zone)
        erased = receipt.member is not None and is_erased(connection, self._hub.store, receipt.member)
        member = None if erased else receipt.member
        return [
            self._entry(receipt, line, ordinal, utc.isoformat(), sold_on, member) for ordinal, line in enumerate(receipt.lines, 1)
        ]

    def _entry(self, receipt: PackReceipt, line: PackLine, ordinal: int, sold_at: str, sold_on: str, member: str | None) -> Entry:
        price = Decimal(line.price)
        kind, why = kind_of(receipt.receipt, line.product, line.quantity, price)
        sale = SaleLine(
            invoice=receipt.receipt,
            line=ordinal,
            code=line.product,
            name=self._names[line.product],
            quantity=line.quantity,
            price=plain(price),
            sold_at=sold_at,
            sold_on=sold_on,
            customer=None,
            country=None,
            kind=kind,
            why=why,
        )
        return Entry(sale, ordinal, member, line_amount(price, line.quantity, self._pack.currency), receipt.gift)
