"""The exchange against an HQ that answers over real HTTP, well and badly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from edge.contracts.facts import FACTS_MAX_BATCH
from edge.contracts.feed import Erasure, FeedItem, FeedPage, MemberChange
from edge.hub.config import Policy
from edge.hub.store import members
from edge.sync.exchange import Exchange
from edge.transport.http import HttpClient
from tests.support.hub import MARIA, STORE, HubBench

HOLD_S = Policy().hold_s


class FakeHq(ThreadingHTTPServer):
    """Takes facts once each; its answers can be told to go wrong."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.facts: dict[str, Any] = {}
        self.batches: list[int] = []
        self.refuse: set[str] = set()
        self.feed: list[FeedItem] = []
        self.raw_feed: bytes | None = None
        self.status = 200
        self.cut_after_commit = False
        self.answer_short = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def take(self, body: bytes) -> bytes:
        facts = msgspec.json.decode(body)["facts"]
        self.batches.append(len(facts))
        results = []
        for fact in facts:
            kind = fact["body"]["kind"]
            if kind in self.refuse:
                results.append({"id": fact["id"], "result": "refused", "code": "kind_refused", "hint": "Mend it."})
            else:
                results.append({"id": fact["id"], "result": "duplicate" if fact["id"] in self.facts else "new"})
                self.facts[fact["id"]] = fact
        return msgspec.json.encode({"results": results[:-1] if self.answer_short else results})

    def page(self, after: int, limit: int) -> bytes:
        if self.raw_feed is not None:
            return self.raw_feed
        items = [item for item in self.feed if item.seq > after]
        shown = items[: min(limit, 3)]
        following = shown[-1].seq if shown else after
        return msgspec.json.encode(FeedPage(shown, following, len(items) > len(shown)))


class _Handler(BaseHTTPRequestHandler):
    server: FakeHq
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status != 200 or self.headers["Authorization"] != "Bearer store-token":
            return self.reply(self.server.status if self.server.status != 200 else 401, b"{}")
        answer = self.server.take(body)
        if self.server.cut_after_commit:
            self.connection.close()
            return None
        return self.reply(200, answer)

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        self.reply(self.server.status, self.server.page(int(query["after"][0]), int(query["limit"][0])))

    def reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def hq() -> Iterator[FakeHq]:
    server = FakeHq()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def bench(tmp_path: Path, hq: FakeHq) -> Iterator[HubBench]:
    made = HubBench(tmp_path / "hub", HttpClient(hq.url, "store-token", 2))
    yield made
    made.close()


def exchange_of(bench: HubBench) -> Exchange:
    assert bench.hub.exchange is not None
    return bench.hub.exchange


def part(bench: HubBench) -> str:
    return next(part.code for part in bench.hub.health.report().parts if part.part == "hq")


def test_facts_leave_once_and_the_outbox_empties(bench: HubBench, hq: FakeHq) -> None:
    bench.put_maria()
    exchange_of(bench).turn()
    assert [fact["body"]["kind"] for fact in hq.facts.values()] == ["member"]
    assert bench.hub.store.outbox.count() == 0
    assert part(bench) == "ok"


def test_arrivals_are_held_until_the_not_today_window_has_closed(bench: HubBench, hq: FakeHq) -> None:
    bench.put_maria()
    first = bench.arrival()
    bench.take(first)
    bench.clock.advance(HOLD_S - 1)
    exchange_of(bench).turn()
    assert {fact["body"]["kind"] for fact in hq.facts.values()} == {"member"}
    bench.take(msgspec.structs.replace(first, rev=1, outcome="not_today", member=None, card_token=None))
    for _ in range(3):
        bench.clock.advance(HOLD_S)
        exchange_of(bench).turn()
    told = [fact["body"] for fact in hq.facts.values() if fact["body"]["kind"] in ("arrival", "visit")]
    assert {body["kind"] for body in told} == {"arrival", "visit"}
    assert all("member" not in body for body in told), "HQ heard who it was"


def test_refused_facts_are_parked_and_hold_nobody_up(bench: HubBench, hq: FakeHq) -> None:
    hq.refuse = {"member"}
    bench.put_maria()
    bench.take(bench.guest())
    bench.clock.advance(HOLD_S)
    exchange_of(bench).turn()
    [parked] = bench.hub.store.outbox.parked()
    assert (parked.code, parked.hint) == ("kind_refused", "Mend it.")
    assert {fact["body"]["kind"] for fact in hq.facts.values()} == {"arrival", "visit"}
    hq.refuse = set()
    assert bench.hub.store.outbox.resend(parked.key)
    exchange_of(bench).turn()
    assert "member" in {fact["body"]["kind"] for fact in hq.facts.values()}
    assert bench.hub.store.outbox.parked() == []


def test_an_answer_lost_after_hqs_commit_doubles_nothing(bench: HubBench, hq: FakeHq) -> None:
    bench.put_maria()
    hq.cut_after_commit = True
    exchange_of(bench).turn()
    assert bench.hub.store.outbox.count() == 1
    assert part(bench) != "ok"
    hq.cut_after_commit = False
    bench.clock.advance(120)
    exchange_of(bench).turn()
    assert bench.hub.store.outbox.count() == 0
    assert len(hq.facts) == 1
    assert part(bench) == "ok"


