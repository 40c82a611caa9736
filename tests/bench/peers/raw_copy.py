"""The floor under HQ's ingest: COPY of prebuilt text, one commit for each 500 facts. It judges nothing."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg import sql

from tests.bench.parts_hq import Template

# What a batch becomes at HQ: the facts as they came, and the rows that the console and the feed read.
TABLES = ("facts", "arrivals", "visits", "notes", "alert_ends", "sales")


class RawCopy:
    """address: libpq URL of a database with HQ's schema. indexes: HQ's own, or a primary key alone."""

    def __init__(self, address: str, tables: Sequence[str], *, indexes: bool) -> None:
        self._connection, self._tables = psycopg.connect(address), tables
        self._prefix = "like_hq_" if indexes else "bare_"
        for table in tables:
            kind = sql.SQL("INCLUDING ALL" if indexes else "")
            name, like = self.name(table), sql.Identifier(table)
            self._connection.execute(sql.SQL("CREATE TABLE {} (LIKE {} {})").format(name, like, kind))
        if not indexes:
            self._connection.execute(sql.SQL("ALTER TABLE {} ADD PRIMARY KEY (store, id)").format(self.name("facts")))
        self._connection.commit()

    def name(self, table: str) -> sql.Identifier:
        """The peer's own table for the rows that HQ keeps in `table`."""
        return sql.Identifier(self._prefix + table)

    def take(self, texts: dict[str, bytes]) -> None:
        """One batch: COPY text by table, then a durable commit."""
        for table in self._tables:
            with self._connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(self.name(table))) as copy:
                copy.write(texts[table])
        self._connection.commit()

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def with_rows(address: str, template: Template) -> Template:
    """The template with the COPY text of its rows, as they stand at HQ after it was received there; HQ's tables are emptied."""
    with psycopg.connect(address) as connection:
        rows = {table: _copied_out(connection, table) for table in TABLES}
        every = sql.SQL(", ").join(map(sql.Identifier, (*TABLES, "members", "devices")))
        connection.execute(sql.SQL("TRUNCATE {}").format(every))
    return Template(template.facts, rows)


def _copied_out(connection: psycopg.Connection, table: str) -> bytes:
    with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
        return b"".join(bytes(part) for part in copy)
