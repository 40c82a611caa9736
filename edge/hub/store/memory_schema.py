"""Tables of the customer memory: catalogue, sales, projects, what was promised, noted and preferred.

`store` stands first in every key. Amounts are whole minor units, unit prices exact decimal text, times UTC with the day
by the store's clock beside them.
"""

from __future__ import annotations

from typing import Any

from edge.hub.store.schema import run_script
from edge.process.migrations import Migrations

MIGRATIONS = Migrations("hub.memory")

# What an erasure does to each table (edge.hub.store.memory.MemoryStore.forget).
ERASURE: dict[str, str] = {
    "products": "nothing: names no person",
    "product_links": "nothing: names no person",
    "sale_lines": "member and country are taken out; the line stays, so that the ledger keeps its totals",
    "sales_customers": "customer number and member are taken out; a keyed hash stays, so that no import brings them back",
    "sales_conflicts": "the member's rows are deleted",
    "projects": "the member's rows are deleted",
    "project_products": "the rows of the member's projects are deleted",
    "follow_ups": "the member's rows are deleted",
    "complaints": "the member's rows are deleted",
    "preferences": "the member's rows are deleted",
    "notes": "the member's rows are deleted",
    "pack_items": "nothing: opaque keys, so that a second load does not bring back what was taken out",
    "memory_keys": "nothing: names no person",
}

_CATALOGUE = """
CREATE TABLE products (
  store TEXT NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL, aisle TEXT, bay TEXT, stock INTEGER, unit_price TEXT,
  currency TEXT NOT NULL, category TEXT NOT NULL DEFAULT '', origin TEXT NOT NULL, priced_at TEXT,
  PRIMARY KEY (store, code)) STRICT;

CREATE TABLE product_links (
  store TEXT NOT NULL, code TEXT NOT NULL, goes_with TEXT NOT NULL, place INTEGER NOT NULL,
  PRIMARY KEY (store, code, goes_with)) STRICT
"""

_SALES = """
CREATE TABLE sale_lines (
  store TEXT NOT NULL, source TEXT NOT NULL, invoice TEXT NOT NULL, ordinal INTEGER NOT NULL CHECK (ordinal >= 1),
  sold_at TEXT NOT NULL, sold_on TEXT NOT NULL, product_code TEXT NOT NULL, description TEXT NOT NULL,
  quantity INTEGER NOT NULL, unit_price TEXT NOT NULL, amount_minor INTEGER NOT NULL, currency TEXT NOT NULL,
  member TEXT, country TEXT, gift INTEGER NOT NULL DEFAULT 0,
  line_kind TEXT NOT NULL CHECK (line_kind IN ('sale', 'credit', 'non_product', 'set_aside')), why TEXT,
  PRIMARY KEY (store, source, invoice, ordinal)) STRICT, WITHOUT ROWID;
CREATE INDEX sale_lines_by_member ON sale_lines (store, member, sold_at) WHERE member IS NOT NULL;
CREATE INDEX sale_lines_by_product ON sale_lines (store, product_code, sold_at) WHERE line_kind = 'sale';

CREATE TABLE sales_customers (
  store TEXT NOT NULL, source TEXT NOT NULL, customer_hash TEXT NOT NULL, customer TEXT, member TEXT,
  PRIMARY KEY (store, source, customer_hash)) STRICT;
CREATE INDEX sales_customers_by_member ON sales_customers (store, member) WHERE member IS NOT NULL;

CREATE TABLE sales_conflicts (
  store TEXT NOT NULL, source TEXT NOT NULL, invoice TEXT NOT NULL, content_hash TEXT NOT NULL, copy INTEGER NOT NULL,
  member TEXT, row TEXT NOT NULL, file TEXT NOT NULL, line INTEGER NOT NULL,
  PRIMARY KEY (store, source, invoice, content_hash, copy)) STRICT;

CREATE TABLE memory_keys (
  store TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (store, name)) STRICT
"""

_PEOPLE = """
CREATE TABLE projects (
  store TEXT NOT NULL, project_id TEXT NOT NULL, member TEXT NOT NULL, title TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('in_progress', 'waiting', 'done')), started_on TEXT NOT NULL, next_step TEXT,
  PRIMARY KEY (store, project_id)) STRICT;
CREATE INDEX projects_by_member ON projects (store, member);

CREATE TABLE project_products (
  store TEXT NOT NULL, project_id TEXT NOT NULL, code TEXT NOT NULL, place INTEGER NOT NULL,
  PRIMARY KEY (store, project_id, code)) STRICT;

CREATE TABLE follow_ups (
  store TEXT NOT NULL, follow_up_id TEXT NOT NULL, member TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('ask', 'promise')),
  text TEXT NOT NULL, due_on TEXT NOT NULL, done_on TEXT, PRIMARY KEY (store, follow_up_id)) STRICT;
CREATE INDEX follow_ups_by_member ON follow_ups (store, member);

CREATE TABLE complaints (
  store TEXT NOT NULL, complaint_id TEXT NOT NULL, member TEXT NOT NULL, text TEXT NOT NULL, opened_on TEXT NOT NULL,
  promised TEXT, closed_on TEXT, PRIMARY KEY (store, complaint_id)) STRICT;
CREATE INDEX complaints_by_member ON complaints (store, member);

CREATE TABLE preferences (
  store TEXT NOT NULL, preference_id TEXT NOT NULL, member TEXT NOT NULL, text TEXT NOT NULL, because TEXT NOT NULL,
  PRIMARY KEY (store, preference_id)) STRICT;
CREATE INDEX preferences_by_member ON preferences (store, member);

CREATE TABLE notes (
  store TEXT NOT NULL, note_id TEXT NOT NULL, visit_id TEXT, member TEXT, author TEXT NOT NULL, text TEXT NOT NULL,
  topic TEXT NOT NULL, went_well INTEGER, at TEXT NOT NULL, PRIMARY KEY (store, note_id)) STRICT;
CREATE INDEX notes_by_member ON notes (store, member) WHERE member IS NOT NULL;

CREATE TABLE pack_items (
  store TEXT NOT NULL, pack TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
  PRIMARY KEY (store, pack, kind, key)) STRICT
"""


@MIGRATIONS()
def m0001_catalogue(db: Any) -> None:
    """Products and what goes with them."""
    run_script(db, _CATALOGUE)


@MIGRATIONS()
def m0002_sales(db: Any) -> None:
    """Lines of receipts by (source, invoice, ordinal), and whose they are."""
    run_script(db, _SALES)


@MIGRATIONS()
def m0003_people(db: Any) -> None:
    """Projects, follow-ups, complaints, preferences, notes; and which items of a pack were loaded once."""
    run_script(db, _PEOPLE)


@MIGRATIONS()
def m0004_preferences_in_order(db: Any) -> None:
    """A member's preferences in their order, without walking through everybody's (see edge.hub.store.schema)."""
    db.execute("DROP INDEX preferences_by_member")
    db.execute("CREATE INDEX preferences_by_member ON preferences (store, member, preference_id)")
