"""There is something to fetch: the content comes over HTTP with a cursor."""

from __future__ import annotations

from typing import Literal

from edge.contracts.envelope import Envelope, Reader


class News(Envelope, kw_only=True, frozen=True, omit_defaults=True, tag="news"):
    """cursor: the newest there is; a reader that already has it does nothing."""

    what: Literal["directory", "configuration"]
    cursor: int


_READER = Reader(News)


def read_news(payload: bytes) -> News:
    """Bytes from the broker to News, or ContractError."""
    return _READER.read(payload)
