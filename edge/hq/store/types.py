"""Column types that mean the same on SQLite and PostgreSQL. On SQLite they are TEXT and INTEGER, so tables can be STRICT."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, Dialect, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.types import TypeDecorator, TypeEngine

# 64 bits on both engines: INTEGER on SQLite, BIGINT on PostgreSQL.
Int = BigInteger().with_variant(Integer, "sqlite")
Flag = Boolean(create_constraint=False).with_variant(Integer, "sqlite")
_SORTABLE = "%Y-%m-%dT%H:%M:%S.%fZ"


class Moment(TypeDecorator[datetime]):
    """A point in time, UTC. timestamptz on PostgreSQL; on SQLite text of fixed width, so that its order is time's order."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TIMESTAMP(timezone=True) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        utc = value.astimezone(timezone.utc)
        # strftime does not pad years below 1000; isoformat does
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.strptime(value, _SORTABLE).replace(tzinfo=timezone.utc)
        return value.astimezone(timezone.utc)  # type: ignore[no-any-return]  # psycopg gives datetime


class Json(TypeDecorator[Any]):
    """A JSON value. jsonb on PostgreSQL, so analytics can look inside; text on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(JSONB() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if dialect.name == "postgresql" or value is None:
            return value
        return to_json(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return msgspec.json.decode(value) if isinstance(value, str) and dialect.name != "postgresql" else value


def to_json(value: Any) -> str:
    """JSON text; also given to the PostgreSQL engine as its serialiser."""
    return msgspec.json.encode(value).decode()
