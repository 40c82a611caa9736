"""The console's pages. Each asks the store for one page of rows and renders it; nothing here judges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any

import msgspec
from flask import Blueprint, Response, g, make_response, redirect, render_template, request

from edge.contracts.outcomes import ARRIVAL_OUTCOMES
from edge.hq.api.members import MemberEdit, edit_member, erase_member
from edge.hq.api.replies import Refusal
from edge.hq.api.sessions import check_csrf, person
from edge.hq.console import overview, words
from edge.hq.console.sign_in import sign_in_routes
from edge.hq.parts import Parts
from edge.hq.store import alarms, ingest, parked, people, views
from edge.hq.store.tables import EVERYWHERE

Page = Callable[..., Any]
# What a page may say after a form was sent: a code in the address, never text from it.
_SAID = {
    "saved": "Saved. Every store that knows this member will hear of it within seconds.",
    "erased": "The member is forgotten here. The stores forget with their next look at the feed.",
    "filed": "The item was filed.",
    "known": "The item had been filed before; it has left this list.",
    "refused_again": "The item was refused again; the code below is the new one.",
    "cut": "Only the beginning of this item was kept, because it is too large. Send it again from the store.",
    "discarded": "The item was discarded.",
    "closed": "Marked as looked after. It opens again if it rings again.",
    "cleared": "Marked as looked after. The stores trust the card again; it opens again if it rings again.",
}


def console_routes(parts: Parts) -> Blueprint:
    """All pages, sign-in included."""
    routes = Blueprint("console", __name__)
    routes.register_blueprint(sign_in_routes(parts))
    routes.app_context_processor(lambda: _common(parts))
    for path, page in _pages(parts).items():
        routes.add_url_rule(path, page.__name__, _signed_in(parts, page))
    for path, form in _forms(parts).items():
        routes.add_url_rule(path, form.__name__, _signed_in(parts, form), methods=["POST"])
    return routes


def _signed_in(parts: Parts, page: Page) -> Page:
    @wraps(page)
    def guarded(**arguments: str) -> Any:
        session = person(parts)
        if session is None:
            return redirect("/sign-in", 303)
        if request.method == "POST":
            check_csrf(session.csrf)
        g.session = session
        return page(**arguments)

    return guarded


def _pages(parts: Parts) -> dict[str, Page]:
    db = parts.database

    def home() -> str:
        facts = overview.Facts(
            views.counts(db, parts.clock.now()),
            views.device_rows(db),
            views.phones_online(db),
            views.last_heard(db),
            parked.count(db),
        )
        silent_after = timedelta(seconds=parts.policy.silent_after_s)
        shown = overview.stores(parts.stores, facts, parts.clock.now(), silent_after)
        return render_template("overview.html", here="overview", shown=shown, total=overview.total(shown))

    def arrivals() -> str:
        outcome = request.args.get("outcome", "")
        chosen = {"store": _store_chosen(parts), "outcome": outcome if outcome in ARRIVAL_OUTCOMES else None}
        page = views.arrival_page(db, before=request.args.get("before"), **chosen)
        return render_template("arrivals.html", here="arrivals", page=page, chosen=chosen)

    def visits() -> str:
        chosen = {"store": _store_chosen(parts)}
        page = views.visit_page(db, before=request.args.get("before"), **chosen)
        return render_template("visits.html", here="visits", page=page, chosen=chosen)

    def notes() -> str:
        chosen = {"store": _store_chosen(parts)}
        page = views.note_page(db, before=request.args.get("before"), **chosen)
        return render_template("notes.html", here="notes", page=page, chosen=chosen)

    def members() -> str:
        search = request.args.get("search", "").strip()[:80]
        page = views.member_page(db, search=search, before=request.args.get("before"))
        return render_template("members.html", here="members", page=page, chosen={"search": search})

    def member(ref: str) -> str:
        return _member_page(parts, "member.html", ref)

    def ask_erase(ref: str) -> str:
        return _member_page(parts, "erase.html", ref)

    def parked_items() -> str:
        page = views.parked_page(db, before=request.args.get("before"))
        return render_template("parked.html", here="parked", page=page, chosen={})

    def card_alarms() -> str:
        page = alarms.page(db, before=request.args.get("before"))
        return render_template("alarms.html", here="alarms", page=page, chosen={})

    return {
        "/": home,
        "/arrivals": arrivals,
        "/visits": visits,
        "/notes": notes,
        "/members": members,
        "/members/<ref>": member,
        "/members/<ref>/erase": ask_erase,
        "/parked": parked_items,
        "/alarms": card_alarms,
    }


def _forms(parts: Parts) -> dict[str, Page]:
    def change_member(ref: str) -> Any:
        fields = {field: request.form.get(field, "") for field in ("name", "language", "greeting")}
        try:
            change = msgspec.convert(fields, MemberEdit)
        except msgspec.ValidationError:
            wrong = "Use at most 80 characters for the name, and a language like en, de or pt-BR."
            return make_response(_member_page(parts, "member.html", ref, wrong=wrong, typed=fields), 400)
        edit_member(parts, ref, change)
        return redirect(f"/members/{ref}?said=saved", 303)

    def forget_member(ref: str) -> Any:
        if request.form.get("sure") != "yes":
            return make_response(_member_page(parts, "erase.html", ref, wrong="Tick the box first: this cannot be undone."), 400)
        erase_member(parts, ref)
        return redirect("/members?said=erased", 303)

    def retry_item(store: str, digest: str) -> Any:
        outcome = ingest.retry(parts.database, store, digest, parts.clock.now())
        said = {"new": "filed", "duplicate": "known", "refused": "refused_again"}[outcome.result] if outcome else "cut"
        return redirect(f"/parked?said={said}", 303)

    def discard_item(store: str, digest: str) -> Any:
        parked.discard(parts.database, store, digest)
        return redirect("/parked?said=discarded", 303)

    def close_alarm(store: str, alarm: str) -> Any:
        alarms.close(parts.database, store, alarm, parts.clock.now())
        return redirect(f"/alarms?said={'cleared' if store == EVERYWHERE else 'closed'}", 303)

    return {
        "/alarms/<store>/<alarm>/close": close_alarm,
        "/members/<ref>": change_member,
        "/members/<ref>/erase": forget_member,
        "/parked/<store>/<digest>/retry": retry_item,
        "/parked/<store>/<digest>/discard": discard_item,
    }


def _member_page(parts: Parts, template: str, ref: str, **more: Any) -> str:
    rows = people.find(parts.database, ref)
    if not rows:
        hint = "The reference is mistyped, or the member was erased."
        raise Refusal(404, "member_unknown", "opening a member's page", hint)
    newest = max(rows, key=lambda row: row.changed_at)
    portrait = views.portrait(parts.database, ref)
    return render_template(template, here="members", member=newest, rows=rows, portrait=portrait, **more)


def _store_chosen(parts: Parts) -> str | None:
    chosen = request.args.get("store")
    return chosen if chosen in parts.stores else None


def _common(parts: Parts) -> dict[str, Any]:
    """What every template may use."""
    now = parts.clock.now()
    session = g.get("session")
    return {
        "session": session,
        "csrf": session.csrf if session else "",
        "stores": parts.stores,
        "words": words,
        "now": now,
        "waiting": views.parked_count(parts.database) if session else 0,
        "ringing": alarms.open_count(parts.database) if session else 0,
        "chosen_query": _query(request.args),
        "said": _SAID.get(request.args.get("said", "")),
    }


def _query(arguments: Mapping[str, str]) -> dict[str, str]:
    """The filters of the page, for the links to its other pages."""
    return {name: arguments[name] for name in ("store", "outcome", "search") if arguments.get(name)}


def error_page(parts: Parts, error: Refusal) -> Response:
    """An error for a person. It asks nothing of the database, which may be what is wrong."""
    page = render_template("error.html", problem=error.problem, session=None, status=error.status)
    return make_response(page, error.status)
