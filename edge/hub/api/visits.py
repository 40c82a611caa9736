"""`/api/v1/visits/...`: the client card and what was written down. Every look is logged."""

from __future__ import annotations

import sqlite3
from datetime import tzinfo
from typing import Protocol

import msgspec
from flask import Blueprint, Response

from edge.associates import floor
from edge.associates.moments import Moment
from edge.contracts.facts import NoteBody
from edge.contracts.http import ClientCard, NewNote
from edge.hub.api.bodies import BreakGlass, NoteMade
from edge.hub.api.guard import Acted, Guard
from edge.hub.api.replies import ApiError, json_reply, read_body
from edge.hub.floor_desk import FloorDesk
from edge.hub.reception import Admitted
from edge.hub.store import alerts, looks, members, visits
from edge.hub.store.facts import Facts
from edge.hub.store.looks import LookKind
from edge.hub.store.memory import MemoryStore
from edge.hub.store.times import now_of
from edge.hub.store.visits import Visit
from edge.process.clock import Clock
from edge.process.ids import Ids
from edge.process.sqlite_file import SqliteFile


class Woken(Protocol):
    """Something to be called after a commit."""

    def __call__(self) -> None: ...


class CardDesk:
    """Opens client cards to those who may see them."""

    def __init__(
        self, *, file: SqliteFile, store: str, desk: FloorDesk, memory: MemoryStore, zone: tzinfo, clock: Clock, ids: Ids
    ) -> None:
        self._file, self._store, self._desk, self._memory = file, store, desk, memory
        self._zone, self._clock, self._ids = zone, clock, ids

    def visit(self, connection: sqlite3.Connection, visit_id: str) -> Visit:
        """The visit, or ApiError 404."""
        found = visits.find(connection, self._store, visit_id)
        if found is None:
            raise ApiError(404, "visit_unknown", "opening a visit", "Load your alerts anew.")
        return found

    def must_be_open(self, connection: sqlite3.Connection, visit_id: str, who: str, now: Moment) -> None:
        """ApiError 403 unless this associate holds (or has just finished) an alert of the visit."""
        of_visit = alerts.of_visit(connection, self._store, visit_id)
        if not any(floor.card_open(alert, who, now, self._desk.policy) for alert in of_visit):
            hint = "Take the alert first; if there is a reason to look all the same, say it."
            raise ApiError(403, "card_closed", "opening a client card", hint)

    def look(
        self, connection: sqlite3.Connection, visit: Visit, who: str, kind: LookKind, now: Moment, reason: str | None = None
    ) -> ClientCard:
        """The card, and the look logged in the same transaction."""
        looks.insert(
            connection,
            self._store,
            self._ids.new(),
            visit_id=visit.visit_id,
            member=visit.member,
            associate=who,
            at=now.at,
            kind=kind,
            reason=reason,
        )
        member = None if visit.member is None else members.find_member(connection, self._store, visit.member)
        card = self._memory.client_card(
            None if member is None else member.member,
            visit_id=visit.visit_id,
            who=None if member is None or visit.caution is not None else member.called,
            reason=visit.reason,
            assurance=visit.assurance,
            today=now.at.astimezone(self._zone).date(),
        )
        return msgspec.structs.replace(card, caution=visit.caution)

    def open_by_claim(self, visit_id: str, who: str) -> ClientCard:
        """For the claimer, while claim and grace last."""
        now = now_of(self._clock)
        with self._file.write() as connection:
            visit = self.visit(connection, visit_id)
            self.must_be_open(connection, visit_id, who, now)
            return self.look(connection, visit, who, "claim", now)


def create_blueprint(guard: Guard, cards: CardDesk, memory: MemoryStore, facts: Facts, *, ids: Ids, changed: Woken) -> Blueprint:
    """Card, break-glass, notes."""
    routes = Blueprint("visits", __name__)

    @routes.get("/api/v1/visits/<visit_id>/card")
    def card(visit_id: str) -> Response:
        return json_reply(cards.open_by_claim(visit_id, guard.associate().associate.associate))

    @routes.post("/api/v1/visits/<visit_id>/card/break-glass")
    def break_glass(visit_id: str) -> Response:
        asked = read_body(BreakGlass)

        def act(connection: sqlite3.Connection, admitted: Admitted, now: Moment) -> Acted:
            visit = cards.visit(connection, visit_id)
            who = admitted.associate.associate
            opened = cards.look(connection, visit, who, "break_glass", now, asked.reason)
            return Acted(200, msgspec.json.encode(opened), visit_id)

        return guard.act(act)

    @routes.post("/api/v1/visits/<visit_id>/notes")
    def note(visit_id: str) -> Response:
        asked = read_body(NewNote)
        if not asked.text.strip() and asked.went_well is None:
            raise ApiError(400, "note_empty", "writing a note", "Write a word, or say whether it went well.")

        def act(connection: sqlite3.Connection, admitted: Admitted, now: Moment) -> Acted:
            visit = cards.visit(connection, visit_id)
            author = admitted.associate.associate
            cards.must_be_open(connection, visit_id, author, now)
            note_id = ids.new()
            memory.add_note(
                connection,
                note_id=note_id,
                visit_id=visit_id,
                member=visit.member,
                author=author,
                text=asked.text,
                topic=asked.topic,
                went_well=asked.went_well,
                at=now.at,
            )
            body = NoteBody(
                note_id=note_id, visit_id=visit_id, member=visit.member, author=author, text=asked.text, topic=asked.topic
            )
            facts.put(connection, body, key=note_id, test=visit.test)
            return Acted(201, msgspec.json.encode(NoteMade(note_id)), visit_id)

        response = guard.act(act)
        changed()
        return response

    return routes
