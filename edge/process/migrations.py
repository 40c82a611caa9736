"""How the tables of a SQLite file came to be: steps that sqlite-utils applies, each once and in order.

A start that finds nothing to apply, as nearly every start does, does not load sqlite-utils: beside NumPy (OpenCV brings it)
that alone takes as long as all else a kiosk loads.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

Step = Callable[["Database"], None]
# Where sqlite-utils writes down what it applied (sqlite_utils.Migrations.migrations_table).
_APPLIED = "_sqlite_migrations"


class Migrations:
    """One named set of steps; several sets may share a file. A step is a function under `@SET()`, named for ever."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._steps: list[Step] = []

    def __call__(self) -> Callable[[Step], Step]:
        """Register the decorated function as the next step."""

        def register(step: Step) -> Step:
            self._steps.append(step)
            return step

        return register

    def applied(self, connection: sqlite3.Connection) -> list[str]:
        """Names of the steps of this set that the file has seen, in order."""
        made = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (_APPLIED,)).fetchone()
        if made is None:
            return []
        asked = f"SELECT name FROM {_APPLIED} WHERE migration_set = ? ORDER BY rowid"  # noqa: S608 - our own name
        rows = connection.execute(asked, (self.name,))
        return [row[0] for row in rows]

    def pending(self, connection: sqlite3.Connection) -> list[str]:
        """Names of the steps this file has not seen yet, in order. Reads only."""
        applied = set(self.applied(connection))
        return [step.__name__ for step in self._steps if step.__name__ not in applied]

    def apply(self, connection: sqlite3.Connection, *, stop_before: str | None = None) -> None:
        """Apply what is pending, each step in a transaction of its own; with `stop_before` only the steps before that one."""
        if not self.pending(connection):
            return
        import sqlite_utils  # only now: see above

        library = sqlite_utils.Migrations(self.name)
        for step in self._steps:
            library()(step)
        library.apply(sqlite_utils.Database(connection), stop_before=stop_before)
