"""HQ's schema, step by step (Alembic). Run through edge.hq.store.schema; there is no ini file."""
