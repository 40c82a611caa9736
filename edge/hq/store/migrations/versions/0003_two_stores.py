"""How good the clock of a proof was, and the taps of an alarm.

Revision: 0003
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text

from edge.hq.store.types import Json

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Of proofs filed before, nobody knows how good the clock was."""
    op.add_column("proofs", Column("clock", Text, nullable=False, server_default="free"))
    op.add_column("card_alarms", Column("taps", Json, nullable=False, server_default="[]"))
