"""Brings a database to this version's schema. Safe to run by several processes at once, and again."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from edge.hq.store.database import Database
from edge.process.errors import OperatorError

# Any number, as long as it is always the same: one process migrates, the others wait and then find nothing to do.
_MIGRATION_LOCK = 0x53484F50


def migrate(database: Database, revision: str = "head") -> str:
    """Apply what is missing, in one transaction; the revision now in place. OperatorError `schema_newer`, never half a schema."""
    with database.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        config = _config()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, revision)
        except CommandError:
            raise OperatorError(
                "schema_newer",
                "bringing the HQ database to this version",
                "It was made by a newer Shopbell: start that version again, or restore the backup made before it.",
            ) from None
        return current(connection) or ""


def current(connection: Connection) -> str | None:
    """The revision in place, None in an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The revision this version of the code wants."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "edge.hq.store:migrations")
    config.set_main_option("path_separator", "os")
    return config
