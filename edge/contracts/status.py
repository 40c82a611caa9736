"""Alive, since when, version, what is wrong: retained, and left as last will. No personal data."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from edge.contracts.envelope import Envelope, Instant, Reader


class Problem(Struct, frozen=True):
    """code: stable; hint: what IT should do."""

    code: str
    hint: str


class Status(Envelope, kw_only=True, frozen=True, omit_defaults=True, tag="status"):
    """online is False in the last will and on a clean goodbye."""

    online: bool
    since: Instant
    version: str
    problems: list[Problem] = msgspec.field(default_factory=list)


_READER = Reader(Status)


def read_status(payload: bytes) -> Status:
    """Bytes from the broker to a Status, or ContractError."""
    return _READER.read(payload)
