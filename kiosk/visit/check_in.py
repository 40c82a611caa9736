"""Pure. One tap: recognise, decide, greet, and the arrival to record. The short function that DESIGN section 2 names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from edge.contracts.arrival import Arrival
from edge.contracts.directory import DirectoryEntry
from edge.contracts.envelope import VERSION
from edge.contracts.outcomes import ArrivalOutcome, Reason
from edge.contracts.sealed import Evidence, seal
from kiosk.visit.decide import GUEST, Decision, Policy, Recent, decide
from kiosk.visit.greeting import guest_words, words_for
from kiosk.visit.moment import Moment
from kiosk.visit.phrases import spoken
from kiosk.visit.recognise import Identity, Presented, recognise
from kiosk.visit.words import CodesAt, Words

EVIDENCE_MAX = 1200  # characters, edge.contracts.arrival
MAX_REV = 20  # far more presses than a person makes; a stuck button must not fill the outbox


@dataclass(frozen=True, slots=True)
class Door:
    """What stays the same from tap to tap. language: of the store. hub_key: 32 raw bytes, None until the hub was reached once.

    codes_at: the scanner or camera that works here just now.
    """

    store: str
    kiosk: str
    language: str = "en"
    policy: Policy = field(default_factory=Policy)
    hub_key: bytes | None = None
    codes_at: CodesAt = ""


@dataclass(frozen=True, slots=True)
class Tap:
    """What is true of one tap or one ring. arrival_id: new, used only if the tap becomes an arrival.

    recent: latest arrivals of this kiosk. armed_at: monotonic time of the touch on "not today". chosen: language chosen
    on the screen, or None.
    """

    arrival_id: str
    moment: Moment
    recent: Sequence[Recent] = ()
    armed_at: float | None = None
    chosen: str | None = None


@dataclass(frozen=True, slots=True)
class CheckIn:
    """arrival: to be committed before the words are shown; None when the outcome is not recorded."""

    decision: Decision
    words: Words
    arrival: Arrival | None


def check_in(presented: Presented, identity: Identity | None, found: DirectoryEntry | None, door: Door, tap: Tap) -> CheckIn:
    """identity: from `kiosk.visit.recognise.identify`; found: what the directory answered for its token."""
    decision = decide(recognise(presented, identity, found), tap.recent, door.policy, tap.armed_at, tap.moment)
    language = spoken(tap.chosen, decision.language, door.language)
    return CheckIn(decision, words_for(decision, language, codes_at=door.codes_at), _arrival(decision, door, tap))


def ring(door: Door, tap: Tap, *, heard: bool) -> CheckIn:
    """A guest rang the screen's bell. heard: whether the hub can be reached just now."""
    return CheckIn(GUEST, guest_words(spoken(tap.chosen, door.language), heard=heard), _arrival(GUEST, door, tap))


def with_reason(arrival: Arrival, reason: Reason, language: str | None) -> Arrival | None:
    """The next revision with the reason chosen, or None when there is nothing to say: same reason, no visit, too many presses."""
    if arrival.reason == reason or arrival.outcome in ("not_today", "blocked") or arrival.rev >= MAX_REV:
        return None
    return replace(arrival, rev=arrival.rev + 1, reason=reason, language=language or arrival.language)


def with_not_today(arrival: Arrival) -> Arrival | None:
    """The next revision of somebody who wants to be left alone after all, naming nobody; None when it is one already."""
    if arrival.outcome in ("not_today", "blocked"):
        return None
    return replace(
        arrival, rev=arrival.rev + 1, outcome="not_today", member=None, card_token=None, evidence=None, reason=None, language=None
    )


def _arrival(decision: Decision, door: Door, tap: Tap) -> Arrival | None:
    """The message as it is stored. `id`, `boot`, `seq` and `age_s` are stamped anew at every send (kiosk.hub_link)."""
    outcome = _recorded(decision)
    if outcome is None:
        return None
    return Arrival(
        v=VERSION,
        id=tap.arrival_id,
        source=f"{door.store}/kiosk/{door.kiosk}",
        at=tap.moment.at,
        clock=tap.moment.clock,
        boot=tap.moment.boot,
        seq=0,
        age_s=0.0,
        arrival_id=tap.arrival_id,
        rev=0,
        outcome=outcome,
        member=decision.member,
        card_token=decision.token,
        evidence=_sealed(decision, door, tap.arrival_id),
        language=None if outcome == "not_today" else (tap.chosen or decision.language),
    )


def _recorded(decision: Decision) -> ArrivalOutcome | None:
    match decision.outcome:
        case "phone_uid" | "unreadable" | "ambiguous":
            return None
        case outcome:
            return outcome


def _sealed(decision: Decision, door: Door, arrival_id: str) -> str | None:
    """Closed to everybody but the hub. Without the hub's key it is left out: a card id is never stored in the open.

    A proof too long for the message (a prankster's tag can hold anything) is left out; the card id alone always fits.
    """
    if decision.evidence is None or door.hub_key is None:
        return None
    sealed = seal(decision.evidence, door.hub_key, arrival_id)
    if len(sealed) <= EVIDENCE_MAX:
        return sealed
    return seal(Evidence(decision.evidence.card_id), door.hub_key, arrival_id)
