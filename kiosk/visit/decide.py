"""Pure. What a recognition means here and now: a decision with an outcome code. It writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.contracts.directory import GreetingLevel
from edge.contracts.outcomes import Outcome
from edge.contracts.sealed import Evidence
from kiosk.visit.moment import Moment
from kiosk.visit.recognise import About, Recognition


@dataclass(frozen=True, slots=True)
class Policy:
    """repeat_window_s: the same member within it is the same visit. not_today_armed_s: the touch before a tap holds so long."""

    repeat_window_s: float = 600.0
    not_today_armed_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Recent:
    """An arrival of a member that opened a visit at this kiosk; monotonic counts in seconds within `boot`."""

    member: str
    boot: str
    monotonic: float


@dataclass(frozen=True, slots=True)
class Decision:
    """outcome: stable code. wallet: it is a phone whose wallet answered. about: what was unreadable, if more is known.

    The rest is None wherever the outcome names nobody. There is no name in it, ever.
    """

    outcome: Outcome
    member: str | None = None
    token: str | None = None
    evidence: Evidence | None = None
    language: str | None = None
    greeting: GreetingLevel = "nameless"
    wallet: bool = False
    about: About | None = None


GUEST = Decision("guest")


def decide(
    recognition: Recognition, recent: Sequence[Recent], policy: Policy, armed_at: float | None, moment: Moment
) -> Decision:
    """recent: the latest arrivals of this kiosk. armed_at: monotonic time of the touch on "not today", or None.

    A wish to be left alone wins over everything that could be recorded. The repeat window is open at its end: a tap
    exactly `repeat_window_s` later is a new welcome. It reaches both ways: a reader board may tell the earlier of two taps last.
    An arrival of another boot has an unknown age and is no repeat.
    """
    match recognition.kind:
        case "phone_uid" | "unreadable" | "ambiguous":
            return Decision(recognition.kind, wallet=recognition.wallet, about=recognition.about)
    if recognition.wishes_not_today or is_armed(armed_at, policy, moment.monotonic):
        return Decision("not_today", language=recognition.language)
    return _recorded(recognition, recent, policy, moment)


def is_armed(armed_at: float | None, policy: Policy, monotonic: float) -> bool:
    """Whether "not today" was touched at most `not_today_armed_s` ago."""
    return armed_at is not None and 0 <= monotonic - armed_at <= policy.not_today_armed_s


def _recorded(recognition: Recognition, recent: Sequence[Recent], policy: Policy, moment: Moment) -> Decision:
    outcome: Outcome = "stranger"
    if recognition.kind == "blocked":
        outcome = "blocked"
    elif recognition.kind == "member":
        outcome = "repeat" if _is_repeat(recognition.member, recent, policy, moment) else "welcome"
    return Decision(
        outcome, recognition.member, recognition.token, recognition.evidence, recognition.language, recognition.greeting
    )


def _is_repeat(member: str | None, recent: Sequence[Recent], policy: Policy, moment: Moment) -> bool:
    return any(
        row.member == member and row.boot == moment.boot and abs(moment.monotonic - row.monotonic) < policy.repeat_window_s
        for row in recent
    )
