"""HQ's tables. `store` stands in every key, so that they can be partitioned or distributed by it (DESIGN section 8).

What concerns no single store carries the store EVERYWHERE, which is no valid name and so meets no real one.
What an erasure does to each table is declared in edge.hq.store.erasure.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, MetaData, Table, Text, UniqueConstraint

from edge.hq.store.types import Flag, Int, Json, Moment

EVERYWHERE = "*"
METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _table(name: str, *columns: Any) -> Table:
    return Table(name, METADATA, *columns, sqlite_strict=True)


def _key(name: str, kind: Any = Text) -> Column[Any]:
    return Column(name, kind, primary_key=True, nullable=False)


def _must(name: str, kind: Any = Text) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _may(name: str, kind: Any = Text) -> Column[Any]:
    return Column(name, kind, nullable=True)


# Append-only. The primary key is what makes a fact count once. member, visit: whom and which visit the body is about.
facts = _table(
    "facts",
    _key("store"),
    _key("id"),
    _must("kind"),
    _must("at", Moment),
    _must("received_at", Moment),
    _may("member"),
    _may("visit"),
    _must("test", Flag),
    _must("body", Json),
    Index(None, "member"),
    Index(None, "store", "visit"),
)

arrivals = _table(
    "arrivals",
    _key("store"),
    _key("arrival_id"),
    _must("rev", Int),
    _may("visit_id"),
    _must("door"),
    _must("outcome"),
    _must("arrived_at", Moment),
    _may("member"),
    _may("reason"),
    _may("assurance"),
    Index(None, "arrived_at"),
    Index(None, "store", "visit_id"),
    Index(None, "member"),
)

visits = _table(
    "visits",
    _key("store"),
    _key("visit_id"),
    _must("rev", Int),
    _must("started_at", Moment),
    _must("last_arrival_at", Moment),
    _may("member"),
    _may("reason"),
    Index(None, "started_at"),
    Index(None, "member"),
)

notes = _table(
    "notes",
    _key("store"),
    _key("note_id"),
    _must("at", Moment),
    _may("visit_id"),
    _may("member"),
    _must("author"),
    _must("topic"),
    _must("text"),
    Index(None, "at"),
    Index(None, "member"),
    Index(None, "store", "visit_id"),
)

alert_ends = _table(
    "alert_ends",
    _key("store"),
    _key("alert_id"),
    _must("visit_id"),
    _must("at", Moment),
    _must("end_state"),
    Index(None, "at"),
    Index(None, "store", "visit_id"),
)

# amount_minor: exact minor units of `currency`; unit_price: decimal text in major units.
sales = _table(
    "sales",
    _key("store"),
    _key("source"),
    _key("invoice"),
    _key("ordinal", Int),
    _must("sold_at", Moment),
    _must("product_code"),
    _must("description"),
    _must("quantity", Int),
    _must("unit_price"),
    _must("amount_minor", Int),
    _must("currency"),
    _must("line_kind"),
    _may("member"),
    Index(None, "member"),
    Index(None, "sold_at"),
)

# One row per store that knows the member: what that store was last told or told us. rev: of that store's last fact.
members = _table(
    "members",
    _key("store"),
    _key("member"),
    _must("rev", Int),
    _may("name"),
    _may("language"),
    _must("greeting"),
    _may("origin"),
    _must("changed_at", Moment),
    Index(None, "member"),
    Index(None, "changed_at"),
)

devices = _table(
    "devices",
    _key("store"),
    _key("device_kind"),
    _key("name"),
    _must("online", Flag),
    _must("since", Moment),
    _must("version"),
    _must("problems", Json),
    _must("at", Moment),
)

# Proofs of cards and codes, as stores judged them. tag: a keyed hash whose key HQ does not have; names nobody.
proofs = _table(
    "proofs",
    _key("store"),
    _key("proof_id"),
    _must("medium"),
    _must("tag"),
    _must("counter", Int),
    _must("door"),
    _must("came_at", Moment),
    _must("accepted", Flag),
    _may("alarm"),
    _must("clock"),
    Index(None, "tag", "counter"),
)

# store: who rang, or EVERYWHERE for what only HQ can see. alarm_id: tag and kind, so that ringing again is the same row.
# taps: the two that cannot be one card (store, door, counter, at, timed), where two stores saw it.
card_alarms = _table(
    "card_alarms",
    _key("store"),
    _key("alarm_id"),
    _must("kind"),
    _must("medium"),
    _must("counter", Int),
    _must("door"),
    _must("stores", Json),
    _must("first_at", Moment),
    _must("last_at", Moment),
    _must("times", Int),
    _may("closed_at", Moment),
    _must("taps", Json),
    Index(None, "last_at"),
)

# When a store's hub was last heard: a device said to be alive by a hub that has gone silent is not known to be alive.
contacts = _table("contacts", _key("store"), _must("heard_at", Moment))

# store: whom it is for, or EVERYWHERE. seq rises in the order of commits (edge.hq.store.feed).
feed = _table(
    "feed",
    _key("store"),
    _key("seq", Int),
    _must("kind"),
    _must("body", Json),
    _must("member"),
    _must("at", Moment),
    UniqueConstraint("seq"),
    Index(None, "member"),
)

# Rows that are locked: ("*", "feed") holds the highest seq given out, ("*", "erasure") is the gate between filing and erasing,
# ("*", "proofs") the place where stores that bring proofs wait for each other.
counters = _table("counters", _key("store"), _key("name"), _must("value", Int))

# Refused items, to be tried again. digest: of the raw bytes, so the same item sent again is the same row.
parked = _table(
    "parked",
    _key("store"),
    _key("digest"),
    _may("id"),
    _must("code"),
    _must("hint"),
    _must("raw"),
    _must("cut", Flag),
    _must("tries", Int),
    _must("parked_at", Moment),
    _must("tried_at", Moment),
    Index(None, "parked_at"),
)

tombstones = _table("tombstones", _key("store"), _key("member"), _must("asked_by"), _must("at", Moment), Index(None, "member"))

# Console sessions live here, not in a process: several web processes may stand before one database (DESIGN section 8).
sessions = _table(
    "sessions",
    _key("store"),
    _key("digest"),
    _must("username"),
    _must("csrf"),
    _must("started_at", Moment),
    _must("seen_at", Moment),
)

sign_in_tries = _table("sign_in_tries", _key("store"), _key("address"), _must("tries", Int), _must("last_at", Moment))
