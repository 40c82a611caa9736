"""The console through a browser-like client: who gets in, what a page may hold, what a form may do."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from edge.contracts.facts import DeviceBody, MemberBody
from edge.hq.api.app import create_app
from edge.hq.console import words
from edge.hq.console.bars import HEIGHT, bars
from edge.hq.parts import Parts
from edge.hq.store import parked, people
from edge.hq.store.database import Database
from edge.process.clock import ManualClock
from tests.support import hq

PAGES = ["/", "/arrivals", "/visits", "/notes", "/members", "/parked", "/alarms", "/members/m-1", "/members/m-1/erase"]
FORMS = ["/members/m-1", "/members/m-1/erase", "/parked/main-street/abc/retry", "/parked/main-street/abc/discard"]
EVIL = """<script>alert(1)</script>"><img src=x onerror=alert(1)>'{{1111111*7}}"""


@pytest.fixture
def parts(sqlite_database: Database, clock: ManualClock) -> Parts:
    return hq.parts(sqlite_database, clock)


@pytest.fixture
def stranger(parts: Parts) -> FlaskClient:
    """Nobody is signed in."""
    return hq.client(parts)


@pytest.fixture
def person(stranger: FlaskClient) -> FlaskClient:
    assert hq.sign_in(stranger).status_code == 303
    return stranger


@pytest.fixture
def maria(parts: Parts) -> str:
    now = parts.clock.now()
    facts = [
        MemberBody("m-1", 1, "Maria Okafor", "en", "name"),
        hq.arrival(1, now),
        hq.visit(1, now),
        hq.note(1),
        hq.sale(1, now),
    ]
    hq.send(parts.database, *(hq.fact(number, body, now) for number, body in enumerate(facts)), now=now)
    return "m-1"


