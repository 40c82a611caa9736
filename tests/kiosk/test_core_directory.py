"""The directory: pages with a cursor, cards that go, keys that change, hubs that answer nonsense."""

from __future__ import annotations

import msgspec
import pytest

from edge.contracts.envelope import VERSION, encode
from edge.contracts.news import News
from edge.process.clock import ManualClock
from edge.process.health import Health
from edge.transport.http import HttpReply, Unreachable
from kiosk.directory_fetch import PAGE, PATH, DirectoryFetch
from kiosk.records.book import open_book
from tests.support.kiosk_core import (
    CARD_KEY,
    HUB_PUBLIC,
    KIOSK,
    LOST_UID,
    MARIA,
    MARIA_UID,
    NEW_UID,
    STORE,
    bench,
    entry,
    page,
    token_of,
)


@pytest.fixture
def book(tmp_path):
    opened = open_book(tmp_path, STORE, KIOSK, ManualClock())
    yield opened
    opened.close()


class Pages:
    """A hub that answers from a list and writes down what it was asked."""

    def __init__(self, *replies):
        self.replies, self.asked = list(replies), []

    def get(self, path, params=None):
        assert path == PATH
        self.asked.append(params)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, HttpReply) else HttpReply(200, msgspec.json.encode(reply))


def problem(health):
    return {part.part: part.code for part in health.report().parts}["directory"]


def fetched(book, *replies):
    health, pages = Health("kiosk", "0"), Pages(*replies)
    good = DirectoryFetch(book.directory, pages, health).fetch()
    return good, problem(health), [asked["after"] for asked in pages.asked]


def test_all_pages_are_taken_with_the_cursor(book):
    pages = [page([entry()], 5, more=True), page([entry(LOST_UID, state="blocked")], 9)]
    assert fetched(book, *pages) == (True, "ok", [0, 5])
    assert book.directory.find(token_of(MARIA_UID)) == entry()
    assert book.directory.find(token_of(LOST_UID)).state == "blocked"
    assert book.directory.find(token_of(NEW_UID)) is None
    state = book.directory.state()
    assert (state.cursor, state.hub_key) == (9, HUB_PUBLIC)


def test_the_next_fetch_goes_on_where_the_last_ended(book):
    fetched(book, page([entry()], 5))
    assert fetched(book, page([], 5)) == (True, "ok", [5])
    assert book.directory.count() == 1


def test_another_card_key_begins_again_from_nothing(book):
    fetched(book, page([entry()], 5))
    new = entry(NEW_UID, member="m_new")
    assert fetched(book, page([new], 9, key="key-two"), page([new], 9, key="key-two")) == (True, "ok", [5, 0])
    assert book.directory.find(token_of(MARIA_UID)) is None
    assert book.directory.find(token_of(NEW_UID)) == new


def test_a_hub_whose_count_went_back_is_asked_again_from_the_start(book):
    """Restored from a backup, or made anew: waiting for its count to come this far would keep old cards for months."""
    fetched(book, page([entry()], 50))
    new = entry(NEW_UID, member="m_new")
    assert fetched(book, page([], 9), page([new], 9)) == (True, "ok", [50, 0])
    assert book.directory.find(token_of(MARIA_UID)) is None
    assert book.directory.find(token_of(NEW_UID)) == new
    assert book.directory.state().cursor == 9


def test_a_card_that_is_gone_is_forgotten_with_the_days_visits(tmp_path):
    with bench(tmp_path) as kiosk:
        kiosk.tap()
        kiosk.book.directory.take(page([entry(NEW_UID)], 11))
        kiosk.book.directory.take(page([entry(state="gone", member=None)], 12))
        assert kiosk.book.visits.recent(MARIA), "another card of the same member is still there"
        kiosk.book.directory.take(page([entry(NEW_UID, state="gone", member=None)], 13))
        assert kiosk.book.visits.count() == 0
        assert kiosk.book.directory.find(token_of(MARIA_UID)) is None
        assert [arrival.member for arrival in kiosk.waiting()] == [MARIA], "the hub decides over what it does not have yet"


def test_a_language_no_arrival_may_carry_is_left_out(book):
    book.directory.take(page([entry(language="Klingon, please"), entry(LOST_UID, language="zh-Hant")]))
    assert book.directory.find(token_of(MARIA_UID)).language is None
    assert book.directory.find(token_of(LOST_UID)).language == "zh-Hant"


def test_a_bad_hub_key_is_no_key(book):
    for bad in ("", "AAAA", "not base64!", "é"):
        book.directory.take(msgspec.structs.replace(page([]), hub_key=bad))
        assert book.directory.state().hub_key is None


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Unreachable("timed_out", "GET", "hint"), "hub_unreachable"),
        (HttpReply(401, b""), "kiosk_not_known"),
        (HttpReply(403, b""), "kiosk_not_known"),
        (HttpReply(500, b"<html>"), "directory_refused"),
        (HttpReply(200, b"<html>"), "directory_malformed"),
        (HttpReply(200, b"\xff\xfe"), "directory_malformed"),
        (HttpReply(200, b"[" * 100_000), "directory_malformed"),
        (
            HttpReply(200, b'{"entries":[{"token":"short","state":"active"}],"next":1,"more":false,"key":"k","hub_key":""}'),
            "directory_malformed",
        ),
    ],
)
def test_whatever_the_hub_answers_the_old_directory_stays(book, reply, code):
    fetched(book, page([entry()], 5))
    assert fetched(book, reply) == (False, code, [5])
    assert book.directory.find(token_of(MARIA_UID)) == entry()


def test_a_hub_that_turns_in_circles_is_left(book):
    assert fetched(book, page([entry()], 0, more=True))[1] == "directory_unsteady"
    fetched(book, page([entry()], 5))
    flapping = [page([entry()], 6, more=True, key="a"), page([entry()], 6, more=True, key="b"), page([], 7, key="c")]
    assert fetched(book, *flapping)[1] == "directory_unsteady"


def test_news_makes_it_fetch_at_once_and_garbage_does_not(book):
    clock = ManualClock()

    def note(cursor, what="directory"):
        return encode(
            News(
                v=VERSION,
                id="n",
                source=f"{STORE}/hub/hub",
                at=clock.now(),
                clock="free",
                boot="b",
                seq=1,
                age_s=0.0,
                what=what,
                cursor=cursor,
            )
        )

    fetch = DirectoryFetch(book.directory, Pages(), Health("kiosk", "0"))
    for quiet in (b"", b"{}", note(0), note(7, "configuration")):
        fetch.news(quiet)
        assert not fetch._wanted.is_set()
    fetch.news(note(7))
    assert fetch._wanted.is_set()


def test_what_is_stored_is_no_card_and_no_name(book, tmp_path):
    book.directory.take(page([entry()]))
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    assert token_of(MARIA_UID).encode() in content
    assert MARIA_UID.encode() not in content
    assert bytes.fromhex(MARIA_UID) not in content
    assert CARD_KEY not in content
    assert PAGE <= 5000
