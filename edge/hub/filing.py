"""Files one arrival: gathers what is known, lets `ingest.decide` decide, writes it. All inside the caller's transaction."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta

import msgspec

from edge.associates.moments import Moment, elapsed
from edge.contracts.answer import ArrivalResult
from edge.contracts.arrival import Arrival
from edge.contracts.facts import ArrivalBody, FactBody, VisitBody
from edge.hub import ingest
from edge.hub.floor_desk import FloorDesk
from edge.hub.ingest import Decision, Known, Prior
from edge.hub.recognition import Recogniser
from edge.hub.store import alerts, arrivals, looks, visits
from edge.hub.store.arrivals import FiledArrival
from edge.hub.store.facts import Facts
from edge.hub.store.times import hour_of
from edge.hub.store.visits import Visit, VisitKind
from edge.process.ids import Ids


class Filing:
    """visit_gap_s: arrivals closer than this are one visit. hold_s: how long arrivals wait before they leave for HQ."""

    def __init__(
        self,
        *,
        store: str,
        visit_gap_s: float,
        hold_s: float,
        recogniser: Recogniser,
        desk: FloorDesk,
        facts: Facts,
        ids: Ids,
    ) -> None:
        self._store, self._visit_gap_s, self._hold_s = store, visit_gap_s, hold_s
        self._recogniser, self._desk, self._facts, self._ids = recogniser, desk, facts, ids

    def file(self, connection: sqlite3.Connection, arrival: Arrival, kiosk: str, now: Moment) -> ArrivalResult:
        """Store one checked arrival and say what to answer. now: when the hub received it."""
        came = _came(arrival, now)
        known, visit = self._known(connection, arrival, kiosk, came, now)
        decision = ingest.decide(arrival, known)
        if decision.result in ("new", "revised"):
            self._write(connection, arrival, kiosk, decision, visit, known, came, now)
        return ArrivalResult(arrival_id=arrival.arrival_id, rev=arrival.rev, result=decision.result, greeting=decision.greeting)

    def _known(
        self, connection: sqlite3.Connection, arrival: Arrival, kiosk: str, came: Moment, now: Moment
    ) -> tuple[Known, Visit | None]:
        prior = _prior(arrivals.find_newest(connection, self._store, arrival.arrival_id))
        if prior is not None and arrival.rev <= prior.rev:
            same = arrivals.find(connection, self._store, arrival.arrival_id, arrival.rev)
            if same is not None:
                return Known(filed_same=True, same=same.greeting), None
            return Known(prior=prior), None
        if prior is not None and prior.outcome == "not_today":  # nothing is looked up for whoever asked to be forgotten
            return Known(prior=prior), None
        seen = self._recogniser.recognise(connection, arrival, kiosk, came, None if prior is None else prior.proof)
        member = None if seen.person is None else seen.person.member
        visit = self._visit_of(connection, arrival, prior, member, came, now)
        alert = None if visit is None else alerts.newest_of_visit(connection, self._store, visit.visit_id)
        known = Known(
            card=seen.card,
            person=seen.person,
            assurance=seen.assurance,
            prior=prior,
            visit_id=None if visit is None else visit.visit_id,
            alert=None if alert is None else alert.state,
            caution=seen.caution,
            proof=seen.proof or (prior.proof if prior else None),
        )
        return known, visit

    def _visit_of(
        self,
        connection: sqlite3.Connection,
        arrival: Arrival,
        prior: Prior | None,
        member: str | None,
        came: Moment,
        now: Moment,
    ) -> Visit | None:
        mine = None
        if prior is not None and prior.visit_id is not None:
            mine = visits.find(connection, self._store, prior.visit_id)
        if mine is not None and (member is None or mine.member == member):
            return mine
        if arrival.outcome == "guest":
            return mine
        other = visits.find_open(connection, self._store, member, None if member else arrival.card_token)
        if other is not None and elapsed(other.last, came) >= self._visit_gap_s:
            self._desk.close_visit(connection, other, now)
            other = None
        return other or mine

    def _write(
        self,
        connection: sqlite3.Connection,
        arrival: Arrival,
        kiosk: str,
        decision: Decision,
        visit: Visit | None,
        known: Known,
        came: Moment,
        now: Moment,
    ) -> None:
        if decision.visit == "forget" and known.prior is not None and known.prior.visit_id is not None:
            self._forget(connection, known.prior.visit_id, arrival.arrival_id, now)
        elif decision.visit in ("open", "join"):
            before = None if visit is None else visit.caution
            visit = self._grow(connection, arrival, kiosk, decision, visit, came)
            if decision.alert == "raise":
                self._desk.raise_for(connection, visit, now)
            elif decision.alert == "learn":
                self._desk.learn_for(connection, visit, now, doubt=visit.caution != before)
        visit_id = visit.visit_id if visit is not None and decision.visit in ("open", "join") else None
        if decision.outcome == "not_today":  # which card it was, even as a hash, is nobody's business then
            self._recogniser.forget(connection, arrival.arrival_id)
        filed = _filed(arrival, decision, visit_id, came)
        arrivals.insert(connection, self._store, kiosk, arrival, filed, decision.result, now.at)
        self._tell_arrival(connection, arrival, kiosk, filed)

    def _grow(
        self,
        connection: sqlite3.Connection,
        arrival: Arrival,
        kiosk: str,
        decision: Decision,
        visit: Visit | None,
        came: Moment,
    ) -> Visit:
        """Open a visit or let the arrival join it."""
        grown = self._opened(arrival, kiosk, decision, came) if visit is None else _joined(visit, arrival, kiosk, decision, came)
        visits.save(connection, self._store, grown)
        self._tell_visit(connection, grown)
        return grown

    def _opened(self, arrival: Arrival, kiosk: str, decision: Decision, came: Moment) -> Visit:
        kind = _kind(decision)
        return Visit(
            visit_id=self._ids.new(),
            rev=0,
            kind=kind,
            member=decision.member,
            card_token=arrival.card_token if kind == "stranger" else None,
            reason=decision.reason,
            language=decision.language,
            assurance=decision.assurance,
            door=kiosk,
            test=arrival.test,
            open=True,
            started_at=came.at,
            last=came,
            caution=decision.caution,
        )

    def _forget(self, connection: sqlite3.Connection, visit_id: str, arrival_id: str, now: Moment) -> None:
        """Not today: nobody is alerted, nobody remembers who it was, and what has not left for HQ leaves without them."""
        self._desk.withdraw_for(connection, visit_id, now)
        for other_id, rev in arrivals.of_visit(connection, self._store, visit_id):
            self._recogniser.forget(connection, other_id)
            key = f"{other_id}:{rev}"
            if other_id == arrival_id:
                self._facts.remove(connection, key)  # the not-today revision stands for it
            else:
                self._facts.change(connection, key, _nameless)
        arrivals.forget_of_visit(connection, self._store, visit_id)
        visit = visits.find(connection, self._store, visit_id)
        if visit is not None:
            if visit.member is not None:
                looks.forget_visit(connection, self._store, visit.member, visit_id)
            gone = visits.without_person(visit)
            visits.save(connection, self._store, gone)
            self._tell_visit(connection, gone)

    def _tell_arrival(self, connection: sqlite3.Connection, arrival: Arrival, kiosk: str, filed: FiledArrival) -> None:
        body = ArrivalBody(
            arrival_id=filed.arrival_id,
            rev=filed.rev,
            visit_id=filed.visit_id,
            door=kiosk,
            outcome=filed.outcome,
            arrived_at=hour_of(filed.arrived_at) if filed.outcome == "not_today" else filed.arrived_at,
            member=filed.member,
            reason=filed.reason,
            assurance=filed.assurance,
        )
        key = f"{filed.arrival_id}:{filed.rev}"
        self._facts.put(connection, body, key=key, hold_s=self._hold_s, test=arrival.test)

    def _tell_visit(self, connection: sqlite3.Connection, visit: Visit) -> None:
        body = VisitBody(
            visit_id=visit.visit_id,
            rev=visit.rev,
            started_at=visit.started_at,
            last_arrival_at=visit.last.at,
            member=visit.member,
            reason=visit.reason,
        )
        # HQ wants the newest state alone: an older one that still waits is taken back
        if visit.rev > 0:
            self._facts.remove(connection, f"{visit.visit_id}:{visit.rev - 1}")
        key = f"{visit.visit_id}:{visit.rev}"
        self._facts.put(connection, body, key=key, hold_s=self._hold_s, test=visit.test)


def _came(arrival: Arrival, now: Moment) -> Moment:
    """When it happened, by the hub's clock where the age is known, else by the kiosk's as far as that was ever set."""
    if arrival.age_s is None:
        return now if arrival.clock == "unset" else replace(now, at=min(arrival.at, now.at))
    age = min(arrival.age_s, 10 * 365 * 86_400.0)
    return Moment(now.at - timedelta(seconds=age), now.boot, now.mono - age)


def _prior(filed: FiledArrival | None) -> Prior | None:
    if filed is None:
        return None
    return Prior(
        filed.rev, filed.outcome, filed.greeting, filed.visit_id, filed.reason, filed.language, filed.assurance, filed.proof
    )


def _filed(arrival: Arrival, decision: Decision, visit_id: str | None, came: Moment) -> FiledArrival:
    return FiledArrival(
        arrival_id=arrival.arrival_id,
        rev=arrival.rev,
        outcome=decision.outcome,
        member=decision.member,
        reason=decision.reason,
        language=decision.language,
        assurance=decision.assurance,
        visit_id=visit_id,
        arrived_at=came.at,
        greeting=decision.greeting,
        proof=decision.proof,
    )


def _kind(decision: Decision) -> VisitKind:
    if decision.member is not None:
        return "member"
    return "guest" if decision.outcome == "guest" else "stranger"


def _joined(visit: Visit, arrival: Arrival, kiosk: str, decision: Decision, came: Moment) -> Visit:
    newest = arrival.rev == 0 and _is_later(came, visit.last)
    known = decision.member is not None
    return replace(
        visit,
        rev=visit.rev + 1,
        kind="member" if known else visit.kind,
        member=decision.member or visit.member,
        card_token=None if known else visit.card_token,
        reason=decision.reason or visit.reason,
        language=decision.language or visit.language,
        assurance=decision.assurance or visit.assurance,
        door=kiosk if newest else visit.door,  # an old arrival that came late says nothing about where they stand
        last=came if newest else visit.last,
        caution=ingest.caution_now(visit.caution, decision.caution, decision.assurance),
    )


def _is_later(one: Moment, other: Moment) -> bool:
    return one.mono > other.mono if one.boot == other.boot else one.at >= other.at


def _nameless(body: FactBody) -> FactBody:
    if not isinstance(body, ArrivalBody):
        return body
    at = hour_of(body.arrived_at)
    return msgspec.structs.replace(
        body, arrived_at=at, member=None, outcome="not_today", visit_id=None, reason=None, assurance=None
    )
