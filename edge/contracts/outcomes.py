"""Stable codes: what was decided at the door, why a shopper came, how far a card is trusted, how an alert ended."""

from __future__ import annotations

from typing import Literal

# Decided at the kiosk (kiosk/visit/decide.py). Those in ARRIVAL_OUTCOMES are recorded and travel as arrivals.
Outcome = Literal[
    "welcome",  # a known member
    "repeat",  # the same member again within the repeat window: same visit, no new alert
    "stranger",  # a card nobody knows here; the hub may still recognise it from the evidence
    "guest",  # rang the screen's bell without a card
    "not_today",  # wants to be left alone: counted without a member, nobody alerted
    "blocked",  # a card reported lost or withdrawn
    "phone_uid",  # a phone's random NFC id: never an identity
    "unreadable",  # something was presented and could not be read
    "ambiguous",  # two cards at once
]
ARRIVAL_OUTCOMES: frozenset[str] = frozenset({"welcome", "repeat", "stranger", "guest", "not_today", "blocked"})
ArrivalOutcome = Literal["welcome", "repeat", "stranger", "guest", "not_today", "blocked"]

Reason = Literal["help", "pickup", "return", "appointment", "looking"]
REASONS: tuple[Reason, ...] = ("help", "pickup", "return", "appointment", "looking")

# Set by the hub alone.
Assurance = Literal["proven", "plain", "typed"]

# What an associate is told when a card could not show what it should: `unproven` (no proof, or a bad one, of a card that is
# known to have one), `clone` (a copy of a card's message was shown) and `two_doors` (the card was at two doors within seconds).
Caution = Literal["unproven", "clone", "two_doors"]

# `open` and `claimed` are on the way; the last three are the only ends of an alert.
AlertState = Literal["open", "claimed", "served", "withdrawn", "expired"]
ALERT_ENDS: frozenset[str] = frozenset({"served", "withdrawn", "expired"})

IngestResult = Literal["new", "revised", "duplicate", "refused"]
FactResult = Literal["new", "duplicate", "refused"]
