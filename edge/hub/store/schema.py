"""Tables of the hub itself. `store` stands first in every key; times are kept as wall clock, boot and monotonic seconds."""

from __future__ import annotations

from typing import Any

from edge.process.migrations import Migrations

CORE = Migrations("hub.core")

_BASE = """
CREATE TABLE hub_state (
  store TEXT NOT NULL, key TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (store, key)) STRICT;

CREATE TABLE members (
  store TEXT NOT NULL, member TEXT NOT NULL, name TEXT, call_me TEXT, language TEXT,
  greeting TEXT NOT NULL CHECK (greeting IN ('name', 'nameless')), not_today INTEGER NOT NULL DEFAULT 0,
  own_associate TEXT, origin TEXT, rev INTEGER NOT NULL, since TEXT, erased INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (store, member)) STRICT;

CREATE TABLE tombstones (
  store TEXT NOT NULL, member TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (store, member)) STRICT;

CREATE TABLE cards (
  store TEXT NOT NULL, card_id TEXT NOT NULL, member TEXT,
  state TEXT NOT NULL CHECK (state IN ('active', 'blocked', 'gone')), seq INTEGER NOT NULL,
  PRIMARY KEY (store, card_id)) STRICT;
CREATE UNIQUE INDEX cards_by_seq ON cards (store, seq);
CREATE INDEX cards_by_member ON cards (store, member);

CREATE TABLE associates (
  store TEXT NOT NULL, associate TEXT NOT NULL, display_name TEXT NOT NULL, pin_hash TEXT NOT NULL,
  skills TEXT NOT NULL, languages TEXT NOT NULL, PRIMARY KEY (store, associate)) STRICT;

CREATE TABLE arrivals (
  store TEXT NOT NULL, arrival_id TEXT NOT NULL, rev INTEGER NOT NULL, kiosk TEXT NOT NULL, outcome TEXT NOT NULL,
  result TEXT NOT NULL, member TEXT, reason TEXT, language TEXT, assurance TEXT, visit_id TEXT,
  arrived_at TEXT NOT NULL, received_at TEXT NOT NULL, age_s REAL, clock TEXT NOT NULL, boot TEXT NOT NULL,
  seq INTEGER NOT NULL, test INTEGER NOT NULL, greeting BLOB) STRICT;
CREATE UNIQUE INDEX arrivals_once ON arrivals (store, arrival_id, rev);
CREATE INDEX arrivals_by_visit ON arrivals (store, visit_id);
CREATE INDEX arrivals_by_member ON arrivals (store, member);

CREATE TABLE visits (
  store TEXT NOT NULL, visit_id TEXT NOT NULL, rev INTEGER NOT NULL, kind TEXT NOT NULL, member TEXT, card_token TEXT,
  reason TEXT, language TEXT, assurance TEXT, door TEXT NOT NULL, test INTEGER NOT NULL, open INTEGER NOT NULL,
  started_at TEXT NOT NULL, last_at TEXT NOT NULL, last_boot TEXT NOT NULL, last_mono REAL NOT NULL,
  PRIMARY KEY (store, visit_id)) STRICT;
CREATE INDEX visits_by_member ON visits (store, member);
CREATE UNIQUE INDEX visits_one_open ON visits (store, member) WHERE open = 1 AND member IS NOT NULL;
CREATE INDEX visits_by_token ON visits (store, card_token) WHERE card_token IS NOT NULL;
CREATE INDEX visits_open ON visits (store) WHERE open = 1;

CREATE TABLE alerts (
  store TEXT NOT NULL, alert_id TEXT NOT NULL, rev INTEGER NOT NULL, published_rev INTEGER NOT NULL, visit_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'claimed', 'served', 'withdrawn', 'expired')),
  kind TEXT NOT NULL, door TEXT NOT NULL, arrived_at TEXT NOT NULL, reason TEXT, language TEXT, headline TEXT,
  own TEXT, claimed_by TEXT, escalated INTEGER NOT NULL,
  opened_at TEXT NOT NULL, opened_boot TEXT NOT NULL, opened_mono REAL NOT NULL,
  ended_at TEXT, ended_boot TEXT, ended_mono REAL,
  PRIMARY KEY (store, alert_id)) STRICT;
CREATE UNIQUE INDEX alerts_one_live ON alerts (store, visit_id) WHERE state IN ('open', 'claimed');
CREATE INDEX alerts_by_visit ON alerts (store, visit_id);
CREATE INDEX alerts_unpublished ON alerts (store, alert_id) WHERE published_rev < rev;

CREATE TABLE alert_recipients (
  store TEXT NOT NULL, alert_id TEXT NOT NULL, associate TEXT NOT NULL, why TEXT NOT NULL,
  PRIMARY KEY (store, alert_id, associate)) STRICT;

CREATE TABLE sessions (
  store TEXT NOT NULL, session_hash TEXT NOT NULL, associate TEXT NOT NULL, csrf TEXT NOT NULL, broker_username TEXT NOT NULL,
  made_at TEXT NOT NULL, made_boot TEXT NOT NULL, made_mono REAL NOT NULL,
  seen_at TEXT NOT NULL, seen_boot TEXT NOT NULL, seen_mono REAL NOT NULL,
  PRIMARY KEY (store, session_hash)) STRICT;
CREATE INDEX sessions_by_associate ON sessions (store, associate);

CREATE TABLE sign_in_tries (
  store TEXT NOT NULL, associate TEXT NOT NULL, failures INTEGER NOT NULL,
  last_at TEXT NOT NULL, last_boot TEXT NOT NULL, last_mono REAL NOT NULL, PRIMARY KEY (store, associate)) STRICT;

CREATE TABLE idempotency (
  store TEXT NOT NULL, associate TEXT NOT NULL, key TEXT NOT NULL, request_hash TEXT NOT NULL, visit_id TEXT,
  status INTEGER NOT NULL, body BLOB NOT NULL,
  made_at TEXT NOT NULL, made_boot TEXT NOT NULL, made_mono REAL NOT NULL,
  PRIMARY KEY (store, associate, key)) STRICT;
CREATE INDEX idempotency_by_visit ON idempotency (store, visit_id);

CREATE TABLE looks (
  store TEXT NOT NULL, look_id TEXT NOT NULL, visit_id TEXT NOT NULL, member TEXT, associate TEXT NOT NULL, at TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('claim', 'break_glass')), reason TEXT, PRIMARY KEY (store, look_id)) STRICT;
CREATE INDEX looks_by_member ON looks (store, member);

CREATE TABLE devices (
  store TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, online INTEGER NOT NULL, since TEXT NOT NULL,
  version TEXT NOT NULL, problems TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (store, kind, name)) STRICT;
"""

