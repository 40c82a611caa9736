"""Rows into PostgreSQL by COPY: its fastest way in, which knows no ON CONFLICT.

Text is made by the column, not by the value: a batch of facts is some ten thousand values.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Table, Text

from edge.hq.store import direct
from edge.hq.store.types import Json

_NOTHING = r"\N"
_JSON = msgspec.json.Encoder()
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


class Written(Struct, frozen=True):
    """Rows as COPY reads them. text: of all of them; empty where there is none."""

    statement: str = ""
    text: bytes = b""


def written(table: Table, rows: Sequence[Mapping[str, Any]]) -> Written:
    """Rows of one table, ready to be copied."""
    return Written(_statement(table, tuple(rows[0])), copy_text(table, rows).encode()) if rows else Written()


@contextlib.contextmanager
def copying(connection: Connection, what: Written) -> Iterator[None]:
    """Write rows whose keys are not there, while the block runs; raises direct.Overtaken where one is."""
    if not what.text:
        yield
        return
    with direct.copying(connection, what.statement, what.text):
        yield


def copy_text(table: Table, rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as COPY reads them: a line each, values between tabs."""
    columns = zip(*(row.values() for row in rows), strict=True)
    texts = [to_text(column) for to_text, column in zip(_to_texts(table, tuple(rows[0])), columns, strict=True)]
    return "\n".join(map("\t".join, zip(*texts, strict=True))) + "\n"


def _plain(values: Sequence[str | None]) -> Sequence[str]:
    texts = [_NOTHING if value is None else value for value in values]
    whole = "".join(filter(None, values))
    if "\\" in whole or "\n" in whole or "\r" in whole or "\t" in whole:
        return [_NOTHING if value is None else value.translate(_ESCAPES) for value in values]
    return texts


def _json(values: Sequence[Any]) -> list[str]:
    """JSON has no line ends and no tabs of its own."""
    return _JSON.encode_lines(values).decode().replace("\\", r"\\").split("\n")[:-1]


def _written(values: Sequence[Any]) -> list[str]:
    """Numbers, truth values and moments, as JSON writes them."""
    return _JSON.encode_lines(values).decode().replace('"', "").replace("null", _NOTHING).split("\n")[:-1]


@cache
def _to_texts(table: Table, names: tuple[str, ...]) -> tuple[Callable[[Sequence[Any]], Sequence[str]], ...]:
    return tuple(_to_text(table.c[name].type) for name in names)


def _to_text(kind: object) -> Callable[[Sequence[Any]], Sequence[str]]:
    return _plain if isinstance(kind, Text) else _json if isinstance(kind, Json) else _written


@cache
def _statement(table: Table, names: tuple[str, ...]) -> str:
    return f"COPY {table.name} ({', '.join(names)}) FROM STDIN"
