"""Many rows, or many values, in one statement: the one place where the two engines are told differently.

SQLite gets its rows one by one through a prepared statement, inside its own process. PostgreSQL is first asked, in one
statement for all tables, which keys are there; what is not goes in by COPY (edge.hq.store.copying), its fastest way, and what
is there is left alone or overwritten by a statement. The look decides nothing: COPY fails where another transaction was
faster, the whole transaction is then done again without COPY, and there each statement decides for itself (ON CONFLICT).

A statement gets all its rows as one JSON parameter that the server opens (json_to_recordset): it then has one plan, where a
list of VALUES has thousands of parameters that are counted, rewritten and planned anew each time.

Rows are written in the order given, all have the same columns, and none is there twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import zip_longest
from operator import itemgetter
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import (
    Column,
    ColumnClause,
    CompoundSelect,
    Connection,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSON, JSONB

from edge.hq.store import copying, direct
from edge.hq.store.types import Json, to_json

Row = Mapping[str, Any]
_VALUES = "many"


class Put(Struct):
    """Rows of one store for a table. newer: the column by which they overwrite what is there; None: what is there stays.

    there: the places of rows whose key has been seen in the table. None: nobody has looked.
    """

    table: Table
    rows: Sequence[Row]
    newer: str | None = None
    there: frozenset[int] | None = None


def look(connection: Connection, store: str, puts: Sequence[Put]) -> None:
    """Find out what is there already; all rows are of `store`. SQLite needs no look."""
    if not _is_postgres(connection) or not any(put.rows for put in puts):
        return
    asked = {f"keys_{place}": _keys_of(put) for place, put in enumerate(puts)}
    found = direct.run(connection, _look(tuple(put.table for put in puts)), {"of": store, **asked})
    for put, (_, there) in zip(puts, sorted(found), strict=True):
        put.there = frozenset(msgspec.json.decode(there))


def put(connection: Connection, puts: Sequence[Put]) -> None:
    """Write them one after the other; by COPY where it is known that nothing is there, and then perhaps raises direct.Overtaken.

    While the server copies one, the text of the next is made.
    """
    ready = _to_copy(puts[0])
    for what, following in zip_longest(puts, puts[1:]):
        with copying.copying(connection, ready):
            ready = _to_copy(following)
        if what.there is None:
            _put(connection, what, what.rows)
        elif what.newer:
            _put(connection, what, [what.rows[place] for place in sorted(what.there)])


@contextlib.contextmanager
def putting(connection: Connection, what: Put, key: Column[str]) -> Iterator[frozenset[str]]:
    """The same for one where what is there stays, `key` being the other column of the table's key. Gives the keys that were not
    there; while the block runs, which may ask the database nothing, the server may still be at it."""
    if what.there is not None:
        with copying.copying(connection, _to_copy(what)):
            yield frozenset(row[key.name] for row in _absent(what))
        return
    if not what.rows:
        yield frozenset()
        return
    statement = _put_new(connection.dialect.name, what.table, tuple(what.rows[0])).returning(key)
    yield frozenset(row[0] for row in _run(connection, statement, what.table, what.rows))


def put_newer(connection: Connection, table: Table, rows: Sequence[Row], newer: str | None = None) -> None:
    """Insert; where the key is taken, overwrite if column `newer` has risen, or in any case where `newer` is None."""
    if rows:
        statement = _put_newer(connection.dialect.name, table, tuple(rows[0]), newer)
        _run(connection, statement, table, rows)


def find(
    connection: Connection, store: str | None, key: Column[str], values: Iterable[str], *columns: Column[Any]
) -> Sequence[Any]:
    """`columns` of the rows of `store` (None: of every store) whose `key` is one of these values, however many they are."""
    wanted = sorted(set(values))
    if not wanted:
        return ()
    statement = _find(connection.dialect.name, key, columns, store is None)
    parameters = {_VALUES: to_json(wanted)} if store is None else {_VALUES: to_json(wanted), "of": store}
    return (
        direct.run(connection, statement, parameters)
        if _is_postgres(connection)
        else connection.execute(statement, parameters).all()
    )


def _to_copy(what: Put | None) -> copying.Written:
    return copying.Written() if what is None or what.there is None else copying.written(what.table, _absent(what))


def _absent(what: Put) -> Sequence[Row]:
    return [row for place, row in enumerate(what.rows) if place not in what.there] if what.there else what.rows


def _put(connection: Connection, what: Put, rows: Sequence[Row]) -> None:
    if what.newer:
        put_newer(connection, what.table, rows, what.newer)
    elif rows:
        _run(connection, _put_new(connection.dialect.name, what.table, tuple(rows[0])), what.table, rows)


def _is_postgres(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


@cache
def keys(table: Table) -> tuple[str, ...]:
    """The columns of the key that tell the rows of one store apart."""
    return tuple(key.name for key in table.primary_key if key.name != "store")


def _keys_of(put: Put) -> str:
    """JSON: of each row its key, or the list of its keys."""
    return to_json(list(map(itemgetter(*keys(put.table)), put.rows)))


@cache
def _look(tables: tuple[Table, ...]) -> CompoundSelect[Any]:
    """One row a table: its place, and as JSON the places of the keys that are there, counted from 0."""
    return union_all(*(_look_into(place, table) for place, table in enumerate(tables)))


def _look_into(place: int, table: Table) -> Select[Any]:
    names = keys(table)
    open_up = func.json_array_elements_text if len(names) == 1 else func.json_array_elements
    given = open_up(cast(bindparam(f"keys_{place}"), JSON)).table_valued(column("key", JSON), with_ordinality="place")
    asked = given.render_derived(name="asked")
    parts = [asked.c.key] if len(names) == 1 else [asked.c.key.op("->>")(_number(number)) for number in range(len(names))]
    same = [table.c[name] == cast(part, table.c[name].type) for name, part in zip(names, parts, strict=True)]
    # lateral: without statistics of the table the server would else walk through all the store has
    found = select(_number(1)).where(table.c.store == bindparam("of"), *same).limit(_number(1))
    places = cast(func.coalesce(func.json_agg(asked.c.place - _number(1)), literal_column("'[]'")), Text)
    return select(_number(place), places).select_from(asked.join(found.lateral("found"), true()))


def _number(value: int) -> ColumnClause[Any]:
    """A number that stands in the statement itself, and is not one of its parameters."""
    return literal_column(str(value))


@cache
def _find(engine: str, key: Column[str], columns: tuple[Column[Any], ...], everywhere: bool) -> Select[Any]:
    """Always the same statement."""
    mine = select(*columns) if everywhere else select(*columns).where(key.table.c.store == bindparam("of"))
    if engine != "postgresql":
        each = func.json_each(bindparam(_VALUES)).table_valued("value")
        return mine.where(key.in_(select(each.c.value)))
    opened = func.json_array_elements_text(cast(bindparam(_VALUES), JSON)).table_valued("key")
    asked = opened.render_derived(name="asked")
    # lateral for the same reason as above, and the offset keeps it so
    found = mine.where(key == asked.c.key).offset(_number(0)).lateral("found")
    return select(found).select_from(asked.join(found, true()))


@cache
def _put_new(engine: str, table: Table, names: tuple[str, ...]) -> Any:
    return _insert(engine, table, names).on_conflict_do_nothing()


@cache
def _put_newer(engine: str, table: Table, names: tuple[str, ...], newer: str | None) -> Any:
    statement = _insert(engine, table, names)
    keys = [key.name for key in table.primary_key]
    values = {name: statement.excluded[name] for name in names if name not in keys}
    where = None if newer is None else table.c[newer] < statement.excluded[newer]
    return statement.on_conflict_do_update(index_elements=keys, set_=values, where=where)


def _insert(engine: str, table: Table, names: tuple[str, ...]) -> Any:
    if engine == "postgresql":
        return postgresql.insert(table).from_select(names, _opened(table, names))
    return sqlite.insert(table)


def _opened(table: Table, names: tuple[str, ...]) -> Select[Any]:
    """The rows inside the JSON parameter. JSON columns travel as text, which the server reads once instead of twice."""
    shapes = [column(name, Text if isinstance(table.c[name].type, Json) else table.c[name].type) for name in names]
    rows = (
        func.json_to_recordset(cast(bindparam(_VALUES), JSON)).table_valued(*shapes).render_derived(name="given", with_types=True)
    )
    return select(*(cast(rows.c[name], JSONB) if isinstance(table.c[name].type, Json) else rows.c[name] for name in names))


def _run(connection: Connection, statement: Any, table: Table, rows: Sequence[Row]) -> Sequence[Any]:
    """Give the statement its rows; what it tells of them."""
    if not _is_postgres(connection):
        result = connection.execute(statement, rows)
        return result.all() if result.returns_rows else ()
    names = [name for name in rows[0] if isinstance(table.c[name].type, Json)]
    given = [{**row, **{name: to_json(row[name]) for name in names}} for row in rows] if names else rows
    return direct.run(connection, statement, {_VALUES: to_json(given)})