@pytest.mark.parametrize(("status", "code"), [(500, "hq_answered_badly"), (503, "hq_answered_badly"), (401, "hq_refused_token")])
def test_trouble_at_hq_keeps_everything_and_is_said(bench: HubBench, hq: FakeHq, status: int, code: str) -> None:
    bench.put_maria()
    hq.status = status
    waits = [exchange_of(bench).turn() for _ in range(8)]
    assert 0.8 <= waits[0] <= 1.2
    assert 48 <= waits[-1] <= 72
    assert bench.hub.store.outbox.count() == 1
    assert part(bench) == code
    hq.status = 200
    bench.clock.advance(100)
    exchange_of(bench).turn()
    assert bench.hub.store.outbox.count() == 0


def test_a_short_answer_is_no_answer(bench: HubBench, hq: FakeHq) -> None:
    bench.put_maria()
    hq.answer_short = True
    exchange_of(bench).turn()
    assert (bench.hub.store.outbox.count(), part(bench)) == (1, "answer_short")


def test_a_backlog_leaves_in_batches_at_once(bench: HubBench, hq: FakeHq) -> None:
    with bench.hub.store.file.write() as connection:
        for number in range(1201):
            bench.hub.store.members.put_member(connection, f"m-{number}")
    while bench.hub.store.outbox.count():
        assert exchange_of(bench).turn() == 0.0
    assert hq.batches == [FACTS_MAX_BATCH, FACTS_MAX_BATCH, 201]
    assert [fact["body"]["member"] for fact in hq.facts.values()] == [f"m-{number}" for number in range(1201)]


def test_the_feed_is_applied_once_with_its_cursor(bench: HubBench, hq: FakeHq) -> None:
    hq.feed = [FeedItem(seq, MemberChange(f"m-{seq}", name=f"Name {seq}", greeting="name")) for seq in range(1, 8)]
    assert exchange_of(bench).pull() == 7
    assert bench.hub.feed.cursor() == 7
    assert len(bench.rows("members")) == 7
    assert exchange_of(bench).pull() == 0
    assert bench.facts("member") == [], "HQ is not told what HQ has told"
    with bench.hub.store.file.read() as connection:
        found = members.find_member(connection, STORE, "m-3")
    assert found is not None
    assert (found.name, found.origin) == ("Name 3", "hq")


def test_a_page_is_all_or_nothing(bench: HubBench, hq: FakeHq, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.put_maria()
    hq.feed = [FeedItem(1, MemberChange("m-new", name="New")), FeedItem(2, Erasure(MARIA))]

    def crash(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(bench.hub.eraser, "erase_member", crash)
        with pytest.raises(RuntimeError):
            exchange_of(bench).pull()
    assert bench.hub.feed.cursor() == 0
    assert [row["member"] for row in bench.rows("members")] == [MARIA]
    assert exchange_of(bench).pull() == 2
    assert {row["member"]: row["erased"] for row in bench.rows("members")} == {MARIA: 1, "m-new": 0}


def test_what_a_newer_hq_sends_does_not_stop_the_feed(bench: HubBench, hq: FakeHq) -> None:
    items = [
        {"seq": 1, "body": {"kind": "programme", "name": "Gold"}},
        {"seq": 2, "body": {"kind": "card", "card_id": "nonsense", "state": "active", "member": "m-1"}},
        {"seq": 3, "body": {"kind": "member", "member": "m-1", "name": "One"}},
    ]
    hq.raw_feed = msgspec.json.encode({"items": items, "next": 3, "more": False})
    exchange_of(bench).pull()
    assert bench.hub.feed.cursor() == 3
    assert [row["name"] for row in bench.rows("members")] == ["One"]


def test_an_hq_restored_from_a_backup_is_followed_back_and_on(bench: HubBench, hq: FakeHq) -> None:
    """Its feed ends earlier than this hub's cursor: what it writes next has numbers this hub has seen before."""
    first = [{"seq": 9, "body": {"kind": "member", "member": "m-1", "name": "One"}}]
    hq.raw_feed = msgspec.json.encode({"items": first, "next": 9, "more": False})
    exchange_of(bench).pull()
    hq.raw_feed = msgspec.json.encode({"items": [], "next": 4, "more": False})
    exchange_of(bench).pull()
    assert bench.hub.feed.cursor() == 4
    again = [{"seq": 5, "body": {"kind": "member", "member": "m-1", "name": "One, renamed"}}]
    hq.raw_feed = msgspec.json.encode({"items": again, "next": 5, "more": False})
    exchange_of(bench).pull()
    assert [row["name"] for row in bench.rows("members")] == ["One, renamed"]


@pytest.mark.parametrize(
    ("body", "code"), [(b"<html>", "feed_malformed"), (b'{"items":[],"next":0,"more":true}', "feed_backwards")]
)
def test_a_feed_that_is_none_is_said(bench: HubBench, hq: FakeHq, body: bytes, code: str) -> None:
    hq.raw_feed = body
    exchange_of(bench).turn()
    assert part(bench) == code


def test_hq_away_is_said_and_passes(bench: HubBench, hq: FakeHq) -> None:
    bench.put_maria()
    hq.shutdown()
    hq.server_close()
    wait = exchange_of(bench).turn()
    assert wait >= 0.8
    assert part(bench) in ("unreachable", "timed_out", "reply_broken")
    assert bench.hub.store.outbox.count() == 1
