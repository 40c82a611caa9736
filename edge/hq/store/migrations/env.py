"""Alembic runs this. The connection, with its transaction, comes from edge.hq.store.schema."""

from __future__ import annotations

from alembic import context

from edge.hq.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=False,  # the caller's transaction holds it all
)
context.run_migrations()
