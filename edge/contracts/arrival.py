"""The arrival: the fact that a card was accepted at a door, or that a guest rang. Kiosk to hub."""

from __future__ import annotations

from typing import Annotated

import msgspec

from edge.contracts.envelope import ARRIVAL_MAX_BYTES, Envelope, Id, Reader
from edge.contracts.errors import ContractError
from edge.contracts.outcomes import ArrivalOutcome, Reason

Token = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$(?!\n)", description="keyed hash of a card, hex")]


class Arrival(Envelope, kw_only=True, frozen=True, omit_defaults=True, tag="arrival"):
    """One arrival, or a later revision of it (reason chosen, not today).

    arrival_id: UUIDv7 made at the kiosk; `(arrival_id, rev)` is unique at the hub.
    member: the member reference the kiosk's directory gave, or None.
    card_token: keyed hash of the card (edge.contracts.card_token), or None for a guest and for `not_today`.
    evidence: base64 of what only the hub may read (edge.contracts.sealed), or None.
    language: chosen on the screen or the member's own, BCP 47.
    """

    arrival_id: Id
    rev: Annotated[int, msgspec.Meta(ge=0, le=1000)]
    outcome: ArrivalOutcome
    member: Id | None = None
    card_token: Token | None = None
    reason: Reason | None = None
    evidence: Annotated[str, msgspec.Meta(max_length=1200)] | None = None
    language: Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$(?!\n)")] | None = None


_READER = Reader(Arrival, ARRIVAL_MAX_BYTES)


def read_arrival(payload: bytes) -> Arrival:
    """Bytes from the broker to an Arrival, or ContractError."""
    message = _READER.read(payload)
    if message.outcome in ("guest", "not_today") and (message.member or message.card_token or message.evidence):
        raise ContractError(
            "identity_not_allowed", "a message of kind arrival", f"An arrival with outcome {message.outcome} names nobody."
        )
    return message
