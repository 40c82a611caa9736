"""The oldest waiting facts. Plain sqlite3: an import leaves hundreds of thousands, and a batch needs five hundred of them."""

from __future__ import annotations

from edge.outbox.plan import Row
from edge.process.sqlite_file import SqliteFile

# Wide enough that held arrivals (some hundred at most) never hide what may already leave.
WINDOW_ROWS = 4000
_SELECT = (
    f"SELECT {', '.join(Row.__struct_fields__)} FROM outbox"  # noqa: S608 - names of our own columns
    " WHERE store = ? AND state = 'waiting' ORDER BY seq LIMIT ?"
)


class Window:
    """Looks at the outbox table of one store."""

    def __init__(self, file: SqliteFile, store: str) -> None:
        self._file, self._store = file, store

    def oldest(self, limit: int = WINDOW_ROWS) -> list[Row]:
        """The oldest waiting rows, in the order they were made."""
        with self._file.read() as connection:
            return [Row(*row) for row in connection.execute(_SELECT, (self._store, limit))]
