"""Members at HQ: who they are, and a person's changes to them."""

from __future__ import annotations

from datetime import datetime

from edge.contracts.feed import MemberChange
from edge.hq.members import MemberRow, edited
from edge.hq.store import feed, gate
from edge.hq.store.database import Database
from edge.hq.store.projections import member_rows, write_members


def find(database: Database, member: str) -> list[MemberRow]:
    """The member's row at every store that knows them; empty when nobody does."""
    with database.read() as connection:
        return member_rows(connection, [member])


def edit(database: Database, change: MemberChange, at: datetime) -> list[MemberRow]:
    """Change a member and tell every store that knows them, in one transaction. Empty when nobody knows the member."""
    with database.write() as connection:
        gate.enter(connection, alone=False)
        feed.lock(connection)
        outcome = edited(member_rows(connection, [change.member]), change, at)
        write_members(connection, outcome.rows)
        feed.append(connection, outcome.feed, at)
    return outcome.rows
