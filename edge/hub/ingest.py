"""Pure. An arrival and what the hub knows -> new, revised, duplicate or refused (code); which visit; whom it concerns;
whether somebody is alerted; what the kiosk is answered.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from edge.contracts.answer import Greeting
from edge.contracts.arrival import Arrival
from edge.contracts.outcomes import AlertState, ArrivalOutcome, Assurance, Caution, IngestResult, Reason
from edge.contracts.topics import TopicName

# Older than this is history: recorded, never announced as new (guarantee G3).
FRESH_S = 300.0

VisitStep = Literal["none", "open", "join", "forget"]
AlertStep = Literal["none", "raise", "learn", "withdraw"]
CardAtHub = Literal["active", "blocked", "unknown"]


@dataclass(frozen=True, slots=True)
class Person:
    """What of a member matters here. called: only where the member asked to be greeted by name."""

    member: str
    called: str | None = None
    language: str | None = None
    not_today: bool = False


@dataclass(frozen=True, slots=True)
class Prior:
    """The highest revision filed of this arrival."""

    rev: int
    outcome: ArrivalOutcome
    greeting: Greeting | None
    visit_id: str | None = None
    reason: Reason | None = None
    language: str | None = None
    assurance: Assurance | None = None
    proof: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the hub knows at this moment.

    same: the greeting stored for exactly this (arrival_id, rev); filed_same tells whether there is such a row.
    visit_id: the visit of the prior revision, else the open visit of the same person; alert: state of its newest alert.
    caution: why the card is in doubt; proof: the verdict on what came with it.
    """

    card: CardAtHub = "unknown"
    person: Person | None = None
    assurance: Assurance | None = None
    filed_same: bool = False
    same: Greeting | None = None
    prior: Prior | None = None
    visit_id: str | None = None
    alert: AlertState | None = None
    caution: Caution | None = None
    proof: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done. `refused` has a code and a hint, and nothing is stored."""

    result: IngestResult
    greeting: Greeting | None = None
    outcome: ArrivalOutcome = "stranger"
    member: str | None = None
    reason: Reason | None = None
    language: str | None = None
    assurance: Assurance | None = None
    visit: VisitStep = "none"
    alert: AlertStep = "none"
    code: str | None = None
    hint: str | None = None
    caution: Caution | None = None
    proof: str | None = None


def check(arrival: Arrival, topic: TopicName, store: str, kiosks: Collection[str]) -> Decision | None:
    """A refusal if this arrival cannot come this way at all, else None."""
    source = f"{topic.store}/{topic.kind}/{topic.name}"
    if topic.store != store or not arrival.source.startswith(f"{store}/"):
        return refuse("store_wrong", f"This hub serves store {store}; give the kiosk the address of its own hub.")
    if arrival.source != source:
        return refuse("source_mismatch", "Source and topic name different devices; send under your own name.")
    if topic.kind != "kiosk" or topic.name not in kiosks:
        return refuse("kiosk_unknown", "Add the kiosk to [[kiosks]] in the hub's configuration.")
    return None


def refuse(code: str, hint: str) -> Decision:
    """Will never be stored; the kiosk sets it aside with this code."""
    return Decision("refused", code=code, hint=hint)


def decide(arrival: Arrival, known: Known) -> Decision:
    """What becomes of an arrival that passed `check`."""
    if known.filed_same:
        return Decision("duplicate", known.same)
    if known.prior is not None and arrival.rev < known.prior.rev:
        return Decision("duplicate", known.prior.greeting)
    outcome = _outcome(arrival, known)
    if outcome in ("not_today", "blocked"):
        return _left_alone(arrival, known, outcome)
    person = known.person if outcome in ("welcome", "repeat") else None
    language = arrival.language or (known.prior.language if known.prior else None) or (person.language if person else None)
    assurance = (known.assurance or (known.prior.assurance if known.prior else None)) if person else None
    reason = arrival.reason or (known.prior.reason if known.prior else None)
    return Decision(
        _result(known),
        _greet(outcome, person, language, assurance),
        outcome,
        person.member if person else None,
        reason,
        language,
        assurance,
        "open" if known.visit_id is None else "join",
        _alert(arrival, known, outcome),
        caution=known.caution if person else None,
        proof=known.proof,
    )


def caution_now(before: Caution | None, now: Caution | None, assurance: Assurance | None) -> Caution | None:
    """A visit's caution after one more arrival: a copy is not forgotten while the visit lasts, a missing proof is once one
    holds."""
    if "clone" in (before, now):
        return "clone"
    return now or (None if assurance == "proven" else before)


def fresh(arrival: Arrival) -> bool:
    """Whether it may be announced as new: its age is known, small, and it is no probe."""
    return not arrival.test and arrival.age_s is not None and arrival.age_s <= FRESH_S


def _outcome(arrival: Arrival, known: Known) -> ArrivalOutcome:
    if known.prior is not None and known.prior.outcome == "not_today":
        return "not_today"  # whoever asked to be forgotten is not remembered again by a later revision
    if arrival.outcome in ("guest", "not_today"):
        return arrival.outcome
    if known.card == "blocked":
        return "blocked"
    if known.person is not None:
        if known.person.not_today:
            return "not_today"
        return "repeat" if arrival.outcome == "repeat" else "welcome"
    return "blocked" if arrival.outcome == "blocked" else "stranger"


def _left_alone(arrival: Arrival, known: Known, outcome: ArrivalOutcome) -> Decision:
    forget = outcome == "not_today" and known.prior is not None and known.prior.visit_id is not None
    return Decision(
        _result(known),
        Greeting(outcome=outcome, language=arrival.language),
        outcome,
        visit="forget" if forget else "none",
        alert="withdraw" if forget else "none",
        proof=None if outcome == "not_today" else known.proof,
    )


def _alert(arrival: Arrival, known: Known, outcome: ArrivalOutcome) -> AlertStep:
    if known.alert in ("open", "claimed"):
        return "learn"
    if not fresh(arrival):
        return "none"
    asked = arrival.reason not in (None, "looking") and (known.prior is None or arrival.reason != known.prior.reason)
    if asked:
        return "raise"
    unheard = known.alert in (None, "expired") and known.prior is None
    return "raise" if unheard and outcome in ("welcome", "guest") else "none"


def _result(known: Known) -> IngestResult:
    return "new" if known.prior is None else "revised"


def _greet(outcome: ArrivalOutcome, person: Person | None, language: str | None, assurance: Assurance | None) -> Greeting:
    if person is None:
        return Greeting(outcome=outcome, language=language)
    return Greeting(outcome=outcome, name=person.called, language=language, assurance=assurance, member=person.member)
