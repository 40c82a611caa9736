"""Steps of a schema: sqlite-utils applies them; we only ask first whether there is anything to apply."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import sqlite_utils

from edge.process.migrations import Migrations


@pytest.fixture
def file() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        yield connection


def steps(*names: str, log: list[str] | None = None) -> Migrations:
    """A set whose steps each make the table of their name."""
    made = Migrations("test.set")
    for name in names:

        def step(db: Any, table: str = name) -> None:
            db.execute(f"CREATE TABLE {table} (x INTEGER) STRICT")
            (log if log is not None else []).append(table)

        step.__name__ = name
        made()(step)
    return made


def tables(file: sqlite3.Connection) -> set[str]:
    return {row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")} - {"_sqlite_migrations"}


def test_each_step_once_and_in_order(file: sqlite3.Connection) -> None:
    log: list[str] = []
    assert steps("one").pending(file) == ["one"]
    steps("one", log=log).apply(file)
    steps("one", "two", "three", log=log).apply(file)
    steps("one", "two", "three", log=log).apply(file)
    assert log == ["one", "two", "three"] and tables(file) == {"one", "two", "three"}
    assert steps("one", "two", "three").pending(file) == [] and steps("one").applied(file) == ["one", "two", "three"]


def test_steps_before_one(file: sqlite3.Connection) -> None:
    steps("one", "two", "three").apply(file, stop_before="two")
    assert tables(file) == {"one"} and steps("one", "two", "three").pending(file) == ["two", "three"]


def test_the_library_and_we_read_the_same_notes(file: sqlite3.Connection) -> None:
    """A file brought up by sqlite-utils alone, as every file before this module was, has nothing to apply."""
    library = sqlite_utils.Migrations("test.set")

    @library()
    def one(db: Any) -> None:
        db.execute("CREATE TABLE one (x INTEGER) STRICT")

    library.apply(sqlite_utils.Database(file))
    assert steps("one").pending(file) == []
    steps("one", "two").apply(file)
    assert [step.name for step in library.applied(sqlite_utils.Database(file))] == ["one", "two"]


def test_a_step_that_fails_leaves_nothing_and_stays_to_be_done(file: sqlite3.Connection) -> None:
    broken = steps("one")

    @broken()
    def two(db: Any) -> None:
        db.execute("CREATE TABLE two (x INTEGER) STRICT")
        raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        broken.apply(file)
    assert tables(file) == {"one"} and broken.pending(file) == ["two"]
