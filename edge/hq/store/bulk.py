"""Many rows, or many values, in one statement: the one place where the two engines are told differently.

SQLite gets its rows one by one through a prepared statement, inside its own process. PostgreSQL gets them all as one JSON
parameter that the server opens into rows (json_to_recordset): a statement for 500 rows then has one parameter and one plan,
where a list of VALUES has thousands of parameters that are counted, rewritten and planned anew each time.

Rows are written in the order given, all have the same columns, and none is there twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Select, Table, Text, bindparam, cast, column, func, literal_column, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSON, JSONB

from edge.hq.store.types import Json, Moment, to_json

Row = Mapping[str, Any]
_VALUES = "many"


def put_new(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert; where the key is taken, what is there stays."""
    if rows:
        statement = _put_new(connection.dialect.name, table, tuple(rows[0]))
        connection.execute(statement, _parameters(connection, table, rows))


def put_new_told(connection: Connection, table: Table, rows: Sequence[Row], key: Column[str]) -> frozenset[str]:
    """The same for rows of one store, `key` being the other column of the table's key; the keys that were not there."""
    if not rows:
        return frozenset()
    if _is_postgres(connection):
        rows = _unheard(connection, rows, key)
        if _copied(connection, table, rows):
            return frozenset(row[key.name] for row in rows)
    statement = _put_new(connection.dialect.name, table, tuple(rows[0])).returning(key)
    return frozenset(connection.execute(statement, _parameters(connection, table, rows)).scalars())


def put_newer(connection: Connection, table: Table, rows: Sequence[Row], newer: str | None = None) -> None:
    """Insert; where the key is taken, overwrite if column `newer` has risen, or in any case where `newer` is None."""
    if rows:
        statement = _put_newer(connection.dialect.name, table, tuple(rows[0]), newer)
        connection.execute(statement, _parameters(connection, table, rows))


def find(connection: Connection, store: str, key: Column[str], values: Iterable[str], *columns: Column[Any]) -> Sequence[Any]:
    """`columns` of the rows whose key is `store` and one of these values, however many they are: always the same statement."""
    wanted = sorted(set(values))
    if not wanted:
        return ()
    return connection.execute(_find(connection.dialect.name, key, columns), {"of": store, _VALUES: to_json(wanted)}).all()


def _is_postgres(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _unheard(connection: Connection, rows: Sequence[Row], key: Column[str]) -> list[Row]:
    """The rows whose key is not there. Only a look: who decides is the table's key, when they are written."""
    found = find(connection, rows[0]["store"], key, (row[key.name] for row in rows), key)
    there = {one[0] for one in found}
    return [row for row in rows if row[key.name] not in there]


def _copied(connection: Connection, table: Table, rows: Sequence[Row]) -> bool:
    """Write rows by COPY, PostgreSQL's fastest way in, which knows no ON CONFLICT. False, and nothing is done, if that fails.

    Another transaction may have been faster with one of the keys, or the server refuses a value: the caller then writes the
    rows by a statement, which passes over what is there and says in SQLAlchemy's words what is wrong.
    """
    if not rows:
        return True
    driver: Any = connection.connection.driver_connection
    try:
        # the look before has begun the transaction, so this one is a savepoint in it
        with driver.transaction(), driver.cursor().copy(_copy_sql(table, tuple(rows[0]))) as copy:
            texts = _as_text(table, tuple(rows[0]))
            for row in rows:
                values = list(row.values())
                for place, text in texts:
                    values[place] = text(values[place])
                copy.write_row(values)
    except driver.Error:
        return False
    return True


@cache
def _find(engine: str, key: Column[str], columns: tuple[Column[Any], ...]) -> Select[Any]:
    mine = select(*columns).where(key.table.c.store == bindparam("of"))
    if engine != "postgresql":
        each = func.json_each(bindparam(_VALUES)).table_valued("value")
        return mine.where(key.in_(select(each.c.value)))
    opened = func.json_array_elements_text(cast(bindparam(_VALUES), JSON)).table_valued("key")
    asked = opened.render_derived(name="asked")
    # lateral: while the server has no statistics of a table it would else walk through all the store has
    found = mine.where(key == asked.c.key).limit(literal_column("1")).lateral("found")
    return select(found).select_from(asked.join(found, true()))


@cache
def _copy_sql(table: Table, names: tuple[str, ...]) -> str:
    return f"COPY {table.name} ({', '.join(names)}) FROM STDIN"


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


@cache
def _as_text(table: Table, names: tuple[str, ...]) -> tuple[tuple[int, Callable[[Any], str | None]], ...]:
    """Places of values that are cheaper to write as text here than to have the driver find out how: (place, how)."""
    kinds = ((place, type(table.c[name].type)) for place, name in enumerate(names))
    return tuple((place, _TEXTS[kind]) for place, kind in kinds if kind in _TEXTS)


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


_TEXTS: dict[type, Callable[[Any], str | None]] = {Json: to_json, Moment: _moment}


def _parameters(connection: Connection, table: Table, rows: Sequence[Row]) -> Any:
    if not _is_postgres(connection):
        return rows
    names = [name for name in rows[0] if isinstance(table.c[name].type, Json)]
    return {_VALUES: to_json([{**row, **{name: to_json(row[name]) for name in names}} for row in rows] if names else rows)}