class _Page(HTMLParser):
    """Collects what a strict content security policy would block, and forms without their proof."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.blocked: list[str] = []
        self.forms = self.proofs = 0
        self._inside_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        fields = dict(attrs)
        self.blocked += [f"{tag} {name}" for name in fields if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and not fields.get("src")):
            self.blocked.append(tag)
        if tag == "form" and fields.get("method") == "post":
            self.forms += 1
        if tag == "input" and fields.get("name") == "csrf" and fields.get("value"):
            self.proofs += 1


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_for_people_who_signed_in(stranger: FlaskClient, path: str) -> None:
    response = stranger.get(path)
    assert (response.status_code, response.headers["Location"]) == (303, "/sign-in")


@pytest.mark.parametrize("path", FORMS)
def test_forms_do_nothing_for_strangers(stranger: FlaskClient, maria: str, parts: Parts, path: str) -> None:
    assert stranger.post(path, data={"csrf": "", "sure": "yes"}).status_code == 303
    assert people.find(parts.database, maria)[0].name == "Maria Okafor"


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("proof", [None, "", "wrong"])
def test_a_form_from_elsewhere_does_nothing(person: FlaskClient, maria: str, parts: Parts, path: str, proof: str | None) -> None:
    data = {"name": "Stolen", "sure": "yes", **({} if proof is None else {"csrf": proof})}
    response = person.post(path, data=data)
    assert response.status_code == 403 and "csrf_failed" in response.text
    assert people.find(parts.database, maria)[0].name == "Maria Okafor"


def test_the_right_proof_from_another_origin_does_nothing(person: FlaskClient, maria: str) -> None:
    proof = hq.csrf_in(person.get("/").text)
    response = person.post(f"/members/{maria}", data={"csrf": proof, "name": "x"}, headers={"Origin": "https://evil.example"})
    assert response.status_code == 403


@pytest.mark.parametrize("path", [*PAGES, "/sign-in", "/nowhere", "/members/nobody"])
def test_no_page_holds_anything_inline_and_every_form_has_its_proof(parts: Parts, maria: str, path: str) -> None:
    hq.send(parts.database, b'{"id":"bad"}', now=parts.clock.now())
    web = hq.client(parts)
    if path != "/sign-in":
        hq.sign_in(web)
    response = web.get(path)
    page = _Page(response.text)
    assert page.blocked == []
    assert page.forms == page.proofs
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "same-origin"


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(stranger: FlaskClient) -> None:
    cookies = hq.sign_in(stranger).headers.getlist("Set-Cookie")
    session = next(cookie for cookie in cookies if cookie.startswith("shopbell-hq-session="))
    assert "HttpOnly" in session and "SameSite=Strict" in session and "Path=/" in session
    assert "Secure" not in session and "Expires" not in session


def test_beyond_this_machine_cookies_are_secure_and_bound_to_the_host(sqlite_database: Database) -> None:
    import dataclasses

    web = create_app(dataclasses.replace(hq.parts(sqlite_database), secure_cookies=True)).test_client()
    cookie = web.get("/sign-in", base_url="https://hq.example").headers["Set-Cookie"]
    assert cookie.startswith("__Host-shopbell-hq-form=") and "Secure" in cookie


@pytest.mark.parametrize(
    ("username", "password"), [("head-office", "wrong"), ("nobody", hq.PASSWORD), ("", ""), ("head-office", EVIL)]
)
def test_a_wrong_sign_in_is_refused_in_the_same_words(stranger: FlaskClient, username: str, password: str) -> None:
    proof = hq.csrf_in(stranger.get("/sign-in").text)
    response = stranger.post("/sign-in", data={"csrf": proof, "username": username, "password": password})
    assert response.status_code == 401
    assert "User name and password do not belong together" in response.text
    assert stranger.get("/").status_code == 303


def test_a_sign_in_needs_the_page_it_comes_from(stranger: FlaskClient) -> None:
    data = {"username": hq.USERNAME, "password": hq.PASSWORD, "csrf": "guessed"}
    assert stranger.post("/sign-in", data=data).status_code == 403
    stranger.get("/sign-in")
    assert stranger.post("/sign-in", data=data).status_code == 403


def test_after_five_tries_each_further_one_waits_longer(stranger: FlaskClient, clock: ManualClock) -> None:
    assert [hq.sign_in(stranger, "wrong").status_code for _ in range(5)] == [401] * 5
    waits = []
    for _ in range(4):
        refused = hq.sign_in(stranger)  # the right password, and still
        assert refused.status_code == 429
        waits.append(int(refused.headers["Retry-After"]))
        clock.advance(waits[-1])
        assert hq.sign_in(stranger, "wrong").status_code == 401
    assert waits == [2, 4, 8, 16]
    clock.advance(32)
    assert hq.sign_in(stranger).status_code == 303


def test_the_longest_wait_is_fifteen_minutes(stranger: FlaskClient, clock: ManualClock) -> None:
    for _ in range(40):
        hq.sign_in(stranger, "wrong")
        clock.advance(901)
    hq.sign_in(stranger, "wrong")
    assert hq.sign_in(stranger).headers["Retry-After"] == "900"


def test_signing_out_ends_the_session_at_hq_too(person: FlaskClient) -> None:
    cookie = person.get_cookie("shopbell-hq-session")
    assert cookie is not None
    response = person.post("/sign-out", data={"csrf": hq.csrf_in(person.get("/").text)})
    assert response.status_code == 303
    person.set_cookie("shopbell-hq-session", cookie.value)
    assert person.get("/").status_code == 303


def test_a_session_ends_when_nobody_is_there(person: FlaskClient, clock: ManualClock) -> None:
    for _ in range(3):
        clock.advance(3000)
        assert person.get("/").status_code == 200
    clock.advance(3600)
    assert person.get("/").status_code == 303


def test_a_page_that_looks_again_by_itself_keeps_no_session_awake(person: FlaskClient, clock: ManualClock) -> None:
    for _ in range(3):
        clock.advance(1199)
        assert person.get("/", headers={"X-Shopbell-Refresh": "1"}).status_code == 200
    clock.advance(10)
    assert person.get("/", headers={"X-Shopbell-Refresh": "1"}).status_code == 303


def test_a_session_ends_after_its_longest_time_whatever_happens(person: FlaskClient, clock: ManualClock) -> None:
    statuses = []
    for _ in range(21):
        clock.advance(1800)
        statuses.append(person.get("/").status_code)
    assert statuses == [200] * 19 + [303] * 2


@pytest.mark.parametrize(
    ("path", "words_"),
    [
        ("/", "has not called yet"),
        ("/arrivals", "No arrivals here yet"),
        ("/visits", "No visits here yet"),
        ("/notes", "No notes yet"),
        ("/members", "No members yet"),
        ("/members?search=x", "Nobody found"),
        ("/parked", "Nothing is parked"),
        ("/alarms", "No alarm"),
    ],
)
def test_an_empty_page_says_what_to_expect(person: FlaskClient, path: str, words_: str) -> None:
    assert words_ in person.get(path).text


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/arrivals", ["Maria Okafor", "Welcome", "door-1", "Main Street", "just now", "2026-11-20 09:00:00Z"]),
        ("/visits", ["Maria Okafor", "Under way"]),
        ("/notes", ["Maria Okafor", "Grout was the wrong grey.", "How it went", "by ann"]),
        ("/members", ["Maria Okafor", "By name", "m-1"]),
        ("/members/m-1", ["Maria Okafor", "1 receipt line", "Grout was the wrong grey.", "Welcome"]),
        ("/members/m-1/erase", ["Forget Maria Okafor for ever?"]),
        ("/", ["Main Street", "Connected", "River Side", "Never heard"]),
    ],
)
def test_pages_show_what_the_stores_sent(person: FlaskClient, maria: str, path: str, said: list[str]) -> None:
    text = html.unescape(person.get(path).text)
    assert [word for word in said if word not in text] == []


def test_devices_are_shown_alive_ill_offline_and_unknown(person: FlaskClient, parts: Parts, clock: ManualClock) -> None:
    now = parts.clock.now()
    bodies = [
        DeviceBody("hub", "hub", True, now - timedelta(days=2), "0.1.0"),
        DeviceBody("kiosk", "door-1", True, now, "0.1.0", ["reader_gone"]),
        DeviceBody("kiosk", "door-2", False, now, "0.1.0"),
    ]
    hq.send(parts.database, *(hq.fact(number, body, now) for number, body in enumerate(bodies)), now=now)
    shown = person.get("/").text
    assert shown.count("Alive since") == 2 and shown.count("Offline since") == 1 and "reader_gone" in shown
    assert "2 days ago" in shown
    clock.advance(600)
    silent = person.get("/").text
    assert "Silent" in silent and "last heard 10 min ago" in silent
    assert "Alive since" not in silent and silent.count("Not known") == 3


def test_what_stores_send_is_never_markup(person: FlaskClient, parts: Parts) -> None:
    now = parts.clock.now()
    bodies = [
        MemberBody("m-1", 1, EVIL, EVIL),
        hq.note(1, text=EVIL),
        hq.arrival(1, now),
        DeviceBody("kiosk", "d", True, now, EVIL, [EVIL]),
    ]
    hq.send(
        parts.database, *(hq.fact(number, body, now) for number, body in enumerate(bodies)), b'{"id":"x","a":"<script>"}', now=now
    )
    for path in PAGES:
        text = person.get(path).text
        assert "<script>" not in text and "<img src=x" not in text and "7777777" not in text, path


def test_lists_come_in_pages_that_lose_and_repeat_nothing(person: FlaskClient, parts: Parts) -> None:
    now = parts.clock.now()
    # many at the same moment: only the whole key tells them apart
    facts = [hq.fact(n, hq.note(n, text=f"[note {n:03d}]"), now - timedelta(minutes=n // 30)) for n in range(130)]
    hq.send(parts.database, *facts, now=now)
    seen, path, pages = [], "/notes?store=main-street", 0
    while path:
        text = html.unescape(person.get(path).text)
        seen += re.findall(r"\[note (\d{3})\]", text)
        older = re.search(r'rel="next" href="([^"]+)"', text)
        path, pages = older.group(1) if older else "", pages + 1
    assert sorted(seen) == [f"{n:03d}" for n in range(130)]
    assert pages == 3


@pytest.mark.parametrize("cursor", ["x", "!!!", "e30", "WzEsMiwzXQ", "A" * 500, "WyJub3ciLCJhIiwiYiJd", "é"])
def test_a_cursor_that_is_none_shows_the_first_page(person: FlaskClient, maria: str, cursor: str) -> None:
    assert "Maria Okafor" in person.get("/arrivals", query_string={"before": cursor}).text


def test_arrivals_can_be_narrowed_to_a_store_and_an_outcome(person: FlaskClient, maria: str) -> None:
    assert "Maria Okafor" in person.get("/arrivals?store=main-street&outcome=welcome").text
    assert "Maria Okafor" not in person.get("/arrivals?store=river-side").text
    assert "Maria Okafor" not in person.get("/arrivals?outcome=guest").text
    assert "Maria Okafor" in person.get("/arrivals?outcome=nonsense").text


@pytest.mark.parametrize(
    ("search", "found"),
    [("maria", True), ("OKAFOR", True), ("m-", True), ("ria o", True), ("%", False), ("_", False), ("zoe", False)],
)
def test_members_are_found_by_name_or_reference(person: FlaskClient, maria: str, search: str, found: bool) -> None:
    assert ("Maria Okafor" in person.get("/members", query_string={"search": search}).text) is found


def test_a_member_is_changed_through_the_form(person: FlaskClient, maria: str, parts: Parts) -> None:
    data = {"csrf": hq.csrf_in(person.get("/").text), "name": "Mia", "language": "", "greeting": "nameless"}
    response = person.post(f"/members/{maria}", data=data, follow_redirects=True)
    assert "Saved." in response.text and 'value="Mia"' in response.text
    (row,) = people.find(parts.database, maria)
    assert (row.name, row.language, row.greeting) == ("Mia", None, "nameless")


def test_a_form_that_makes_no_sense_comes_back_as_it_was_typed(person: FlaskClient, maria: str, parts: Parts) -> None:
    data = {"csrf": hq.csrf_in(person.get("/").text), "name": "Mia", "language": "English please", "greeting": "name"}
    response = person.post(f"/members/{maria}", data=data)
    assert response.status_code == 400
    assert "English please" in response.text and "a language like en" in response.text
    assert people.find(parts.database, maria)[0].name == "Maria Okafor"


def test_erasing_needs_the_tick_and_then_is_done(person: FlaskClient, maria: str, parts: Parts) -> None:
    proof = hq.csrf_in(person.get("/").text)
    unsure = person.post(f"/members/{maria}/erase", data={"csrf": proof})
    assert unsure.status_code == 400 and "Tick the box" in unsure.text
    assert people.find(parts.database, maria)
    done = person.post(f"/members/{maria}/erase", data={"csrf": proof, "sure": "yes"}, follow_redirects=True)
    assert "The member is forgotten here" in done.text and "Maria" not in done.text
    gone = person.get(f"/members/{maria}")
    assert gone.status_code == 404 and "member_unknown" in gone.text


def test_a_parked_item_is_tried_again_and_discarded(person: FlaskClient, parts: Parts) -> None:
    hq.send(parts.database, b'{"id":"bad"}', now=parts.clock.now())
    text = person.get("/parked").text
    assert "malformed" in text and "tried 1 time" in text and "bad" in text
    ((store, digest),) = parked.keys(parts.database)
    proof = hq.csrf_in(text)
    again = person.post(f"/parked/{store}/{digest}/retry", data={"csrf": proof}, follow_redirects=True)
    assert "refused again" in again.text and "tried 2 times" in again.text
    done = person.post(f"/parked/{store}/{digest}/discard", data={"csrf": proof}, follow_redirects=True)
    assert "The item was discarded." in done.text and parked.keys(parts.database) == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/look/tokens.css", "text/css"),
        ("/look/base.css", "text/css"),
        ("/console/console.css", "text/css"),
        ("/console/live.js", "text/javascript"),
    ],
)
def test_looks_are_served(stranger: FlaskClient, path: str, kind: str) -> None:
    response = stranger.get(path)
    assert (response.status_code, response.mimetype) == (200, kind)


@pytest.mark.parametrize(
    "path",
    [
        "/look/package.json",
        "/look/package-lock.json",
        "/look/../hq/config.py",
        "/look/%2e%2e/hq/config.py",
        "/look/node_modules/preact/dist/preact.mjs",
        "/console/../pages.py",
        "/console/..%2ftemplates%2fpage.html",
        "/look/",
    ],
)
def test_nothing_else_is_served(stranger: FlaskClient, path: str) -> None:
    assert stranger.get(path).status_code == 404


def test_times_in_words() -> None:
    now = ManualClock().now()
    said = [words.ago(now - timedelta(seconds=s), now) for s in (-600, -5, 0, 59, 60, 3599, 3600, 86399, 86400, 200_000)]
    assert said[:3] == ["ahead of our clock", "just now", "just now"]
    assert said[3:7] == ["just now", "1 min ago", "59 min ago", "1 h ago"]
    assert said[7:] == ["23 h ago", "1 day ago", "2 days ago"]


def test_bars_fill_the_height_and_empty_hours_keep_a_line() -> None:
    drawn = bars([0, 5, 10])
    assert [bar.height for bar in drawn] == [2.0, HEIGHT / 2, HEIGHT]
    assert all(bar.y + bar.height == HEIGHT for bar in drawn)
    assert bars([]) == []
