"""`/api/v1/pass`: giving a member a pass, and what its page on the phone shows and renews."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Callable

import msgspec
import segno
from flask import Blueprint, Response, request

from edge.associates.moments import Moment
from edge.hub.api.bodies import OpenPass, PassLink, PassShown
from edge.hub.api.guard import Acted, Guard
from edge.hub.api.replies import ApiError, json_reply, read_body
from edge.hub.api.visits import CardDesk
from edge.hub.pass_desk import LINK_S, PassDesk
from edge.hub.reception import Admitted
from edge.hub.store.times import now_of
from edge.process.clock import Clock
from edge.process.sqlite_file import SqliteFile

_KEPT_S = 400 * 86_400  # the longest that browsers keep a cookie


def create_blueprint(
    guard: Guard,
    cards: CardDesk,
    desk: PassDesk,
    *,
    file: SqliteFile,
    secure: bool,
    clock: Clock,
    changed: Callable[[], None],
) -> Blueprint:
    """secure: cookies only over TLS, with the __Host- prefix. changed: called after a commit that changed a card."""
    routes = Blueprint("passes", __name__)
    cookie = "__Host-shopbell-pass" if secure else "shopbell-pass"

    @routes.post("/api/v1/visits/<visit_id>/pass")
    def issue(visit_id: str) -> Response:
        base = f"{'https' if secure else request.scheme}://{request.host}"

        def act(connection: sqlite3.Connection, admitted: Admitted, now: Moment) -> Acted:
            link = _issued(connection, cards, desk, visit_id, admitted.associate.associate, now)
            url = f"{base}/pass#{link}"  # behind the #, so that it stands in no log of any server
            return Acted(201, msgspec.json.encode(PassLink(url, _svg(url), int(LINK_S))), visit_id)

        return guard.act(act)

    @routes.post("/api/v1/pass")
    def open_link() -> Response:
        _own_page()
        asked = read_body(OpenPass)
        with file.write() as connection:
            phone = desk.open(connection, asked.link, now_of(clock))
        if phone is None:
            raise ApiError(
                404, "pass_link_used", "opening a pass", "A link opens once, within a quarter of an hour: ask for a new one."
            )
        changed()
        response = Response(status=204)
        response.set_cookie(cookie, phone, max_age=_KEPT_S, path="/", secure=secure, httponly=True, samesite="Strict")
        return response

    @routes.get("/api/v1/pass")
    def code() -> Response:
        with file.read() as connection:
            shown = desk.shown(connection, request.cookies.get(cookie, ""), now_of(clock))
        if shown is None:
            raise ApiError(401, "pass_unknown", "showing a pass", "Ask an associate for a new pass: this phone holds none.")
        return json_reply(PassShown(shown.code.text, _svg(shown.code.text), shown.left_s))

    @routes.delete("/api/v1/pass")
    def give_back() -> Response:
        _own_page()
        with file.write() as connection:
            desk.give_back(connection, request.cookies.get(cookie, ""))
        changed()
        response = Response(status=204)
        response.delete_cookie(cookie, path="/", secure=secure, httponly=True, samesite="Strict")
        return response

    return routes


def _issued(connection: sqlite3.Connection, cards: CardDesk, desk: PassDesk, visit_id: str, who: str, now: Moment) -> str:
    """Whoever holds the visit's alert gives a pass to the member in front of them, and only where the card is in no doubt."""
    visit = cards.visit(connection, visit_id)
    cards.must_be_open(connection, visit_id, who, now)
    tried = "giving a pass"
    if visit.member is None:
        raise ApiError(409, "nobody_known", tried, "A pass belongs to a member: this visit has none.")
    if visit.caution is not None:
        raise ApiError(409, "card_in_doubt", tried, "Make sure who it is and give the member a new card first.")
    link = desk.issue(connection, visit.member, now)
    if link is None:
        raise ApiError(409, "codes_not_set_up", tried, "Ask IT to run 'shopbell hub keys make --medium code' on this hub.")
    return link


def _own_page() -> None:
    """Another site's page cannot send this header without asking first, and is never allowed to."""
    if request.headers.get("X-Shopbell-Pass") != "1":
        raise ApiError(403, "csrf_missing", "changing a pass", "Send X-Shopbell-Pass: 1, as the pass's own page does.")


def _svg(text: str) -> str:
    """A QR code as an SVG element, dark on light whatever the phone's colours are."""
    out = io.BytesIO()
    segno.make_qr(text, error="m").save(out, kind="svg", scale=8, border=4, light="#fff", xmldecl=False, svgns=True)
    return out.getvalue().decode()
