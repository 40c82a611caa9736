"""The kiosk's records behind one door: an arrival and its message become durable together, or not at all."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from edge.contracts.arrival import Arrival
from edge.contracts.envelope import encode
from edge.outbox import box
from edge.outbox.box import Outbox
from edge.process.clock import Clock
from edge.process.sqlite_file import SqliteFile, opening
from kiosk.records.directory import Directory
from kiosk.records.numbers import Numbers
from kiosk.records.schema import MIGRATIONS
from kiosk.records.visits import Visit, Visits

FILE_NAME = "kiosk.db"


class OutboxFull(Exception):
    """As many arrivals wait for the hub as this kiosk may hold: the next one is refused, none is dropped (guarantee G4)."""


def key_of(arrival_id: str, rev: int) -> str:
    """The outbox key of one revision."""
    return f"{arrival_id}:{rev}"


class Book:
    """One file: directory, visits, outbox, numbers.

    outbox_max: arrivals that may wait for the hub, parked ones included.
    """

    def __init__(self, file: SqliteFile, store: str, kiosk: str, clock: Clock, outbox_max: int = 20_000) -> None:
        self._file, self._at, self._clock, self._outbox_max = file, (store, kiosk), clock, outbox_max
        self.directory = Directory(file, store, kiosk)
        self.visits = Visits(file, store, kiosk, clock)
        self.outbox = Outbox(file, store, clock)
        self.numbers = Numbers(file, store, kiosk, clock)

    def record(self, arrival: Arrival, monotonic: float) -> None:
        """A new arrival and its outbox row in one durable transaction. monotonic: seconds when the tap was, on this boot.

        Raises OutboxFull (nothing is stored) and sqlite3.Error (nothing is stored).
        """
        with self._file.write() as connection:
            if not self.outbox.has_room(connection, self._outbox_max):
                raise OutboxFull
            self.visits.keep(connection, arrival, self._clock.boot(), monotonic)
            self._put(connection, arrival, self._clock.boot(), monotonic)

    def revise(self, revisions: Sequence[tuple[Visit, Arrival]]) -> None:
        """Newer revisions in place of the older ones, which leave the outbox if they still wait: one row per arrival.

        So a revision needs no room of its own, and after "not today" no waiting row holds the member. Raises sqlite3.Error.
        """
        with self._file.write() as connection:
            for visit, newer in revisions:
                for rev in range(newer.rev):
                    self.outbox.remove(connection, key_of(newer.arrival_id, rev))
                self.visits.keep(connection, newer, visit.boot, visit.monotonic)
                self._put(connection, newer, visit.boot, visit.monotonic)

    def is_full(self) -> bool:
        """Whether the next new arrival would be refused."""
        with self._file.read() as connection:
            return not self.outbox.has_room(connection, self._outbox_max)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside becomes durable in one transaction, or not at all."""
        with self._file.write():
            yield

    def probe(self) -> None:
        """One durable write, to see whether the file works again. Raises sqlite3.Error while it does not."""
        with self._file.write() as connection:
            connection.execute("PRAGMA user_version = 1")  # always writes the first page, even if nothing changes

    def require_owner(self) -> None:
        """Raises OperatorError `store_in_use` where another process has this file."""
        self._file.require_owner()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _put(self, connection: sqlite3.Connection, arrival: Arrival, boot: str, monotonic: float) -> None:
        """The row's own time counts from here; `age_s` of the stored message is what had passed since the tap by now."""
        age = max(0.0, self._clock.monotonic() - monotonic) if boot == self._clock.boot() else None
        message = msgspec.structs.replace(arrival, age_s=age)
        self.outbox.put(connection, key_of(arrival.arrival_id, arrival.rev), encode(message))


def open_book(data_dir: Path, store: str, kiosk: str, clock: Clock, outbox_max: int = 20_000) -> Book:
    """Open the kiosk's file in `data_dir` and bring it to the newest version. Raises OperatorError when it cannot be trusted."""
    path = data_dir / FILE_NAME
    with opening(path):
        file = SqliteFile(path)
        MIGRATIONS.apply(file.writer)
        box.migrate(file)
    return Book(file, store, kiosk, clock, outbox_max)
