"""The alert: what an associate receives for an arrival. Hub to associate, each change a newer revision."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Struct

from edge.contracts.envelope import Envelope, Id, Instant, Reader
from edge.contracts.names import Name
from edge.contracts.outcomes import AlertState, Assurance, Caution, Reason


class Who(Struct, frozen=True, omit_defaults=True):
    """The shopper as far as the alerted associate may know. `name` is None for strangers, guests and the nameless.

    caution: the card could not show that it is the member's own; then there is no name and no headline.
    """

    kind: Literal["member", "stranger", "guest"]
    name: str | None = None
    assurance: Assurance | None = None
    caution: Caution | None = None


class Alert(Envelope, kw_only=True, frozen=True, omit_defaults=True, tag="alert"):
    """One revision of one alert, complete in itself: a receiver keeps the highest `rev` it has seen.

    door: the kiosk at which the shopper stands.
    why_you: the routing rule that chose this associate: own, reason, language, everybody.
    claimed_by, claimed_by_name: the one associate who took it.
    headline: one line readable at arm's length. Both are emptied when the alert is withdrawn.
    """

    alert_id: Id
    rev: Annotated[int, msgspec.Meta(ge=0)]
    visit_id: Id
    state: AlertState
    who: Who
    door: Name
    arrived_at: Instant
    reason: Reason | None = None
    language: str | None = None
    why_you: Literal["own", "reason", "language", "everybody"] | None = None
    claimed_by: Name | None = None
    claimed_by_name: str | None = None
    headline: Annotated[str, msgspec.Meta(max_length=160)] | None = None


_READER = Reader(Alert)


def read_alert(payload: bytes) -> Alert:
    """Bytes from the broker to an Alert, or ContractError."""
    return _READER.read(payload)
