"""The customer memory of one store: reads what is known about a member, writes notes, forgets.

Plain sqlite3: the headline is composed in the path of a tap, and every statement joins the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date, datetime

from edge.associates import card
from edge.contracts.http import ClientCard
from edge.crm import headline as headline_rules
from edge.crm.material import Material, NoteTopic
from edge.hub.store import memory_reads
from edge.process.sqlite_file import SqliteFile

# In each of these the member's rows go with an erasure (memory_schema.ERASURE).
_DELETED_WITH_MEMBER = ("sales_conflicts", "follow_ups", "complaints", "preferences", "notes", "projects")


class MemoryStore:
    """The memory of one store in `file`, whose migrations (memory_schema.MIGRATIONS) have been applied."""

    def __init__(self, file: SqliteFile, store: str) -> None:
        self._file, self._store = file, store

    def client_card(
        self, member: str | None, *, visit_id: str, who: str | None, reason: str | None, assurance: str | None, today: date
    ) -> ClientCard:
        """What matters about this member now; for a guest, a stranger or somebody unknown a card that guesses nothing.

        who: how to call them, as far as the member allows. today: the day by the store's clock.
        """
        with self._file.read() as connection:
            material = None if member is None else memory_reads.material(connection, self._store, member)
        if material is None:
            return card.compose_unknown(visit_id=visit_id, who=who, reason=reason, assurance=assurance)
        return card.compose(material, visit_id=visit_id, who=who, reason=reason, assurance=assurance, today=today)

    def headline(self, member: str, reason: str | None, today: date) -> str | None:
        """One tactful line for the alert, at most 160 characters; None where there is nothing to say."""
        with self._file.read() as connection:
            material = memory_reads.material(connection, self._store, member, with_companions=False)
        return None if material is None else headline_rules.headline(material, reason, today)

    def material(self, member: str) -> Material | None:
        """Everything remembered about this member, or None if nobody is known by that reference."""
        with self._file.read() as connection:
            return memory_reads.material(connection, self._store, member)

    def add_note(
        self,
        connection: sqlite3.Connection,
        *,
        note_id: str,
        visit_id: str | None,
        member: str | None,
        author: str,
        text: str,
        topic: NoteTopic,
        went_well: bool | None,
        at: datetime,
    ) -> bool:
        """Keep a note in the caller's transaction; False if that note_id is there already.

        A note on how it went answers the follow-up question that has been due longest.
        """
        cursor = connection.execute(
            "INSERT INTO notes (store, note_id, visit_id, member, author, text, topic, went_well, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (self._store, note_id, visit_id, member, author, text, topic, went_well, at.isoformat()),
        )
        if cursor.rowcount == 1 and topic == "how_it_went" and member is not None:
            self._answer_oldest_question(connection, member, at.date())
        return cursor.rowcount == 1

    def close_complaint(self, connection: sqlite3.Connection, complaint_id: str, on: date) -> bool:
        """The complaint is settled; False if it is unknown or was closed before."""
        query = "UPDATE complaints SET closed_on = ? WHERE store = ? AND complaint_id = ? AND closed_on IS NULL"
        return connection.execute(query, (on.isoformat(), self._store, complaint_id)).rowcount == 1

    def forget(self, connection: sqlite3.Connection, member: str) -> None:
        """Do to every table of the memory what memory_schema.ERASURE says, in the caller's transaction."""
        key = (self._store, member)
        connection.execute(
            "DELETE FROM project_products WHERE store = ? AND project_id IN"
            " (SELECT project_id FROM projects WHERE store = ? AND member = ?)",
            (self._store, *key),
        )
        for table in _DELETED_WITH_MEMBER:
            connection.execute(f"DELETE FROM {table} WHERE store = ? AND member = ?", key)  # noqa: S608 - names of our own tables
        self._unlink(connection, ("sale_lines", "sales_customers"), ("country", "customer"), key)

    def _unlink(
        self, connection: sqlite3.Connection, tables: Iterable[str], columns: Iterable[str], key: tuple[str, str]
    ) -> None:
        for table, column in zip(tables, columns, strict=True):
            query = f"UPDATE {table} SET member = NULL, {column} = NULL WHERE store = ? AND member = ?"  # noqa: S608 - our own names
            connection.execute(query, key)

    def _answer_oldest_question(self, connection: sqlite3.Connection, member: str, on: date) -> None:
        connection.execute(
            "UPDATE follow_ups SET done_on = ? WHERE store = ? AND follow_up_id = (SELECT follow_up_id FROM follow_ups"
            " WHERE store = ? AND member = ? AND kind = 'ask' AND done_on IS NULL AND due_on <= ?"
            " ORDER BY due_on, follow_up_id LIMIT 1)",
            (on.isoformat(), self._store, self._store, member, on.isoformat()),
        )
