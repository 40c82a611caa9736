"""An alert's rows -> the alert as one associate may see it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from edge.associates.floor import FloorAlert, FloorPolicy
from edge.associates.moments import Moment, elapsed
from edge.contracts.alert import Alert, Who
from edge.hub.letterhead import Letterhead
from edge.hub.store import alerts, members, visits


class AlertMessages:
    """Builds alerts; what is forgotten (withdrawn, erased) is looked up anew each time, so it cannot come back."""

    def __init__(self, store: str, letterhead: Letterhead, policy: FloorPolicy) -> None:
        self._store, self._letterhead, self._policy = store, letterhead, policy

    def build(self, connection: sqlite3.Connection, alert: FloorAlert, associate: str, now: Moment) -> Alert:
        """The newest revision for this associate."""
        return self.build_each(connection, alert, [associate], now)[0]

    def build_each(
        self, connection: sqlite3.Connection, alert: FloorAlert, associates: Sequence[str], now: Moment
    ) -> list[Alert]:
        """The newest revision for each of these associates; what they share is looked up once."""
        face = alerts.face_of(connection, self._store, alert.alert_id)
        who, holder = self._who(connection, alert), self._display_name(connection, alert.claimed_by)
        return [self._for_one(alert, face, who, holder, associate, now) for associate in associates]

    def _for_one(
        self, alert: FloorAlert, face: alerts.AlertFace, who: Who, holder: str | None, associate: str, now: Moment
    ) -> Alert:
        withdrawn = alert.state == "withdrawn"
        # whoever only has to know that a colleague is with them needs no line about the shopper
        elsewhere = alert.state == "claimed" and alert.claimed_by != associate
        return Alert(
            **self._letterhead.head(),
            expires_in_s=self._left_s(alert, now),
            alert_id=alert.alert_id,
            rev=alert.rev,
            visit_id=alert.visit_id,
            state=alert.state,
            who=who,
            door=face.door,
            arrived_at=face.arrived_at,
            reason=alert.reason,
            language=alert.language,
            why_you=next((r.why for r in alert.recipients if r.associate == associate), None),
            claimed_by=None if withdrawn else alert.claimed_by,
            claimed_by_name=None if withdrawn else holder,
            headline=None if withdrawn or elsewhere else face.headline,
        )

    def _left_s(self, alert: FloorAlert, now: Moment) -> float | None:
        if alert.state != "open":
            return None
        return max(0.0, self._policy.expires_s - elapsed(alert.opened, now))

    def _who(self, connection: sqlite3.Connection, alert: FloorAlert) -> Who:
        visit = visits.find(connection, self._store, alert.visit_id)
        if alert.state == "withdrawn" or visit is None or visit.member is None:
            return Who(kind="stranger" if visit is not None and visit.kind == "stranger" else "guest")
        member = members.find_member(connection, self._store, visit.member)
        named = member is not None and member.greeting == "name" and visit.caution is None
        called = member.called if member is not None and named else None
        return Who(kind="member", name=called, assurance=visit.assurance, caution=visit.caution)

    def _display_name(self, connection: sqlite3.Connection, associate: str | None) -> str | None:
        found = None if associate is None else members.find_associate(connection, self._store, associate)
        return associate if found is None else found.display_name
