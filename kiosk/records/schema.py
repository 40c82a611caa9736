"""The tables of the kiosk's file and how they came to be. The outbox brings its own (edge.outbox.box)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.process.migrations import Migrations

if TYPE_CHECKING:
    from sqlite_utils import Database

MIGRATIONS = Migrations("kiosk")


@MIGRATIONS()
def m001_directory_and_visits(db: Database) -> None:
    """directory: WITHOUT ROWID, so that a look-up is one walk down one tree. visits.body: the arrival's newest revision."""
    db.execute(
        """
        CREATE TABLE directory (
            store TEXT NOT NULL,
            kiosk TEXT NOT NULL,
            token TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('active', 'blocked')),
            member TEXT,
            language TEXT,
            greeting TEXT NOT NULL CHECK (greeting IN ('name', 'nameless')),
            not_today INTEGER NOT NULL CHECK (not_today IN (0, 1)),
            PRIMARY KEY (store, kiosk, token)
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute(
        """
        CREATE TABLE directory_state (
            store TEXT NOT NULL,
            kiosk TEXT NOT NULL,
            cursor INTEGER NOT NULL,
            key TEXT NOT NULL,
            hub_key TEXT NOT NULL,
            PRIMARY KEY (store, kiosk)
        ) STRICT
        """
    )
    db.execute(
        """
        CREATE TABLE visits (
            store TEXT NOT NULL,
            kiosk TEXT NOT NULL,
            arrival_id TEXT NOT NULL,
            rev INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            member TEXT,
            made_at TEXT NOT NULL,
            made_boot TEXT NOT NULL,
            made_monotonic REAL NOT NULL,
            state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'answered', 'refused')),
            body BLOB NOT NULL,
            PRIMARY KEY (store, kiosk, arrival_id)
        ) STRICT
        """
    )


@MIGRATIONS()
def m002_visits_by_member(db: Database) -> None:
    """Found on every tap by member, and by a returning page of the directory."""
    db.execute("CREATE INDEX visits_by_member ON visits (store, kiosk, member) WHERE member IS NOT NULL")
    db.execute("CREATE INDEX directory_by_member ON directory (store, kiosk, member) WHERE member IS NOT NULL")


@MIGRATIONS()
def m003_numbers(db: Database) -> None:
    """The next free `seq` of each machine boot, reserved in blocks, so that numbers rise across restarts of the process."""
    db.execute(
        """
        CREATE TABLE numbers (
            store TEXT NOT NULL,
            kiosk TEXT NOT NULL,
            boot TEXT NOT NULL,
            next INTEGER NOT NULL,
            PRIMARY KEY (store, kiosk)
        ) STRICT
        """
    )
