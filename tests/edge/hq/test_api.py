"""HQ over HTTP: hubs with their tokens, people with a session, and everybody else."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from flask.testing import FlaskClient

from edge.contracts.facts import ErasureBody, FactAnswers, MemberBody
from edge.contracts.feed import Erasure, FeedPage, MemberChange
from edge.contracts.http import ErrorBody
from edge.hq.api.app import BODY_MAX_BYTES, create_app
from edge.hq.api.openapi import OPERATIONS
from edge.hq.parts import Parts
from edge.hq.store import views
from edge.hq.store.database import Database, open_database
from edge.hq.store.schema import migrate
from edge.process.clock import ManualClock
from tests.support import hq
from tests.support.needs import needs
from tests.support.postgres import cluster

NOW = ManualClock().now()


@pytest.fixture
def parts(database: Database, clock: ManualClock) -> Parts:
    return hq.parts(database, clock)


@pytest.fixture
def web(parts: Parts) -> FlaskClient:
    return hq.client(parts)


@pytest.fixture
def lite(sqlite_database: Database, clock: ManualClock) -> FlaskClient:
    """For what does not depend on the engine."""
    return hq.client(hq.parts(sqlite_database, clock))


@pytest.fixture
def person(web: FlaskClient) -> Iterator[tuple[FlaskClient, dict[str, str]]]:
    """A signed-in client, and the header its changes need."""
    hq.sign_in(web)
    yield web, {"X-Shopbell-Csrf": hq.csrf_in(web.get("/").text)}


def _problem(response: object) -> str:
    return msgspec.json.decode(response.data, type=ErrorBody).error.code  # type: ignore[attr-defined]  # a Flask test response


def test_a_batch_is_answered_item_by_item(web: FlaskClient) -> None:
    body = hq.batch(hq.fact(1, hq.arrival(1, NOW), NOW), b'{"id":"bad"}', hq.fact(2, hq.visit(1, NOW), NOW))
    for wanted in ("new", "duplicate"):
        response = web.post("/api/v1/facts", data=body, headers=hq.bearer())
        answers = msgspec.json.decode(response.data, type=FactAnswers).results
        assert response.status_code == 200
        assert [(a.id, a.result) for a in answers] == [("fact-000001", wanted), ("bad", "refused"), ("fact-000002", wanted)]


def test_an_empty_batch_is_a_batch(lite: FlaskClient) -> None:
    assert lite.post("/api/v1/facts", data=hq.batch(), headers=hq.bearer()).data == b'{"results":[]}'


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic token-of-main-street", "token-of-main-street", "Bearer tökén"],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/api/v1/facts"), ("GET", "/api/v1/feed")])
def test_without_the_stores_token_nothing_is_said(lite: FlaskClient, header: str | None, method: str, path: str) -> None:
    headers = {} if header is None else {"Authorization": header.encode("utf-8").decode("latin-1")}
    response = lite.open(path, method=method, data=hq.batch(), headers=headers)
    assert (response.status_code, _problem(response)) == (401, "token_unknown")


def test_a_hub_cannot_speak_for_another_store(web: FlaskClient, parts: Parts) -> None:
    body = hq.batch(hq.fact(1, hq.visit(1, NOW), NOW, hq.OTHER))
    answers = msgspec.json.decode(web.post("/api/v1/facts", data=body, headers=hq.bearer()).data, type=FactAnswers).results
    assert (answers[0].result, answers[0].code) == ("refused", "wrong_store")
    assert views.counts(parts.database, NOW) == {}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "malformed"),
        (b"[]", 400, "malformed"),
        (b'{"facts":{}}', 400, "malformed"),
        (b'{"facts":[1,]}', 400, "malformed"),
        (b"\xff\xfe", 400, "malformed"),
        (b"[" * 100_000, 400, "malformed"),
        (hq.batch(*[b"{}"] * 501), 413, "too_many_facts"),
        (b" " * (BODY_MAX_BYTES + 1), 413, "body_too_large"),
    ],
)
def test_a_body_that_is_no_batch_is_refused_whole(lite: FlaskClient, body: bytes, status: int, code: str) -> None:
    response = lite.post("/api/v1/facts", data=body, headers=hq.bearer())
    assert (response.status_code, _problem(response)) == (status, code)


def test_five_hundred_of_the_largest_facts_fit(lite: FlaskClient) -> None:
    largest = b'{"pad":"' + b"x" * (16384 - 10) + b'"}'
    assert len(largest) == 16384
    assert lite.post("/api/v1/facts", data=hq.batch(*[largest] * 500), headers=hq.bearer()).status_code == 200


def test_bytes_that_are_no_text_inside_one_item_refuse_that_item(web: FlaskClient) -> None:
    body = hq.batch(b'{"id":"\xff"}', hq.fact(1, hq.visit(1, NOW), NOW))
    answers = msgspec.json.decode(web.post("/api/v1/facts", data=body, headers=hq.bearer()).data, type=FactAnswers).results
    assert [a.result for a in answers] == ["refused", "new"]


def test_the_feed_in_pages(web: FlaskClient, person: tuple[FlaskClient, dict[str, str]], parts: Parts) -> None:
    _, proof = person
    hq.send(parts.database, hq.fact(1, MemberBody("m-1", 1, "Maria"), NOW))
    for name in ("Mary", "Marie", "Mia"):
        assert web.patch("/api/v1/members/m-1", json={"name": name}, headers=proof).status_code == 200
    first = msgspec.json.decode(web.get("/api/v1/feed?after=0&limit=2", headers=hq.bearer()).data, type=FeedPage)
    assert ([item.seq for item in first.items], first.next, first.more) == ([1, 2], 2, True)
    rest = msgspec.json.decode(web.get(f"/api/v1/feed?after={first.next}", headers=hq.bearer()).data, type=FeedPage)
    assert (rest.items[0].body, rest.next, rest.more) == (MemberChange("m-1", "Mia"), 3, False)
    assert msgspec.json.decode(web.get("/api/v1/feed", headers=hq.bearer(hq.OTHER)).data, type=FeedPage).items == []


@pytest.mark.parametrize("query", ["after=-1", "after=x", "after=1e3", "limit=501", "after=9223372036854775808", "after=²"])
def test_a_cursor_that_is_none_is_refused(lite: FlaskClient, query: str) -> None:
    response = lite.get(f"/api/v1/feed?{query}", headers=hq.bearer())
    assert (response.status_code, _problem(response)) == (400, "parameter_invalid")


def test_asking_for_the_feed_shows_that_the_hub_is_there(web: FlaskClient, parts: Parts, clock: ManualClock) -> None:
    web.get("/api/v1/feed", headers=hq.bearer())
    assert views.last_heard(parts.database) == {hq.STORE: clock.now()}
    clock.advance(3600)
    web.get("/api/v1/feed", headers=hq.bearer())
    assert views.last_heard(parts.database) == {hq.STORE: clock.now()}


def test_a_person_changes_and_erases_a_member(person: tuple[FlaskClient, dict[str, str]], parts: Parts) -> None:
    web, proof = person
    hq.send(parts.database, hq.fact(1, MemberBody("m-1", 1, "Maria"), NOW))
    changed = web.patch("/api/v1/members/m-1", json={"name": " Mary ", "language": "pt-BR", "greeting": "name"}, headers=proof)
    assert changed.json == {"member": "m-1", "name": "Mary", "language": "pt-BR", "greeting": "name", "stores": [hq.STORE]}
    assert web.post("/api/v1/members/m-1/erase", headers=proof).json == {"member": "m-1", "erased": True}
    feed = msgspec.json.decode(web.get("/api/v1/feed", headers=hq.bearer()).data, type=FeedPage)
    assert [item.body for item in feed.items] == [Erasure("m-1")]
    gone = web.patch("/api/v1/members/m-1", json={"name": "Mary"}, headers=proof)
    assert (gone.status_code, _problem(gone)) == (404, "member_unknown")


@pytest.mark.parametrize(
    "change",
    [{"name": "x" * 81}, {"name": "a\nb"}, {"name": "a\x00"}, {"language": "English!"}, {"greeting": "loud"}, [], {"name": 1}],
)
def test_a_change_that_makes_no_sense_is_refused(lite: FlaskClient, change: object) -> None:
    hq.sign_in(lite)
    proof = {"X-Shopbell-Csrf": hq.csrf_in(lite.get("/").text)}
    response = lite.patch("/api/v1/members/m-1", json=change, headers=proof)
    assert (response.status_code, _problem(response)) == (400, "malformed")


@pytest.mark.parametrize(("method", "path"), [("PATCH", "/api/v1/members/m-1"), ("POST", "/api/v1/members/m-1/erase")])
def test_members_are_for_people_who_signed_in_and_sent_it_from_our_page(lite: FlaskClient, method: str, path: str) -> None:
    def tried(**headers: str) -> tuple[int, str]:
        response = lite.open(path, method=method, json={}, headers={name.replace("_", "-"): v for name, v in headers.items()})
        return response.status_code, _problem(response)

    assert tried() == (401, "not_signed_in")
    assert tried(**hq.bearer()) == (401, "not_signed_in")
    hq.sign_in(lite)
    proof = hq.csrf_in(lite.get("/").text)
    assert tried() == (403, "csrf_failed")
    assert tried(X_Shopbell_Csrf="wrong") == (403, "csrf_failed")
    assert tried(X_Shopbell_Csrf=proof, Origin="https://evil.example") == (403, "csrf_failed")
    assert tried(X_Shopbell_Csrf=proof, Origin="http://localhost")[0] == 404  # nobody of that name


def test_health_names_the_database(lite: FlaskClient) -> None:
    response = lite.get("/healthz")
    assert response.status_code == 200
    assert response.json["process"] == "hq" and response.json["parts"] == [
        {"part": "database", "well": True, "code": "ok", "hint": ""}
    ]


def test_metrics_count_answers_by_store_and_code_and_name_nobody(web: FlaskClient) -> None:
    body = hq.batch(hq.fact(1, MemberBody("m-1", 1, "Maria"), NOW), b"{}", hq.fact(2, ErasureBody("m-1"), NOW))
    web.post("/api/v1/facts", data=body, headers=hq.bearer())
    text = web.get("/metrics").text
    assert 'shopbell_hq_facts_total{result="new",store="main-street"} 2.0' in text
    assert 'shopbell_hq_refused_total{code="malformed",store="main-street"} 1.0' in text
    assert "shopbell_hq_parked 1.0" in text and "shopbell_hq_feed_end 1.0" in text
    assert "Maria" not in text and "m-1" not in text


def test_the_description_holds_every_route_of_the_interface_and_no_other(lite: FlaskClient, sqlite_database: Database) -> None:
    app = create_app(hq.parts(sqlite_database))
    served = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/") or rule.rule in ("/healthz", "/metrics")
    }
    document = lite.get("/api/openapi.json").json
    described = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert served == described == {(operation.method, operation.path) for operation in OPERATIONS}


def test_every_reference_of_the_description_leads_somewhere(lite: FlaskClient) -> None:
    response = lite.get("/api/openapi.json")
    names = set(re.findall(r'"#/components/schemas/(\w+)"', response.text))
    assert {"Fact", "FactBatch", "FactAnswers", "FeedPage", "ErrorBody", "MemberEdit"} <= names
    assert names <= set(response.json["components"]["schemas"])


@pytest.mark.parametrize(
    ("path", "status", "code"), [("/api/v1/nothing", 404, "not_found"), ("/api/v1/facts", 405, "method_not_allowed")]
)
def test_what_is_not_there_is_said_in_json(lite: FlaskClient, path: str, status: int, code: str) -> None:
    response = lite.get(path)
    assert (response.status_code, _problem(response)) == (status, code)


def test_a_fault_nobody_thought_of_shows_no_traceback(lite: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_arguments: object) -> None:
        raise ValueError("Maria's card nfc:04A2B3")

    monkeypatch.setattr("edge.hq.api.facts.ingest.receive", fault)
    response = lite.post("/api/v1/facts", data=hq.batch(), headers=hq.bearer())
    assert (response.status_code, _problem(response)) == (500, "fault")
    assert "Maria" not in response.text and "Traceback" not in response.text


@pytest.mark.postgres
def test_without_its_server_hq_says_so_and_comes_back_to_life() -> None:
    with cluster(Path(needs("postgres"))) as server:
        database = open_database(server.new_database())
        migrate(database)
        web = hq.client(hq.parts(database))
        body = hq.batch(hq.fact(1, hq.visit(1, NOW), NOW))
        server.stop()
        away = web.post("/api/v1/facts", data=body, headers=hq.bearer())
        assert (away.status_code, _problem(away)) == (503, "database_unavailable")
        health = web.get("/healthz")
        assert (health.status_code, health.json["parts"][0]["code"]) == (503, "database_unavailable")
        assert web.get("/").status_code in (303, 503)
        server.start_again()
        assert web.get("/healthz").status_code == 200
        again = msgspec.json.decode(web.post("/api/v1/facts", data=body, headers=hq.bearer()).data, type=FactAnswers)
        assert again.results[0].result == "new"
        database.close()


def test_a_body_sent_without_its_length_is_bounded_too(lite: FlaskClient) -> None:
    stream = io.BytesIO(b" " * (BODY_MAX_BYTES + 1))
    environment = {"wsgi.input": stream, "wsgi.input_terminated": True, "HTTP_AUTHORIZATION": hq.bearer()["Authorization"]}
    response = lite.post("/api/v1/facts", environ_overrides=environment)
    assert response.status_code in (400, 413)
