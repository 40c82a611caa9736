"""Long lists in pages: a page starts behind the last row of the one before, so it costs the same however far one goes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Column, Connection, Row, Select, literal, tuple_

from edge.hq.store.types import Moment

PAGE = 50


class Page(Struct, frozen=True):
    """rows: newest first. older: cursor of the next page, None on the last one."""

    rows: list[Any]
    older: str | None


class _Cursor(Struct, frozen=True, array_like=True):
    at: datetime
    store: str
    id: str


def newest_first(
    connection: Connection, wanted: Select[Any], order: Sequence[Column[Any]], before: str | None, size: int = PAGE
) -> Page:
    """One page of `wanted`. order: (time, store, id) columns that together are unique; before: cursor or None."""
    at, store, id_ = order
    cursor = _read(before)
    if cursor:
        behind = tuple_(literal(cursor.at, Moment), literal(cursor.store), literal(cursor.id))
        wanted = wanted.where(tuple_(at, store, id_) < behind)
    rows = connection.execute(wanted.order_by(at.desc(), store.desc(), id_.desc()).limit(size + 1)).all()
    return Page(list(rows[:size]), _cursor(rows[size - 1], order) if len(rows) > size else None)


def _cursor(row: Row[Any], order: Sequence[Column[Any]]) -> str:
    fields = [getattr(row, column.name) for column in order]
    return base64.urlsafe_b64encode(msgspec.json.encode(fields)).decode().rstrip("=")


def _read(text: str | None) -> _Cursor | None:
    """A cursor, or None for anything else: a mistyped address shows the first page."""
    if not text or len(text) > 400:
        return None
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=_Cursor)
    except (msgspec.DecodeError, binascii.Error, ValueError):
        return None
    return cursor if cursor.at.tzinfo else None
