"""The first schema of HQ.

Revision: 0001
"""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint, Text, UniqueConstraint, column, insert, table

from edge.hq.store.types import Flag, Int, Json, Moment

revision = "0001"
down_revision = None


def _table(name: str, *columns: Any) -> None:
    op.create_table(name, *columns, sqlite_strict=True)


def _must(name: str, kind: Any = Text) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _may(name: str, kind: Any = Text) -> Column[Any]:
    return Column(name, kind, nullable=True)


def upgrade() -> None:
    """Create every table."""
    _facts()
    _arrivals()
    _visits()
    _notes()
    _alert_ends()
    _sales()
    _members()
    _devices()
    _contacts()
    _feed()
    _counters()
    _parked()
    _tombstones()
    _sessions()
    _sign_in_tries()


def _facts() -> None:
    _table(
        "facts",
        _must("store"),
        _must("id"),
        _must("kind"),
        _must("at", Moment),
        _must("received_at", Moment),
        _may("member"),
        _may("visit"),
        _must("test", Flag),
        _must("body", Json),
        PrimaryKeyConstraint("store", "id"),
    )
    op.create_index("ix_facts_member", "facts", ["member"])
    op.create_index("ix_facts_store_visit", "facts", ["store", "visit"])


def _arrivals() -> None:
    _table(
        "arrivals",
        _must("store"),
        _must("arrival_id"),
        _must("rev", Int),
        _may("visit_id"),
        _must("door"),
        _must("outcome"),
        _must("arrived_at", Moment),
        _may("member"),
        _may("reason"),
        _may("assurance"),
        PrimaryKeyConstraint("store", "arrival_id"),
    )
    op.create_index("ix_arrivals_arrived_at", "arrivals", ["arrived_at"])
    op.create_index("ix_arrivals_member", "arrivals", ["member"])
    op.create_index("ix_arrivals_store_visit_id", "arrivals", ["store", "visit_id"])


def _visits() -> None:
    _table(
        "visits",
        _must("store"),
        _must("visit_id"),
        _must("rev", Int),
        _must("started_at", Moment),
        _must("last_arrival_at", Moment),
        _may("member"),
        _may("reason"),
        PrimaryKeyConstraint("store", "visit_id"),
    )
    op.create_index("ix_visits_member", "visits", ["member"])
    op.create_index("ix_visits_started_at", "visits", ["started_at"])


def _notes() -> None:
    _table(
        "notes",
        _must("store"),
        _must("note_id"),
        _must("at", Moment),
        _may("visit_id"),
        _may("member"),
        _must("author"),
        _must("topic"),
        _must("text"),
        PrimaryKeyConstraint("store", "note_id"),
    )
    op.create_index("ix_notes_at", "notes", ["at"])
    op.create_index("ix_notes_member", "notes", ["member"])
    op.create_index("ix_notes_store_visit_id", "notes", ["store", "visit_id"])


def _alert_ends() -> None:
    _table(
        "alert_ends",
        _must("store"),
        _must("alert_id"),
        _must("visit_id"),
        _must("at", Moment),
        _must("end_state"),
        PrimaryKeyConstraint("store", "alert_id"),
    )
    op.create_index("ix_alert_ends_at", "alert_ends", ["at"])
    op.create_index("ix_alert_ends_store_visit_id", "alert_ends", ["store", "visit_id"])


def _sales() -> None:
    _table(
        "sales",
        _must("store"),
        _must("source"),
        _must("invoice"),
        _must("ordinal", Int),
        _must("sold_at", Moment),
        _must("product_code"),
        _must("description"),
        _must("quantity", Int),
        _must("unit_price"),
        _must("amount_minor", Int),
        _must("currency"),
        _must("line_kind"),
        _may("member"),
        PrimaryKeyConstraint("store", "source", "invoice", "ordinal"),
    )
    op.create_index("ix_sales_member", "sales", ["member"])
    op.create_index("ix_sales_sold_at", "sales", ["sold_at"])


def _members() -> None:
    _table(
        "members",
        _must("store"),
        _must("member"),
        _must("rev", Int),
        _may("name"),
        _may("language"),
        _must("greeting"),
        _may("origin"),
        _must("changed_at", Moment),
        PrimaryKeyConstraint("store", "member"),
    )
    op.create_index("ix_members_changed_at", "members", ["changed_at"])
    op.create_index("ix_members_member", "members", ["member"])


def _devices() -> None:
    _table(
        "devices",
        _must("store"),
        _must("device_kind"),
        _must("name"),
        _must("online", Flag),
        _must("since", Moment),
        _must("version"),
        _must("problems", Json),
        _must("at", Moment),
        PrimaryKeyConstraint("store", "device_kind", "name"),
    )


def _contacts() -> None:
    _table(
        "contacts",
        _must("store"),
        _must("heard_at", Moment),
        PrimaryKeyConstraint("store"),
    )


def _feed() -> None:
    _table(
        "feed",
        _must("store"),
        _must("seq", Int),
        _must("kind"),
        _must("body", Json),
        _must("member"),
        _must("at", Moment),
        PrimaryKeyConstraint("store", "seq"),
        UniqueConstraint("seq"),
    )
    op.create_index("ix_feed_member", "feed", ["member"])


def _counters() -> None:
    _table(
        "counters",
        _must("store"),
        _must("name"),
        _must("value", Int),
        PrimaryKeyConstraint("store", "name"),
    )
    counters = table("counters", column("store"), column("name"), column("value"))
    rows = [{"store": "*", "name": name, "value": 0} for name in ("feed", "erasure")]
    op.execute(insert(counters).values(rows))


def _parked() -> None:
    _table(
        "parked",
        _must("store"),
        _must("digest"),
        _may("id"),
        _must("code"),
        _must("hint"),
        _must("raw"),
        _must("cut", Flag),
        _must("tries", Int),
        _must("parked_at", Moment),
        _must("tried_at", Moment),
        PrimaryKeyConstraint("store", "digest"),
    )
    op.create_index("ix_parked_parked_at", "parked", ["parked_at"])


def _tombstones() -> None:
    _table(
        "tombstones",
        _must("store"),
        _must("member"),
        _must("asked_by"),
        _must("at", Moment),
        PrimaryKeyConstraint("store", "member"),
    )
    op.create_index("ix_tombstones_member", "tombstones", ["member"])


def _sessions() -> None:
    _table(
        "sessions",
        _must("store"),
        _must("digest"),
        _must("username"),
        _must("csrf"),
        _must("started_at", Moment),
        _must("seen_at", Moment),
        PrimaryKeyConstraint("store", "digest"),
    )


def _sign_in_tries() -> None:
    _table(
        "sign_in_tries",
        _must("store"),
        _must("address"),
        _must("tries", Int),
        _must("last_at", Moment),
        PrimaryKeyConstraint("store", "address"),
    )
