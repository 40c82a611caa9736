"""What `shopbell hub keys list` and `retire` say: counts of cards by version, never a card and never a key."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta

from edge.hub.proof.ring import KeyRing, ProofKey, ProofMedium
from edge.hub.store import proofs

# A holder who was not here for so long is better asked in before the card's version is refused.
AWAY = timedelta(days=90)


_NO_STORE = "This hub has no store yet (it was never started here), so nothing is known of the cards."


def key_lines(connection: sqlite3.Connection | None, store: str, ring: KeyRing, today: date) -> list[str]:
    """One line for each version, and one for the cards that never showed a proof. connection: None where there is no store."""
    if not ring.keys:
        return ["No keys yet; 'keys make' makes the first one."]
    lines = ["medium  version  scheme   fingerprint   since       state                 cards  last seen"]
    for medium in _media(ring):
        used = [] if connection is None else proofs.use_of_versions(connection, store, medium)
        use = {one.version: one for one in used}
        for key in ring.of(medium):
            known = use.get(key.version)
            seen = f"{known.tags:>6,}  {known.last_day or 'not kept'}" if known else f"{0:>6}  never"
            lines.append(f"{_named(key)} {_state(key, today):<21} {seen}")
        if connection is not None:
            never = proofs.not_seen(connection, store, medium)
            lines.append(f"{never:,} registered {medium} cards have not shown a proof here yet.")
    return lines if connection is not None else [*lines, _NO_STORE]


def retirement_lines(
    connection: sqlite3.Connection | None, store: str, medium: ProofMedium, version: int, today: date, *, undo: bool = False
) -> list[str]:
    """Whom it concerns when this version is refused, or, with `undo`, is not refused after all."""
    if connection is None:
        return [_NO_STORE]
    use = {one.version: one for one in proofs.use_of_versions(connection, store, medium)}
    known = use.get(version)
    away = proofs.not_seen_since(connection, store, medium, version, today - AWAY)
    fate = "go on to hold" if undo else "will be refused"
    return [
        f"{known.tags if known else 0:,} cards are known to hold {medium} version {version}; their proofs {fate}.",
        f"{away:,} of them were last here more than {AWAY.days} days ago.",
        f"{proofs.not_seen(connection, store, medium):,} registered cards have not shown a proof here yet."
        " Which version they hold is not known.",
    ]


def _media(ring: KeyRing) -> list[ProofMedium]:
    media: tuple[ProofMedium, ...] = ("nfc", "code")
    return [medium for medium in media if ring.of(medium)]


def _named(key: ProofKey) -> str:
    since = key.made_on.isoformat() if key.made_on else "unknown"
    return f"{key.medium:<7} {key.version:>7}  {key.scheme:<8} {key.fingerprint}  {since:<11}"


def _state(key: ProofKey, today: date) -> str:
    if key.retires_on is None:
        return f"{key.origin}, in use"
    return f"until {key.retires_on.isoformat()}" if key.is_usable(today) else f"retired {key.retires_on.isoformat()}"
