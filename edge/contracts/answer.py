"""The hub's answer to arrivals: sent after its commit, and the only thing that empties a kiosk's outbox."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Struct

from edge.contracts.envelope import Envelope, Id, Reader
from edge.contracts.outcomes import ArrivalOutcome, Assurance, IngestResult

ANSWER_MAX_RESULTS = 50


class Greeting(Struct, frozen=True, omit_defaults=True):
    """What the hub adds to the nameless welcome on the screen.

    outcome: the hub's view, which may know a card the kiosk's directory did not hold.
    name: how the member wants to be called; None unless the member asked to be greeted by name.
    """

    outcome: ArrivalOutcome
    name: Annotated[str, msgspec.Meta(max_length=80)] | None = None
    language: str | None = None
    assurance: Assurance | None = None
    member: Id | None = None


class ArrivalResult(Struct, frozen=True, omit_defaults=True):
    """What became of one `(arrival_id, rev)`. The same pair is answered again with the same result.

    result: new and revised were committed; duplicate was committed before; refused will never be (see code, hint).
    """

    arrival_id: Id
    rev: int
    result: IngestResult
    code: str | None = None
    hint: str | None = None
    greeting: Greeting | None = None


class Answer(Envelope, kw_only=True, frozen=True, omit_defaults=True, tag="answer"):
    """Up to 50 results in one message."""

    results: Annotated[list[ArrivalResult], msgspec.Meta(max_length=ANSWER_MAX_RESULTS)]


_READER = Reader(Answer)


def read_answer(payload: bytes) -> Answer:
    """Bytes from the broker to an Answer, or ContractError."""
    return _READER.read(payload)
