"""Errors are JSON, headers are strict, documents agree with the code, machines get what they need."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from edge.contracts import topics
from edge.contracts.directory import DirectoryPage
from edge.contracts.http import ErrorBody
from edge.contracts.sealed import Evidence, seal, unseal
from edge.hub.api.documents import ENDPOINTS, asyncapi, openapi
from edge.hub.store.opening import FILE_NAME
from tests.support.hub import EVIDENCE_KEY, KIOSK_TOKEN, MARIA, MARIA_CARD, STORE, HubBench


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code"),
    [
        ("GET", "/nope", {}, 404, "not_found"),
        ("PUT", "/api/v1/session", {}, 405, "method_not_allowed"),
        ("POST", "/api/v1/session", {"data": b"x" * 70_000, "content_type": "application/json"}, 413, "too_large"),
        ("POST", "/api/v1/session", {"data": b"{", "content_type": "application/json"}, 400, "request_malformed"),
        ("POST", "/api/v1/session", {"data": b"\xff\xfe", "content_type": "application/json"}, 400, "request_malformed"),
        ("POST", "/api/v1/session", {"json": {"associate": "Not A Name", "pin": "1234"}}, 400, "request_malformed"),
        ("POST", "/api/v1/session", {"json": {"associate": "ann", "pin": 1234}}, 400, "request_malformed"),
        ("POST", "/api/v1/session", {"data": {"associate": "ann", "pin": "123456"}}, 415, "content_type_wrong"),
        ("GET", "/api/v1/session", {}, 401, "not_signed_in"),
        ("GET", "/api/v1/session", {"headers": {"Cookie": "shopbell=forged"}}, 401, "not_signed_in"),
        ("GET", "/api/v1/directory", {}, 401, "token_refused"),
        ("GET", "/api/v1/directory", {"headers": {"Authorization": "Bearer guess"}}, 401, "token_refused"),
        ("GET", "/api/v1/directory?after=-1", {"headers": {"Authorization": f"Bearer {KIOSK_TOKEN}"}}, 400, "request_malformed"),
        ("GET", "/api/v1/directory?limit=x", {"headers": {"Authorization": f"Bearer {KIOSK_TOKEN}"}}, 400, "request_malformed"),
    ],
)
def test_errors_say_what_to_do(bench: HubBench, method: str, path: str, options: dict[str, Any], status: int, code: str) -> None:
    answer = bench.hub.app.test_client().open(path, method=method, **options)
    assert answer.status_code == status
    body = msgspec.json.decode(answer.data, type=ErrorBody)
    assert body.error.code == code
    assert body.error.hint
    assert "1234" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_a_fault_shows_no_traceback(bench: HubBench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("Maria Keller nfc:04A2B3C4D5E6F7")

    ann = bench.phone("ann")
    monkeypatch.setattr("edge.hub.store.alerts.meant_for", broken)
    answer = ann.get("/api/v1/alerts")
    assert (answer.status_code, answer.json["error"]["code"]) == (500, "hub_fault")
    assert "Maria" not in answer.text
    assert "Traceback" not in answer.text


def test_the_openapi_document_names_exactly_the_routes_there_are(bench: HubBench) -> None:
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in bench.hub.app.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS") and not rule.endpoint.startswith(("associates_app.", "pass_page."))
    }
    document = openapi()
    told = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert told == served == {(endpoint.path, endpoint.method) for endpoint in ENDPOINTS}
    assert bench.hub.app.test_client().get("/api/openapi.json").json == msgspec.to_builtins(document)


def test_every_reference_in_the_documents_leads_somewhere() -> None:
    for document in (openapi(), asyncapi()):
        for pointer in re.findall(r'"\$ref":"#/([^"]+)"', msgspec.json.encode(document).decode()):
            place: Any = document
            for step in pointer.split("/"):
                place = place[step]
            assert place


def test_the_asyncapi_document_names_exactly_the_topics_of_the_contract() -> None:
    told = {channel["address"] for channel in asyncapi()["channels"].values()}
    made = {
        topics.arrival("s", "n"): "{store}/kiosk/{kiosk}/arrival",
        topics.answer("s", "n"): "{store}/kiosk/{kiosk}/answer",
        topics.news("s", "n"): "{store}/kiosk/{kiosk}/news",
        topics.alert("s", "n"): "{store}/associate/{associate}/alert",
        topics.status("s", "hub", "n"): "{store}/{kind}/{name}/status",
    }
    assert told == {f"{topics.ROOT}/{rest}" for rest in made.values()}
    for concrete, rest in made.items():
        pattern = re.sub(r"\{\w+\}", "[a-z0-9-]+", f"{topics.ROOT}/{rest}")
        assert re.fullmatch(pattern, concrete)


def directory(bench: HubBench, after: int = 0, limit: int = 1000) -> DirectoryPage:
    answer = bench.hub.app.test_client().get(
        f"/api/v1/directory?after={after}&limit={limit}", headers={"Authorization": f"Bearer {KIOSK_TOKEN}"}
    )
    assert answer.status_code == 200
    return msgspec.json.decode(answer.data, type=DirectoryPage)


def test_the_directory_names_nobody_and_moves_on_with_changes(bench: HubBench) -> None:
    bench.put_maria()
    page = directory(bench)
    [entry] = page.entries
    assert (entry.member, entry.state, entry.greeting, entry.language) == (MARIA, "active", "name", "de")
    text = msgspec.json.encode(page).decode()
    assert "Maria" not in text.replace(MARIA, "")
    assert MARIA_CARD.partition(":")[2] not in text
    assert directory(bench, page.next).entries == []
    bench.put_maria(name="Maria Keller-Braun")
    assert directory(bench, page.next).entries == [], "a name is no news for a kiosk"
    bench.put_maria(not_today=True)
    [changed] = directory(bench, page.next).entries
    assert (changed.token, changed.not_today) == (entry.token, True)


def test_the_directory_comes_in_pages_each_change_once(bench: HubBench) -> None:
    with bench.hub.store.file.write() as connection:
        for number in range(25):
            bench.hub.store.members.put_member(connection, f"m-{number}")
            bench.hub.store.members.put_card(connection, f"typed:{number}", f"m-{number}")
    seen, after, more = [], 0, True
    while more:
        page = directory(bench, after, 10)
        seen += [entry.member for entry in page.entries]
        after, more = page.next, page.more
    assert seen == [f"m-{number}" for number in range(25)]


def test_a_cursor_beyond_the_newest_change_is_brought_back(bench: HubBench) -> None:
    bench.put_maria()
    newest = directory(bench).next
    assert (directory(bench, newest).next, directory(bench, newest + 40).next) == (newest, newest)


def test_another_database_of_the_same_store_has_another_mark(bench: HubBench) -> None:
    mark = directory(bench).key
    bench.restart()
    assert directory(bench).key == mark
    for file in bench.folder.glob(f"{FILE_NAME}*"):
        file.unlink()
    bench.restart()
    assert directory(bench).key != mark


def test_the_hubs_key_opens_what_was_sealed_to_it(bench: HubBench) -> None:
    import base64

    key = base64.b64decode(directory(bench).hub_key)
    assert unseal(seal(Evidence("nfc:04AABBCCDDEEFF"), key, "a1"), EVIDENCE_KEY, "a1").card_id == "nfc:04AABBCCDDEEFF"


def test_health_names_each_part(bench: HubBench) -> None:
    bench.hub.health.well("ingest")
    assert bench.hub.app.test_client().get("/healthz").status_code == 200
    bench.hub.health.ill("broker", "broker_unreachable", "See that the broker runs.")
    answer = bench.hub.app.test_client().get("/healthz")
    assert answer.status_code == 503
    assert [part["code"] for part in answer.json["parts"]] == ["broker_unreachable", "ok"]


def test_metrics_name_no_person(bench: HubBench) -> None:
    bench.put_maria()
    ann = bench.phone("ann")
    bench.take(bench.arrival())
    bench.later(1)
    text = ann.get("/metrics").text
    assert 'shopbell_arrivals_total{code="ok",result="new"} 1.0' in text
    assert 'shopbell_alerts_live{state="open"} 1.0' in text
    assert "shopbell_sessions 1.0" in text
    for personal in (MARIA, "Maria", "ann", "door-1", STORE, "arrival-1"):
        assert personal not in text


def test_the_app_is_served(bench: HubBench) -> None:
    client = bench.hub.app.test_client()
    page = client.get("/")
    assert page.status_code == 200
    assert "connect-src 'self' ws://127.0.0.1:9" in page.headers["Content-Security-Policy"]
    assert client.get("/look/tokens.css").status_code == 200