_ERASED_CARDS = """
CREATE TABLE withdrawn_tokens (
  store TEXT NOT NULL, token TEXT NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (store, token)) STRICT;
CREATE UNIQUE INDEX withdrawn_by_seq ON withdrawn_tokens (store, seq);
"""


# Without statistics SQLite walks an index that gives the order rather than one that finds the rows, and would look at every card
# of the store at each tap. tests/edge/hub/test_hot_paths.py looks at the plans.
_FOUND_QUICKLY = """
DROP INDEX cards_by_member;
CREATE INDEX cards_by_member ON cards (store, member, seq);
CREATE INDEX alerts_by_state ON alerts (store, state);
"""


# A caution is what an associate was told of a card in doubt; a proof is the verdict on it, so that a revision is not judged anew.
_PROOFS = """
ALTER TABLE cards ADD COLUMN provable INTEGER NOT NULL DEFAULT 0;
ALTER TABLE arrivals ADD COLUMN proof TEXT;
ALTER TABLE visits ADD COLUMN caution TEXT;
CREATE TABLE tags (
  store TEXT NOT NULL, tag TEXT NOT NULL, card_id TEXT, medium TEXT NOT NULL, version INTEGER NOT NULL,
  retired INTEGER NOT NULL, first_at TEXT NOT NULL, last_at TEXT NOT NULL, PRIMARY KEY (store, tag)) STRICT;
CREATE INDEX tags_by_card ON tags (store, card_id);
CREATE TABLE tag_taps (
  store TEXT NOT NULL, tag TEXT NOT NULL, counter INTEGER NOT NULL, arrival_id TEXT NOT NULL, kiosk TEXT NOT NULL,
  came_at TEXT NOT NULL, came_boot TEXT NOT NULL, came_mono REAL NOT NULL, PRIMARY KEY (store, tag, counter)) STRICT;
CREATE TABLE passes (
  store TEXT NOT NULL, handle TEXT NOT NULL, member TEXT NOT NULL, link_hash TEXT, phone_hash TEXT,
  made_at TEXT NOT NULL, made_boot TEXT NOT NULL, made_mono REAL NOT NULL, opened_at TEXT, PRIMARY KEY (store, handle)) STRICT;
CREATE INDEX passes_by_member ON passes (store, member);
CREATE UNIQUE INDEX passes_unopened ON passes (store, link_hash) WHERE link_hash IS NOT NULL;
CREATE UNIQUE INDEX passes_by_phone ON passes (store, phone_hash) WHERE phone_hash IS NOT NULL;
"""

