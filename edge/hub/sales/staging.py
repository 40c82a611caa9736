"""Puts the lines of one file beside each other by invoice, however large the file: an invoice's lines need not be neighbours.

A private scratch database of SQLite's (no name: in memory while small, on disk when large, gone when closed).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from types import TracebackType

import msgspec

from edge.hub.sales.lines import SaleLine

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(SaleLine)
_AT_ONCE = 1000


class Staging:
    """Use as a context manager: `add` lines, then walk `invoices()` once."""

    def __init__(self) -> None:
        self._scratch = sqlite3.connect("", isolation_level=None)
        self._scratch.execute("PRAGMA journal_mode=OFF")
        self._scratch.execute("CREATE TABLE lines (invoice TEXT NOT NULL, place INTEGER NOT NULL, line BLOB NOT NULL) STRICT")
        self._waiting: list[tuple[str, int, bytes]] = []

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._scratch.close()

    def add(self, line: SaleLine) -> None:
        """Take one line; its number in the file gives the order within the invoice."""
        self._waiting.append((line.invoice, line.line, _ENCODER.encode(line)))
        if len(self._waiting) >= _AT_ONCE:
            self._flush()

    def invoices(self) -> Iterator[list[SaleLine]]:
        """The lines of each invoice in the file's order; one invoice at a time is in memory."""
        self._flush()
        rows = self._scratch.execute("SELECT invoice, line FROM lines ORDER BY invoice, place")
        for _, group in groupby(rows, key=lambda row: row[0]):
            yield [_DECODER.decode(line) for _, line in group]

    def _flush(self) -> None:
        self._scratch.executemany("INSERT INTO lines VALUES (?, ?, ?)", self._waiting)
        self._waiting.clear()
