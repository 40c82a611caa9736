"""The kiosk's web server: who may talk to it, what actions do, what it says of itself, what it never gives away."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from edge.process.clock import ManualClock, SystemClock
from edge.process.errors import OperatorError
from edge.process.health import Health
from kiosk.screen.board import Board
from kiosk.screen.phrases import resting
from kiosk.screen.serve import ScreenServer
from kiosk.screen.server import create_app
from tests.support.screen import Deeds, Screen, screen, words


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def on(clock: ManualClock) -> Iterator[Screen]:
    with screen(clock) as served:
        served.board.show(resting("idle", "en"))
        yield served


def visit(on: Screen, arrival: str = "a1") -> None:
    on.board.show(words("welcome", reasons=True, not_today=True), arrival)


def test_the_page_and_its_files_are_served_with_strict_headers(on: Screen) -> None:
    for path in ("/", "/static/page.js", "/look/base.css", "/look/icons/bell.svg", "/healthz", "/metrics", "/nothing"):
        answer = on.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "camera=()" in answer.headers["Permissions-Policy"]
        assert "waitress" not in str(answer.headers).lower()


def test_the_page_needs_no_inline_code_and_no_other_host(on: Screen) -> None:
    html = on.get("/").text
    assert "style=" not in html and "onclick" not in html and "<style" not in html
    assert html.count("<script") == 1 and 'src="/static/page.js' in html
    assert "://" not in html.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize(
    "path",
    [
        "/look/",
        "/look",
        "/static/",
        "/look/package.json",
        "/look/node_modules/axe-core/axe.min.js",
        "/look/../process/config.py",
        "/look/%2e%2e/process/config.py",
        "/look/..%2fprocess%2fconfig.py",
        "/static/..%2fserver.py",
        "/static//etc/passwd",
        "/templates/page.html",
    ],
)
def test_only_the_page_s_own_files_exist(on: Screen, path: str) -> None:
    status, body = on.send("GET", path, None, {})
    assert status == 404
    assert body["error"]["code"] in ("file_unknown", "page_unknown")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::1]:1"])
def test_another_host_name_is_refused(on: Screen, host: str) -> None:
    for method, path in (("GET", "/"), ("GET", "/stream"), ("POST", "/act/bell")):
        status, body = on.send(
            method, path, b"{}", {"Host": host, "Origin": f"http://{host}", "Content-Type": "application/json"}
        )
        assert status in (400, 421)
        assert body["error"]["code"] in ("host_refused", "request_malformed")
    assert on.deeds.asked == []


def test_a_name_with_a_port_is_held_to_that_port() -> None:
    board = Board(SystemClock())
    app = create_app(board, Deeds(), Health("kiosk", "test"), allowed_hosts=frozenset({"door.local:8601"}))
    assert app.test_client().get("/", headers={"Host": "door.local:8601"}).status_code == 200
    assert app.test_client().get("/", headers={"Host": "door.local:9999"}).status_code == 421
    assert app.test_client().get("/", headers={"Host": "door.local"}).status_code == 421


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Origin": "http://evil.example"}, "origin_refused"),
        ({"Origin": "null"}, "origin_refused"),
        ({"Origin": ""}, "origin_refused"),
        ({"Sec-Fetch-Site": "cross-site"}, "origin_refused"),
        ({"Content-Type": "text/plain"}, "not_json"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "not_json"),
    ],
)
def test_an_action_must_come_from_the_page(on: Screen, headers: dict[str, str], code: str) -> None:
    visit(on)
    for path, body in (
        ("/act/bell", {}),
        ("/act/reason", {"arrival_id": "a1", "reason": "help"}),
        ("/act/alive", {"version": 1}),
    ):
        status, said = on.post(path, body, **headers)
        assert status in (403, 415)
        assert said["error"]["code"] == code
        assert said["error"]["hint"]
    assert on.deeds.asked == []


def test_no_origin_at_all_is_refused(on: Screen) -> None:
    status, said = on.send("POST", "/act/bell", b"{}", {"Content-Type": "application/json"})
    assert (status, said["error"]["code"]) == (403, "origin_refused")


def test_the_bell_rings_once_for_a_bouncing_finger(on: Screen, clock: ManualClock) -> None:
    assert on.post("/act/bell", {"language": "de"}) == (200, {"ok": True, "repeated": False})
    assert on.post("/act/bell", {"language": "de"}) == (200, {"ok": True, "repeated": True})
    clock.advance(4)
    assert on.post("/act/bell", {})[0] == 200
    assert on.deeds.asked == [("bell", "de", None), ("bell", None, None)]


def test_a_reason_is_passed_on_once_and_shown(on: Screen) -> None:
    visit(on)
    wish = {"arrival_id": "a1", "reason": "pickup"}
    assert on.post("/act/reason", wish)[1] == {"ok": True, "repeated": False}
    assert on.board.view().reason == "pickup"
    assert on.post("/act/reason", wish)[1] == {"ok": True, "repeated": True}
    assert on.post("/act/reason", {"arrival_id": "a1", "reason": "help"})[1]["repeated"] is False
    assert on.deeds.asked == [("reason", "a1", "pickup"), ("reason", "a1", "help")]


@pytest.mark.parametrize(("path", "more"), [("/act/reason", {"reason": "help"}), ("/act/not-today", {})])
def test_what_is_no_longer_on_the_screen_cannot_be_touched(
    on: Screen, clock: ManualClock, path: str, more: dict[str, str]
) -> None:
    visit(on, "a1")
    visit(on, "a2")
    status, said = on.post(path, {"arrival_id": "a1", **more})
    assert (status, said["error"]["code"]) == (409, "arrival_gone")
    clock.advance(60)
    status, said = on.post(path, {"arrival_id": "a2", **more})
    assert (status, said["error"]["code"]) == (409, "arrival_gone")
    assert on.deeds.asked == []


def test_a_reason_nobody_asked_for_is_refused(on: Screen) -> None:
    on.board.show(words("repeat"), "a1")
    status, said = on.post("/act/reason", {"arrival_id": "a1", "reason": "help"})
    assert (status, said["error"]["code"]) == (409, "not_offered")


def test_not_today_before_and_after_the_tap(on: Screen) -> None:
    assert on.post("/act/not-today", {"arrival_id": None})[0] == 200
    visit(on)
    assert on.post("/act/not-today", {"arrival_id": "a1"})[0] == 200
    assert on.deeds.asked == [("not_today", None, None), ("not_today", "a1", None)]


def test_language_and_more_time(on: Screen, clock: ManualClock) -> None:
    assert on.post("/act/language", {"language": "fr"})[0] == 200
    assert (on.board.view().title, on.board.chosen_language()) == ("Bienvenue", "fr")
    assert on.deeds.asked == [("language", "fr", None)]
    visit(on)
    clock.advance(25)
    assert on.post("/act/stay", {"showing": on.board.view().showing})[0] == 200
    assert on.board.view().ends_in_s == 20.0
    status, said = on.post("/act/stay", {"showing": 1})
    assert (status, said["error"]["code"]) == (409, "scene_gone")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/act/reason", {"arrival_id": "a1", "reason": "steal"}),
        ("/act/reason", {"arrival_id": "../../x", "reason": "help"}),
        ("/act/reason", {"reason": "help"}),
        ("/act/reason", []),
        ("/act/bell", {"language": "tlh"}),
        ("/act/bell", {"langauge": "de"}),
        ("/act/language", {"language": None}),
        ("/act/stay", {"showing": "1"}),
        ("/act/alive", {"version": -2}),
        ("/act/not-today", {"arrival_id": 7}),
    ],
)
def test_a_wrong_body_is_refused_without_repeating_it(on: Screen, path: str, body: object) -> None:
    visit(on)
    status, said = on.post(path, body)
    assert (status, said["error"]["code"]) == (400, "body_invalid")
    assert on.deeds.asked == []
    assert "steal" not in str(said) and "tlh" not in str(said)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 3000, b'{"reason": "help", "arrival_id": "\\ud800"}'])
def test_garbage_is_refused(on: Screen, body: bytes) -> None:
    status, said = on.send("POST", "/act/reason", body, {"Origin": on.url, "Content-Type": "application/json"})
    assert (status, said["error"]["code"]) == (400, "body_invalid")


def test_too_much_is_refused(on: Screen) -> None:
    status, said = on.send("POST", "/act/bell", b" " * 5000, {"Origin": on.url, "Content-Type": "application/json"})
    assert (status, said["error"]["code"]) == (413, "too_large")


def test_wrong_methods_and_addresses_are_told_in_json(on: Screen) -> None:
    assert on.send("GET", "/act/bell", None, {})[1]["error"]["code"] == "method_refused"
    assert on.send("GET", "/wp-login.php", None, {})[1]["error"]["code"] == "page_unknown"


def test_trouble_in_the_kiosk_is_told_without_a_traceback(on: Screen) -> None:
    visit(on)
    on.deeds.trouble = OperatorError("outbox_full", "recording", "Wait until the hub is back.")
    status, said = on.post("/act/reason", {"arrival_id": "a1", "reason": "help"})
    assert (status, said["error"]["code"], said["error"]["hint"]) == (503, "outbox_full", "Wait until the hub is back.")
    assert on.board.view().reason is None
    on.deeds.trouble = ValueError("Maria's card 04A2B3C4D5E6F7")
    status, said = on.post("/act/not-today", {"arrival_id": "a1"})
    assert (status, said["error"]["code"]) == (500, "internal")
    assert "Maria" not in str(said) and "Traceback" not in str(said)
    on.deeds.trouble = None
    assert on.post("/act/not-today", {"arrival_id": "a1"})[0] == 200


def test_a_dead_page_is_seen(on: Screen, clock: ManualClock) -> None:
    assert on.send("GET", "/healthz", None, {})[0] == 200
    assert "shopbell_screen_page_age_seconds -1.0" in on.get("/metrics").text
    on.post("/act/alive", {"version": 1})
    clock.advance(45)
    status, said = on.send("GET", "/healthz", None, {})
    assert (status, said["parts"]) == (200, [{"part": "screen", "well": True, "code": "ok", "hint": ""}])
    clock.advance(1)
    status, said = on.send("GET", "/healthz", None, {})
    assert (status, said["state"], said["parts"][0]["code"]) == (503, "degraded", "screen_silent")
    assert "shopbell_screen_page_age_seconds 46.0" in on.get("/metrics").text
    on.post("/act/alive", {"version": 1})
    assert on.send("GET", "/healthz", None, {})[0] == 200


def test_actions_are_counted(on: Screen) -> None:
    on.post("/act/bell", {})
    on.post("/act/bell", {})
    text = on.get("/metrics").text
    assert 'shopbell_screen_actions_total{kind="bell"} 1.0' in text
    assert "shopbell_screen_streams 0.0" in text


def test_a_taken_port_is_told_by_name() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        board = Board(SystemClock())
        app = create_app(board, Deeds(), Health("kiosk", "test"), allowed_hosts=frozenset({"127.0.0.1"}))
        with pytest.raises(OperatorError) as told:
            ScreenServer(app, board, "127.0.0.1", taken.getsockname()[1])
    assert told.value.code == "port_in_use"
    assert str(taken) not in str(told.value)


def test_a_stopped_server_leaves_its_port_free() -> None:
    with screen() as first:
        port = first.port
    with screen(port=port) as second:
        assert second.get("/").status == 200
