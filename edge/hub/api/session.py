"""`/api/v1/session`: coming to work and leaving it."""

from __future__ import annotations

from flask import Blueprint, Response

from edge.contracts import topics
from edge.contracts.http import Broker, Session, SignIn
from edge.hub.api.guard import Guard
from edge.hub.api.replies import ApiError, json_reply, read_body
from edge.hub.letterhead import HUB_NAME
from edge.hub.reception import Admitted, Reception, TurnedAway


def create_blueprint(guard: Guard, reception: Reception, *, store: str, store_name: str, ws_url: str) -> Blueprint:
    """Sign in, see who is signed in (with the way to the broker), sign out."""
    routes = Blueprint("session", __name__)

    def told(admitted: Admitted) -> Session:
        name = admitted.associate.associate
        broker = Broker(
            url=ws_url,
            username=admitted.session.broker_username,
            password=reception.broker_password(admitted.session),
            alert_topic=topics.alert(store, name),
            status_topic=topics.status(store, "hub", HUB_NAME),
        )
        shown = admitted.associate.display_name
        return Session(name, shown, store, store_name, admitted.session.csrf, admitted.expires_in_s, broker)

    @routes.post("/api/v1/session")
    def sign_in() -> Response:
        asked = read_body(SignIn)
        result = reception.sign_in(asked.associate, asked.pin)
        if isinstance(result, TurnedAway):
            raise _turned_away(result)
        response = json_reply(told(result))
        guard.set_cookie(response, result.secret or "", result.expires_in_s)
        return response

    @routes.get("/api/v1/session")
    def who() -> Response:
        return json_reply(told(guard.associate()))

    @routes.delete("/api/v1/session")
    def sign_out() -> Response:
        reception.sign_out(guard.associate().session)
        response = Response(status=204)
        guard.clear_cookie(response)
        return response

    return routes


def _turned_away(away: TurnedAway) -> ApiError:
    if away.code == "too_many_tries":
        hint = f"Wait {away.wait_s} seconds, then try again; a lead can set a new PIN."
        return ApiError(429, away.code, "signing in", hint, {"Retry-After": str(away.wait_s)})
    return ApiError(401, away.code, "signing in", "Check your name and PIN.")
