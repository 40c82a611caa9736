"""What an erasure does to each table of the kiosk's file. A test fails for a table that is not named here."""

from __future__ import annotations

from typing import Final

ERASURE: Final[dict[str, str]] = {
    "directory": "The hub sends each card of the member as gone; the row is deleted with that page (within 60 s of contact).",
    "directory_state": "Holds a cursor and two keys, nothing of a person.",
    "visits": "Rows of the member are deleted with the page that removes their last card; every row goes after a day.",
    "outbox": "Rows leave with the hub's answer; the hub's tombstone wins over whatever arrives later (guarantee G15).",
    "numbers": "Holds a counter, nothing of a person.",
    "_sqlite_migrations": "Holds names of schema versions, nothing of a person.",
}
