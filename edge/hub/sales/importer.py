"""Imports sales files: read, judge, place, store, account. A transaction holds some 2,000 rows; what it committed stays.

Memory is bounded by the longest invoice and by the number of customers, not by the files.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from edge.contracts.money import Money, line_amount
from edge.hub.sales.invoices import Fate, Offered, place
from edge.hub.sales.judge import Rules
from edge.hub.sales.lines import Refused, SaleLine
from edge.hub.sales.read_file import FileUnread, read_rows, sales_files
from edge.hub.sales.rejects import Rejects
from edge.hub.sales.report import Report
from edge.hub.sales.staging import Staging
from edge.hub.store.memory_sales import Customers, Entry, SalesStore, as_row, content
from edge.process.sqlite_file import SqliteFile

BATCH_ROWS = 2000
# A batch changes some thousand pages of 4 KiB, more than the 2 MiB that SQLite keeps by itself; with room for them an import of
# 60 days took a third less system time (1.0 s for 1.5 s).
CACHE_KIB = 16 * 1024

# file: its name; files_done, files: how far; rows: read so far in all.
Progress = Callable[[str, int, int, int], None]


class _Placed(Struct, frozen=True):
    """A line, whose it is, and what becomes of it. content: what makes it equal to another."""

    line: SaleLine
    member: str | None
    content: Hashable
    amount: Money
    fate: Fate
    ordinal: int

    def entry(self) -> Entry:
        return Entry(self.line, self.ordinal, self.member, self.amount)


class SalesImport:
    """One import into one store. report: grows while files are taken, and is true after every batch.

    file: the hub's database. rules: the store's zone. rejects: where refused rows are written.
    """

    def __init__(
        self, file: SqliteFile, *, sales: SalesStore, customers: Customers, rules: Rules, report: Report, rejects: Rejects
    ) -> None:
        self._file, self._sales, self._customers = file, sales, customers
        self._rules, self.report, self._rejects = rules, report, rejects

    def run(self, paths: Sequence[Path], progress: Progress = lambda *_: None) -> Report:
        """Take every file; trouble with one never keeps the others out."""
        with self._file.write() as connection:
            connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        files, troubles = sales_files(list(paths))
        self.report.troubles += troubles
        for done, path in enumerate(files):
            for _ in self._take(path):
                progress(path.name, done, len(files), self.report.read.rows)
        progress("", len(files), len(files), self.report.read.rows)
        return self.report

    def _take(self, path: Path) -> Iterator[None]:
        """Take one file; yields after every batch."""
        self.report.begin(str(path))
        with Staging() as staging:
            try:
                for row in read_rows(path, self._rules):
                    if isinstance(row, Refused):
                        self._rejects.write(self.report.refuse(row), row.row)
                    else:
                        staging.add(row)
            except FileUnread as unread:
                self.report.troubles.append(unread.trouble(str(path)))
            for batch in batches(staging.invoices()):
                self._store_batch(batch, path.name)
                yield

    def _store_batch(self, batch: Sequence[Sequence[SaleLine]], file: str) -> None:
        """One transaction; the report counts it only once it is committed."""
        with self._file.write() as connection:
            placed = [self._place(connection, invoice) for invoice in batch]
            self._sales.put(connection, [one.entry() for invoice in placed for one in invoice if one.fate == "new"])
            for invoice in placed:
                self._keep_conflicts(connection, invoice, file)
        for invoice in placed:
            self._account(invoice)
        self.report.members_made = self._customers.made

    def _place(self, connection: sqlite3.Connection, lines: Sequence[SaleLine]) -> list[_Placed]:
        members = [self._customers.member(connection, line.customer, line.sold_on) for line in lines]
        offered = [Offered(line.code, content(line, member)) for line, member in zip(lines, members, strict=True)]
        places = place(self._sales.stored(connection, lines[0].invoice), offered)
        currency = self.report.currency
        return [
            _Placed(
                line, member, offer.content, line_amount(Decimal(line.price), line.quantity, currency), where.fate, where.ordinal
            )
            for line, member, offer, where in zip(lines, members, offered, places, strict=True)
        ]

    def _keep_conflicts(self, connection: sqlite3.Connection, placed: Sequence[_Placed], file: str) -> None:
        copies: Counter[Hashable] = Counter()
        for one in placed:
            if one.fate == "conflict":
                self._sales.put_conflict(connection, one.line, member=one.member, file=file, copy=copies[one.content])
                copies[one.content] += 1

    def _account(self, placed: Sequence[_Placed]) -> None:
        seen: set[Hashable] = set()
        for one in placed:
            if one.fate == "there":
                self.report.found(one.line)
            elif one.fate == "conflict":
                self._rejects.write(self.report.conflict(one.line), as_row(one.line))
            else:
                self.report.keep(one.line, one.amount)
                if one.content in seen:
                    self.report.note("equal_line")
                seen.add(one.content)


def batches(invoices: Iterable[list[SaleLine]]) -> Iterator[list[list[SaleLine]]]:
    """Whole invoices together, until they are some 2,000 lines: one commit costs more than a line."""
    batch: list[list[SaleLine]] = []
    rows = 0
    for invoice in invoices:
        batch.append(invoice)
        rows += len(invoice)
        if rows >= BATCH_ROWS:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch
