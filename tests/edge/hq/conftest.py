"""One contract over two engines: `database` runs a test on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.hq.store.database import Database, open_database
from edge.hq.store.schema import migrate
from edge.process.clock import ManualClock
from tests.support.needs import needs
from tests.support.postgres import Cluster, cluster

ENGINES = [pytest.param("sqlite", id="sqlite"), pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """One server per test process (xdist workers have their own, so they cannot meet)."""
    with cluster(Path(needs("postgres"))) as running:
        yield running


@pytest.fixture(scope="session")
def migrated(postgres: Cluster) -> str:
    """Name of a PostgreSQL database with the whole schema and nothing in it, to be copied."""
    url = postgres.new_database()
    database = open_database(url)
    migrate(database)
    database.close()
    return url.rpartition("/")[2]


@pytest.fixture(params=ENGINES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hq.db'}"
    running: Cluster = request.getfixturevalue("postgres")
    return running.new_database()


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database with the schema (on PostgreSQL) or about to get it (SQLite)."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hq.db'}"
    running: Cluster = request.getfixturevalue("postgres")
    return running.new_database(request.getfixturevalue("migrated"))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """An open database with the newest schema."""
    opened = open_database(url)
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    """For what does not depend on the engine."""
    opened = open_database(f"sqlite:///{tmp_path / 'hq.db'}")
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> ManualClock:
    """Stands still until told."""
    return ManualClock()


@pytest.fixture
def postgres_only(postgres: Cluster, migrated: str) -> Iterator[Database]:
    """For what only PostgreSQL can do."""
    opened = open_database(postgres.new_database(migrated))
    yield opened
    opened.close()
