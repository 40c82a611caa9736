"""Proofs of cards from all stores, and the alarms they ring.

Revision: 0002
"""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint, Text, column, insert, table

from edge.hq.store.types import Flag, Int, Json, Moment

revision = "0002"
down_revision = "0001"


def _must(name: str, kind: Any = Text) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _may(name: str, kind: Any = Text) -> Column[Any]:
    return Column(name, kind, nullable=True)


def upgrade() -> None:
    """Two tables, and the row that writers of them wait at."""
    op.create_table(
        "proofs",
        _must("store"),
        _must("proof_id"),
        _must("medium"),
        _must("tag"),
        _must("counter", Int),
        _must("door"),
        _must("came_at", Moment),
        _must("accepted", Flag),
        _may("alarm"),
        PrimaryKeyConstraint("store", "proof_id"),
        sqlite_strict=True,
    )
    op.create_index("ix_proofs_tag_counter", "proofs", ["tag", "counter"])
    op.create_table(
        "card_alarms",
        _must("store"),
        _must("alarm_id"),
        _must("kind"),
        _must("medium"),
        _must("counter", Int),
        _must("door"),
        _must("stores", Json),
        _must("first_at", Moment),
        _must("last_at", Moment),
        _must("times", Int),
        _may("closed_at", Moment),
        PrimaryKeyConstraint("store", "alarm_id"),
        sqlite_strict=True,
    )
    op.create_index("ix_card_alarms_last_at", "card_alarms", ["last_at"])
    counters = table("counters", column("store"), column("name"), column("value"))
    op.execute(insert(counters).values([{"store": "*", "name": "proofs", "value": 0}]))
