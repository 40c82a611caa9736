"""The floor with its store: applies the pure floor to alert rows, inside the caller's transaction. Ends become facts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from typing import Literal, Protocol

from edge.associates import floor
from edge.associates.floor import FloorAlert, FloorPolicy, Refusal
from edge.associates.moments import Moment, elapsed
from edge.associates.routing import OnShift
from edge.contracts.facts import AlertBody
from edge.contracts.outcomes import ALERT_ENDS
from edge.hub.metrics import HubMetrics
from edge.hub.store import alerts, idempotency, members, sessions, visits
from edge.hub.store.facts import Facts
from edge.hub.store.visits import Visit
from edge.process.ids import Ids

Action = Literal["claim", "release", "served"]


@dataclass(frozen=True, slots=True)
class Due:
    """Ids of visits that are over and of alerts that time moves on."""

    visits: list[str]
    alerts: list[str]

    def __bool__(self) -> bool:
        return bool(self.visits or self.alerts)


class Memory(Protocol):
    """What the floor asks of the customer memory: one line readable at arm's length, or None."""

    def headline(self, member: str, reason: str | None, today: date) -> str | None: ...


class FloorDesk:
    """session_s, idle_s: who counts as on shift. visit_gap_s: after which a visit is over. zone: the store's, for its days."""

    def __init__(
        self,
        *,
        store: str,
        policy: FloorPolicy,
        session_s: float,
        idle_s: float,
        visit_gap_s: float,
        memory: Memory,
        zone: tzinfo,
        facts: Facts,
        ids: Ids,
        metrics: HubMetrics,
    ) -> None:
        self.policy = policy
        self._store, self._memory, self._facts, self._ids, self._metrics = store, memory, facts, ids, metrics
        self._session_s, self._idle_s, self._visit_gap_s, self._zone = session_s, idle_s, visit_gap_s, zone

    def on_shift(self, connection: sqlite3.Connection, now: Moment) -> list[OnShift]:
        """Associates with a live session, longest signed in first."""
        names = [
            session.associate
            for session in sessions.every(connection, self._store)
            if sessions.alive(session, now, self._session_s, self._idle_s)
        ]
        known = members.find_associates(connection, self._store, list(dict.fromkeys(names)))
        return [OnShift(one.associate, frozenset(one.skills), frozenset(one.languages)) for one in known]

    def raise_for(self, connection: sqlite3.Connection, visit: Visit, now: Moment) -> FloorAlert:
        """A new alert for a visit."""
        alert = floor.raise_alert(
            self._ids.new(),
            visit.visit_id,
            now,
            self.on_shift(connection, now),
            own=self._own_of(connection, visit),
            reason=visit.reason,
            language=visit.language,
        )
        face = alerts.AlertFace(visit.door, visit.last.at, self._headline(visit, now))
        alerts.insert(connection, self._store, alert, face, visit.kind)
        self._metrics.alerts.labels("raised").inc()
        return alert

    def learn_for(self, connection: sqlite3.Connection, visit: Visit, now: Moment, *, doubt: bool = False) -> None:
        """The visit's live alert hears what is new about it: reason, language, who it is; doubt: the caution is another one."""
        alert = alerts.newest_of_visit(connection, self._store, visit.visit_id)
        if alert is None or alert.state in ALERT_ENDS:
            return
        own = self._own_of(connection, visit)
        told = floor.learn(alert, self.on_shift(connection, now), own=own, reason=visit.reason, language=visit.language)
        kind = alerts.kind_of(connection, self._store, alert.alert_id)
        if told == alert and kind == visit.kind and not doubt:
            return
        if told == alert:
            told = replace(alert, rev=alert.rev + 1)
        alerts.save(connection, self._store, told)
        alerts.set_face(connection, self._store, alert.alert_id, headline=self._headline(visit, now), kind=visit.kind)

    def withdraw_for(self, connection: sqlite3.Connection, visit_id: str, now: Moment) -> None:
        """The shopper wants to be left alone: live alerts end, and no alert of the visit tells anything any more."""
        for alert in alerts.of_visit(connection, self._store, visit_id):
            ended = floor.withdraw(alert, now)
            if ended == alert:  # it had its end already; the phones still have to forget what it said
                ended = replace(alert, rev=alert.rev + 1)
            else:
                self._tell_end(connection, ended)
            alerts.save(connection, self._store, replace(ended, reason=None, language=None, own=None))
            alerts.set_face(connection, self._store, alert.alert_id, headline=None, kind="guest")
        idempotency.forget_visit(connection, self._store, visit_id)

    def act(
        self, connection: sqlite3.Connection, alert_id: str, associate: str, action: Action, now: Moment
    ) -> FloorAlert | Refusal | None:
        """An associate claims, releases or serves. None: no such alert."""
        alert = alerts.find(connection, self._store, alert_id)
        if alert is None:
            return None
        acted = self._acted(connection, alert, associate, action, now)
        if isinstance(acted, FloorAlert) and acted != alert:
            self._save(connection, acted)
            self._metrics.alerts.labels(action).inc()
        return acted

    def due(self, connection: sqlite3.Connection, now: Moment) -> Due:
        """What time has changed by now, found by reading alone: nobody who writes waits for it."""
        over = visits.overdue(connection, self._store, now, self._visit_gap_s)
        on_shift, left = self.on_shift(connection, now), frozenset(over)
        moved = [
            one.alert.alert_id
            for one in alerts.live(connection, self._store)
            if self._ticked(one.alert, now, on_shift, one.visit_open and one.alert.visit_id not in left) != one.alert
        ]
        return Due(over, moved)

    def tick(self, connection: sqlite3.Connection, due: Due, now: Moment) -> int:
        """Escalate, expire, close visits, where that is still due; returns how many alerts changed."""
        for visit_id in due.visits:
            visit = visits.find(connection, self._store, visit_id)
            if visit is not None and elapsed(visit.last, now) >= self._visit_gap_s:
                visits.close(connection, self._store, visit_id)
        on_shift = self.on_shift(connection, now)
        return sum(self._tick_one(connection, alert_id, now, on_shift) for alert_id in due.alerts)

    def close_visit(self, connection: sqlite3.Connection, visit: Visit, now: Moment) -> None:
        """The visit is over, and so is what waits for it."""
        visits.close(connection, self._store, visit.visit_id)
        for alert in alerts.of_visit(connection, self._store, visit.visit_id):
            ended = floor.expire(alert, now)
            if ended != alert:
                self._save(connection, ended)

    def _tick_one(self, connection: sqlite3.Connection, alert_id: str, now: Moment, on_shift: list[OnShift]) -> bool:
        alert = alerts.find(connection, self._store, alert_id)
        if alert is None or alert.state in ALERT_ENDS:
            return False
        visit = visits.find(connection, self._store, alert.visit_id)
        moved = self._ticked(alert, now, on_shift, visit is not None and visit.open)
        if moved == alert:
            return False
        self._save(connection, moved)
        if moved.state != "claimed":  # a claim that a newcomer hears of is neither
            self._metrics.alerts.labels("expired" if moved.state == "expired" else "escalated").inc()
        return True

    def _ticked(self, alert: FloorAlert, now: Moment, on_shift: list[OnShift], visit_open: bool) -> FloorAlert:
        return floor.tick(alert, now, on_shift, self.policy, visit_open=visit_open)

    def _acted(
        self, connection: sqlite3.Connection, alert: FloorAlert, associate: str, action: Action, now: Moment
    ) -> FloorAlert | Refusal:
        steps: dict[Action, Callable[[], FloorAlert | Refusal]] = {
            "claim": lambda: self._claimed(connection, alert, associate, now),
            "release": lambda: floor.release(alert, associate, now, self.on_shift(connection, now)),
            "served": lambda: floor.serve(alert, associate, now),
        }
        return steps[action]()

    def _claimed(self, connection: sqlite3.Connection, alert: FloorAlert, by: str, now: Moment) -> FloorAlert | Refusal:
        taken = floor.claim(alert, by)
        if taken == alert or isinstance(taken, Refusal):
            return taken
        return floor.tell_all(taken, self.on_shift(connection, now))

    def _save(self, connection: sqlite3.Connection, alert: FloorAlert) -> None:
        alerts.save(connection, self._store, alert)
        self._tell_end(connection, alert)

    def _tell_end(self, connection: sqlite3.Connection, alert: FloorAlert) -> None:
        if alert.state in ("served", "withdrawn", "expired"):
            body = AlertBody(alert_id=alert.alert_id, visit_id=alert.visit_id, end=alert.state)
            self._facts.put(connection, body, key=alert.alert_id)

    def _headline(self, visit: Visit, now: Moment) -> str | None:
        if visit.member is None or visit.caution is not None:  # nothing is told of a member to whoever may not be the member
            return None
        return self._memory.headline(visit.member, visit.reason, now.at.astimezone(self._zone).date())

    def _own_of(self, connection: sqlite3.Connection, visit: Visit) -> str | None:
        member = None if visit.member is None else members.find_member(connection, self._store, visit.member)
        return None if member is None else member.own_associate
