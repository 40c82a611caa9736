"""`/api/v1/alerts`: what an associate has to know now, and taking, giving back and finishing it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import msgspec
from flask import Blueprint, Response

from edge.associates.floor import Refusal
from edge.associates.moments import Moment
from edge.contracts.http import Alerts
from edge.hub.alert_message import AlertMessages
from edge.hub.api.guard import Acted, Guard
from edge.hub.api.replies import ApiError, json_reply
from edge.hub.floor_desk import Action, FloorDesk
from edge.hub.reception import Admitted
from edge.hub.store import alerts, members
from edge.hub.store.times import now_of
from edge.process.clock import Clock
from edge.process.sqlite_file import SqliteFile


def create_blueprint(
    guard: Guard,
    desk: FloorDesk,
    messages: AlertMessages,
    *,
    file: SqliteFile,
    store: str,
    changed: Callable[[], None],
    clock: Clock,
) -> Blueprint:
    """changed: called after a commit, so that the others hear who took it."""
    routes = Blueprint("alerts", __name__)

    @routes.get("/api/v1/alerts")
    def mine() -> Response:
        who = guard.associate().associate.associate
        now = now_of(clock)
        with file.read() as connection:
            found = alerts.meant_for(connection, store, who)
            return json_reply(Alerts([messages.build(connection, alert, who, now) for alert in found]))

    def acted(alert_id: str, action: Action) -> Response:
        def act(connection: sqlite3.Connection, admitted: Admitted, now: Moment) -> Acted:
            who = admitted.associate.associate
            result = desk.act(connection, alert_id, who, action, now)
            if result is None:
                raise _unknown()
            if isinstance(result, Refusal):
                raise _refused(connection, store, result)
            message = messages.build(connection, result, who, now)
            return Acted(200, msgspec.json.encode(message), result.visit_id)

        response = guard.act(act)
        changed()
        return response

    @routes.post("/api/v1/alerts/<alert_id>/claim")
    def claim(alert_id: str) -> Response:
        return acted(alert_id, "claim")

    @routes.post("/api/v1/alerts/<alert_id>/release")
    def release(alert_id: str) -> Response:
        return acted(alert_id, "release")

    @routes.post("/api/v1/alerts/<alert_id>/served")
    def served(alert_id: str) -> Response:
        return acted(alert_id, "served")

    return routes


def _unknown() -> ApiError:
    return ApiError(404, "alert_unknown", "acting on an alert", "Load your alerts anew.")


def _refused(connection: sqlite3.Connection, store: str, refusal: Refusal) -> ApiError:
    if refusal.code == "not_your_alert":
        return _unknown()
    if refusal.code == "already_claimed":
        holder = None if refusal.by is None else members.find_associate(connection, store, refusal.by)
        name = "A colleague" if holder is None else holder.display_name
        return ApiError(409, "already_claimed", f"{name} has taken this one.", "Look at your other alerts.")
    if refusal.code == "not_claimed":
        return ApiError(409, "not_claimed", "Nobody holds this alert.", "Take it first.")
    return ApiError(409, "alert_ended", "This alert has ended.", "Load your alerts anew.")
