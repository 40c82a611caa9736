"""Pure. The life of an alert: open -> claimed -> served | withdrawn | expired. One claimer, exactly one end.

Every change raises `rev` by one; a change that is not allowed is a Refusal and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from edge.associates.moments import Moment, elapsed
from edge.associates.routing import OnShift, Recipient, everybody, route
from edge.contracts.outcomes import ALERT_ENDS, AlertState, Reason

RefusalCode = Literal["already_claimed", "alert_ended", "not_your_alert", "not_claimed"]


@dataclass(frozen=True, slots=True)
class FloorPolicy:
    """Seconds: expires_s an open alert lives; escalate_s until everybody is asked; grace_s a served card stays readable."""

    expires_s: float = 300
    escalate_s: float = 60
    grace_s: float = 900


@dataclass(frozen=True, slots=True)
class FloorAlert:
    """What decides about one alert. opened: when it last became open; ended: when it came to its end."""

    alert_id: str
    visit_id: str
    state: AlertState
    rev: int
    opened: Moment
    recipients: tuple[Recipient, ...] = ()
    own: str | None = None
    reason: Reason | None = None
    language: str | None = None
    claimed_by: str | None = None
    escalated: bool = False
    ended: Moment | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing changed. by: who holds the alert, where that is the reason."""

    code: RefusalCode
    by: str | None = None


def raise_alert(
    alert_id: str,
    visit_id: str,
    now: Moment,
    on_shift: Sequence[OnShift],
    *,
    own: str | None,
    reason: Reason | None,
    language: str | None,
) -> FloorAlert:
    """A new open alert, routed. With nobody on shift it waits without recipients."""
    recipients = route(on_shift, own=own, reason=reason, language=language)
    return FloorAlert(alert_id, visit_id, "open", 0, now, recipients, own, reason, language)


def claim(alert: FloorAlert, by: str) -> FloorAlert | Refusal:
    """`by` takes the alert. Taking one's own claim again changes nothing."""
    if alert.state in ALERT_ENDS:
        return Refusal("alert_ended", alert.claimed_by)
    if alert.state == "claimed":
        return alert if alert.claimed_by == by else Refusal("already_claimed", alert.claimed_by)
    if all(recipient.associate != by for recipient in alert.recipients):
        return Refusal("not_your_alert")
    return replace(alert, state="claimed", claimed_by=by, rev=alert.rev + 1)


def tell_all(alert: FloorAlert, on_shift: Sequence[OnShift]) -> FloorAlert:
    """Whoever is on shift hears that a claimed alert is taken and by whom, so that nobody walks up in vain.

    Whoever is told once is told the end too, and so forgets what the shopper wants forgotten.
    """
    return replace(alert, recipients=_joined(alert.recipients, everybody(on_shift)))


def release(alert: FloorAlert, by: str, now: Moment, on_shift: Sequence[OnShift]) -> FloorAlert | Refusal:
    """The claimer gives it back: open again, its time begins anew, and everybody on shift is asked."""
    refused = _not_claimer(alert, by)
    if refused:
        return refused
    recipients = _joined(alert.recipients, everybody(on_shift))
    return replace(alert, state="open", claimed_by=None, rev=alert.rev + 1, opened=now, escalated=True, recipients=recipients)


def serve(alert: FloorAlert, by: str, now: Moment) -> FloorAlert | Refusal:
    """The claimer is done: the alert's good end."""
    return _not_claimer(alert, by) or _end(alert, "served", now)


def withdraw(alert: FloorAlert, now: Moment) -> FloorAlert:
    """The shopper wants to be left alone. An alert that already ended keeps its end."""
    return alert if alert.state in ALERT_ENDS else _end(alert, "withdrawn", now)


def expire(alert: FloorAlert, now: Moment) -> FloorAlert:
    """Nobody came, or nobody said so. An alert that already ended keeps its end."""
    return alert if alert.state in ALERT_ENDS else _end(alert, "expired", now)


def learn(
    alert: FloorAlert, on_shift: Sequence[OnShift], *, own: str | None, reason: Reason | None, language: str | None
) -> FloorAlert:
    """The shopper said why they came (or who they are): whoever fits that is asked too, nobody asked before is dropped."""
    if alert.state in ALERT_ENDS or (alert.reason, alert.language, alert.own) == (reason, language, own):
        return alert
    recipients = alert.recipients
    if alert.state == "open":
        recipients = _joined(recipients, route(on_shift, own=own, reason=reason, language=language))
    return replace(alert, own=own, reason=reason, language=language, recipients=recipients, rev=alert.rev + 1)


def tick(
    alert: FloorAlert, now: Moment, on_shift: Sequence[OnShift], policy: FloorPolicy, *, visit_open: bool = True
) -> FloorAlert:
    """What time alone does: an open alert escalates and expires, a claimed one ends with its visit.

    Somebody who came to work after a claim hears of it too.
    """
    if alert.state == "claimed":
        return _heard_by_newcomers(alert, on_shift) if visit_open else expire(alert, now)
    if alert.state != "open":
        return alert
    waited = elapsed(alert.opened, now)
    if waited >= policy.expires_s:
        return expire(alert, now)
    if alert.escalated or not alert.recipients or waited >= policy.escalate_s:
        return _escalate(alert, on_shift, final=alert.escalated or waited >= policy.escalate_s)
    return alert


def card_open(alert: FloorAlert, associate: str, now: Moment, policy: FloorPolicy) -> bool:
    """Whether this associate may read the client card: while they hold the claim, and for the grace after serving."""
    if alert.claimed_by != associate:
        return False
    if alert.state == "claimed":
        return True
    return alert.state == "served" and alert.ended is not None and elapsed(alert.ended, now) <= policy.grace_s


def _heard_by_newcomers(alert: FloorAlert, on_shift: Sequence[OnShift]) -> FloorAlert:
    told = tell_all(alert, on_shift)
    return alert if told == alert else replace(told, rev=alert.rev + 1)


def _escalate(alert: FloorAlert, on_shift: Sequence[OnShift], *, final: bool) -> FloorAlert:
    # before its time an alert without anybody is routed as if it came now; afterwards everybody is asked
    asked = everybody(on_shift) if final else route(on_shift, own=alert.own, reason=alert.reason, language=alert.language)
    recipients = _joined(alert.recipients, asked)
    if recipients == alert.recipients:
        return replace(alert, escalated=final)
    return replace(alert, escalated=final, recipients=recipients, rev=alert.rev + 1)


def _not_claimer(alert: FloorAlert, by: str) -> Refusal | None:
    if alert.state in ALERT_ENDS:
        return Refusal("alert_ended", alert.claimed_by)
    if alert.state == "open":
        return Refusal("not_claimed")
    return None if alert.claimed_by == by else Refusal("already_claimed", alert.claimed_by)


def _end(alert: FloorAlert, state: AlertState, now: Moment) -> FloorAlert:
    return replace(alert, state=state, ended=now, rev=alert.rev + 1)


def _joined(known: tuple[Recipient, ...], more: tuple[Recipient, ...]) -> tuple[Recipient, ...]:
    names = {recipient.associate for recipient in known}
    return known + tuple(recipient for recipient in more if recipient.associate not in names)