# After a drained backlog or on a busy day thousands of visits are open; each second asks which of them are over.
_VISITS_OVERDUE = """
DROP INDEX visits_open;
CREATE INDEX visits_open ON visits (store, last_boot, last_mono) WHERE open = 1;
"""

# What HQ said of tags that two stores saw; a hub may hear of one that was never here.
_DOUBTS = """
CREATE TABLE doubted_tags (store TEXT NOT NULL, tag TEXT NOT NULL, since TEXT NOT NULL, PRIMARY KEY (store, tag)) STRICT;
"""


# What was used up under "not today" keeps its count and loses the rest. Without rowid: the order of rows would tell the time.
_NOTHING_OF_NOT_TODAY = """
CREATE TABLE tags_kept (
  store TEXT NOT NULL, tag TEXT NOT NULL, card_id TEXT, medium TEXT NOT NULL, version INTEGER NOT NULL,
  retired INTEGER NOT NULL, last_day TEXT, PRIMARY KEY (store, tag)) STRICT, WITHOUT ROWID;
INSERT INTO tags_kept SELECT store, tag, card_id, medium, version, retired, substr(last_at, 1, 10) FROM tags;
DROP TABLE tags;
ALTER TABLE tags_kept RENAME TO tags;
CREATE INDEX tags_by_card ON tags (store, card_id);
CREATE TABLE tag_taps_kept (
  store TEXT NOT NULL, tag TEXT NOT NULL, counter INTEGER NOT NULL, arrival_id TEXT, kiosk TEXT, place TEXT,
  came_at TEXT, came_boot TEXT, came_mono REAL, PRIMARY KEY (store, tag, counter)) STRICT, WITHOUT ROWID;
INSERT INTO tag_taps_kept SELECT store, tag, counter, arrival_id, kiosk, NULL, came_at, came_boot, came_mono FROM tag_taps;
DROP TABLE tag_taps;
ALTER TABLE tag_taps_kept RENAME TO tag_taps;
CREATE INDEX tag_taps_by_arrival ON tag_taps (store, arrival_id) WHERE arrival_id IS NOT NULL;
"""


@CORE()
def m0001_base(db: Any) -> None:
    """Members, cards, arrivals, visits, alerts, sessions and what keeps a repeated request from acting twice."""
    run_script(db, _BASE)


@CORE()
def m0002_withdrawn_tokens(db: Any) -> None:
    """An erased member's card ids go; the kiosks still have to hear which tokens to drop."""
    run_script(db, _ERASED_CARDS)


@CORE()
def m0003_found_quickly(db: Any) -> None:
    """Cards of a member, and live alerts, without walking through all there are."""
    run_script(db, _FOUND_QUICKLY)


@CORE()
def m0004_proofs(db: Any) -> None:
    """Counts of cards that prove themselves, verdicts, cautions, members' passes."""
    run_script(db, _PROOFS)


@CORE()
def m0005_overdue_visits(db: Any) -> None:
    """Which open visits are over, without walking through all of them."""
    run_script(db, _VISITS_OVERDUE)


@CORE()
def m0006_doubted_tags(db: Any) -> None:
    """Cards that two stores saw at once."""
    run_script(db, _DOUBTS)


@CORE()
def m0007_nothing_of_not_today(db: Any) -> None:
    """Counts that tell neither when nor for which arrival they were used up, and of a card only the day it was here last."""
    run_script(db, _NOTHING_OF_NOT_TODAY)


def run_script(db: Any, script: str) -> None:
    """Statements one by one: sqlite3's executescript would commit the migration's transaction."""
    for statement in script.split(";\n"):
        if statement.strip():
            db.execute(statement)
