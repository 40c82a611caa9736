"""The contract of filing facts, on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from edge.contracts.facts import AlertBody, ArrivalBody, DeviceBody, FactAnswer, MemberBody
from edge.hq.receive import Accepted, judge
from edge.hq.store import feed, ingest, parked, people, projections, tables, views
from edge.hq.store.database import Database
from edge.process.clock import ManualClock
from tests.support import hq
from tests.support.postgres import wait_for_a_waiter

NOW = ManualClock().now()
_UNIQUE = itertools.count(1_000_000)


def _results(answers: Sequence[FactAnswer]) -> Counter[str]:
    return Counter(answer.result for answer in answers)


def _count(database: Database, table: Any, store: str = hq.STORE) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table).where(table.c.store == store)).scalar_one())


def _rows(database: Database, table: Any) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(select(table)))


def _five_hundred() -> list[bytes]:
    return [hq.fact(n, hq.arrival(n, NOW, f"m-{n % 40}"), NOW) for n in range(500)]


def test_a_full_batch_is_filed_and_its_replay_is_nothing_but_duplicates(database: Database) -> None:
    assert _results(hq.send(database, *_five_hundred())) == {"new": 500}
    assert _results(hq.send(database, *_five_hundred())) == {"duplicate": 500}
    assert _count(database, tables.facts) == _count(database, tables.arrivals) == 500


def test_bad_items_among_five_hundred_are_refused_alone_and_parked(database: Database) -> None:
    items = _five_hundred()
    items[7], items[250], items[499] = b'{"id":"x-7"}', items[250].replace(b'"rev":0', b'"rev":%d' % 2**80), b"[]"
    answers = hq.send(database, *items)
    assert _results(answers) == {"new": 497, "refused": 3}
    assert [(place, a.code) for place, a in enumerate(answers) if a.code] == [
        (7, "malformed"),
        (250, "out_of_bounds"),
        (499, "malformed"),
    ]
    assert parked.count(database) == {hq.STORE: 3}


def test_equal_ids_of_two_stores_are_two_facts(database: Database) -> None:
    assert _results(hq.send(database, hq.fact(1, hq.visit(1, NOW), NOW))) == {"new": 1}
    assert _results(hq.send(database, hq.fact(1, hq.visit(1, NOW), NOW, hq.OTHER), store=hq.OTHER)) == {"new": 1}
    assert _count(database, tables.visits) == _count(database, tables.visits, hq.OTHER) == 1


def test_four_connections_with_the_same_batch_file_it_once(database: Database) -> None:
    """Half of them send it backwards, and each sends members too: nobody waits for anybody in a ring."""
    items = [*_five_hundred()[:200], *(hq.fact(1000 + n, MemberBody(f"m-{n}", 1, f"Name {n}"), NOW) for n in range(40))]
    start, answers = threading.Barrier(4), []

    def work(backwards: bool) -> None:
        start.wait(20)
        answers.append(hq.send(database, *(reversed(items) if backwards else items)))

    threads = [threading.Thread(target=work, args=(number % 2 == 1,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum((_results(each) for each in answers), Counter()) == {"new": 240, "duplicate": 720}
    assert _count(database, tables.facts) == 240


def test_two_stores_that_tell_of_the_same_members_at_once_both_succeed(database: Database) -> None:
    start, answers = threading.Barrier(2), []

    def work(store: str, offset: int) -> None:
        start.wait(20)
        for rev in range(1, 6):
            facts = [hq.fact(offset + rev * 100 + n, MemberBody(f"m-{n}", rev, f"{store} {rev}"), NOW, store) for n in range(30)]
            answers.extend(hq.send(database, *facts, store=store))

    threads = [threading.Thread(target=work, args=pair) for pair in ((hq.STORE, 0), (hq.OTHER, 50_000))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert _results(answers) == {"new": 300}


@pytest.mark.postgres
@pytest.mark.parametrize("order", [(5, 10, 15), (15, 10, 5)])
def test_rows_are_filed_in_the_order_of_their_ids_whatever_the_order_of_the_batch(
    postgres_only: Database, order: tuple[int, ...]
) -> None:
    """Another transaction holds 10 and then wants 15. A batch that had taken 15 before waiting for 10 would lock up with it."""
    database, answers = postgres_only, []

    def row(number: int) -> dict[str, Any]:
        blank = {"kind": "visit", "at": NOW, "received_at": NOW, "test": False, "body": {}}
        return {"store": hq.STORE, "id": f"fact-{number:06d}", **blank}

    batch = [hq.fact(number, hq.visit(number, NOW), NOW) for number in order]
    sending = threading.Thread(target=lambda: answers.extend(hq.send(database, *batch)))
    with database.write() as connection:
        connection.execute(insert(tables.facts), [row(10)])
        sending.start()
        wait_for_a_waiter(database)
        connection.execute(insert(tables.facts), [row(15)])
    sending.join(60)
    assert [answer.result for answer in answers] == ["new" if number == 5 else "duplicate" for number in order]


@pytest.mark.postgres
def test_members_are_written_only_by_whoever_holds_the_feed(postgres_only: Database) -> None:
    """Another transaction holds the feed and then writes a member. A batch that had written that member first would lock up."""
    database = postgres_only
    for store in (hq.STORE, hq.OTHER):
        hq.send(database, hq.fact(1, MemberBody("m-1", 1, "Maria"), NOW, store), store=store)
    news = hq.fact(2, MemberBody("m-1", 2, "Mary"), NOW + timedelta(minutes=1))
    sending = threading.Thread(target=hq.send, args=(database, news))
    with database.write() as connection:
        feed.lock(connection)
        sending.start()
        wait_for_a_waiter(database)
        projections.write_members(connection, [replace(row, name="Mia") for row in projections.member_rows(connection, ["m-1"])])
    sending.join(60)
    assert {row.name for row in people.find(database, "m-1")} == {"Mary"}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(st.integers(0, 11), max_size=14), max_size=7))
def test_any_interleaving_of_repeats_files_each_fact_once(database: Database, batches: list[list[int]]) -> None:
    run = next(_UNIQUE) * 100
    before = _count(database, tables.facts)
    answers: list[FactAnswer] = []
    for batch in batches:
        answers += hq.send(database, *(hq.fact(run + n, hq.visit(run + n, NOW), NOW) for n in batch))
    wanted = set(itertools.chain.from_iterable(batches))
    assert Counter(a.id for a in answers if a.result == "new") == Counter(f"fact-{run + n:06d}" for n in wanted)
    assert _count(database, tables.facts) - before == len(wanted)


def test_the_unique_key_is_in_the_database_itself(database: Database) -> None:
    hq.send(database, hq.fact(1, hq.visit(1, NOW), NOW))
    row = {"store": hq.STORE, "id": "fact-000001", "kind": "visit", "at": NOW, "received_at": NOW, "test": False, "body": {}}
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(insert(tables.facts), [row])


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_highest_revision_stands_whatever_the_order(database: Database, order: tuple[int, ...]) -> None:
    reasons = (None, "help", "pickup")
    for rev in order:
        arrival = ArrivalBody("a-1", rev, "v-1", "door-1", "welcome", NOW, "m-1", reasons[rev])  # type: ignore[arg-type]  # of the tuple above
        hq.send(database, hq.fact(rev, arrival, NOW), hq.fact(10 + rev, hq.visit(1, NOW, rev=rev, reason=reasons[rev]), NOW))
    assert [(row.rev, row.reason) for row in _rows(database, tables.arrivals)] == [(2, "pickup")]
    assert [(row.rev, row.reason) for row in _rows(database, tables.visits)] == [(2, "pickup")]


def test_revisions_in_one_batch_end_in_the_highest(database: Database) -> None:
    hq.send(database, *(hq.fact(rev, hq.visit(1, NOW, rev=rev, reason=None if rev < 5 else "help"), NOW) for rev in (5, 0, 3)))
    assert [(row.rev, row.reason) for row in _rows(database, tables.visits)] == [(5, "help")]


def test_a_device_is_shown_in_its_newest_state(database: Database) -> None:
    def device(number: int, minutes: int, online: bool) -> bytes:
        at = NOW + timedelta(minutes=minutes)
        return hq.fact(number, DeviceBody("kiosk", "door-1", online, at, "0.1.0", [] if online else ["gone"]), at)

    hq.send(database, device(1, 0, True), device(2, 9, False))
    hq.send(database, device(3, 5, True))
    (row,) = views.device_rows(database)
    assert (bool(row.online), row.problems, row.since) == (False, ["gone"], NOW + timedelta(minutes=9))


def test_phones_are_counted_and_not_listed(database: Database) -> None:
    hq.send(database, *(hq.fact(n, DeviceBody("associate", f"a{n}", n < 2, NOW, "0.1.0"), NOW) for n in range(3)))
    assert views.device_rows(database) == []
    assert views.phones_online(database) == {hq.STORE: 2}


def test_facts_of_probes_are_filed_and_show_nowhere(database: Database) -> None:
    assert _results(hq.send(database, hq.fact(1, hq.arrival(1, NOW), NOW, test=True))) == {"new": 1}
    assert _count(database, tables.facts) == 1
    assert _count(database, tables.arrivals) == _count(database, tables.members) == 0


def test_money_and_text_come_back_exactly(database: Database) -> None:
    hq.send(database, hq.fact(1, hq.sale(3, NOW), NOW), hq.fact(2, hq.note(1, text='Żółty "grout" \\ 🛁\n2.'), NOW))
    (line,) = _rows(database, tables.sales)
    assert (line.amount_minor, line.currency, line.unit_price, line.quantity, line.ordinal) == (1530, "GBP", "2.55", 6, 3)
    (note,) = _rows(database, tables.notes)
    assert note.text == 'Żółty "grout" \\ 🛁\n2.'
    body = next(row.body for row in _rows(database, tables.facts) if row.kind == "sale")
    assert body["amount"] == {"minor": 1530, "currency": "GBP"} and body["unit_price"] == "2.55"


def test_times_keep_their_microseconds_and_come_back_in_utc(database: Database) -> None:
    at = NOW + timedelta(microseconds=123456)
    hq.send(database, hq.fact(1, hq.visit(1, at), at))
    (row,) = _rows(database, tables.visits)
    assert row.started_at == at and row.started_at.utcoffset() == timedelta(0)


def test_counts_of_a_day(database: Database) -> None:
    facts = [hq.fact(n, hq.arrival(n, NOW - timedelta(hours=n)), NOW) for n in range(30)]
    ends = [hq.fact(100 + n, AlertBody(f"al-{n}", f"visit-{n}", "served" if n else "expired"), NOW) for n in range(3)]
    hq.send(database, *facts, *ends, hq.fact(200, hq.note(1), NOW), hq.fact(201, hq.visit(1, NOW), NOW))
    counts = views.counts(database, NOW)[hq.STORE]
    assert (counts.arrivals, counts.served, counts.expired, counts.notes, counts.visits) == (24, 2, 1, 1, 1)
    assert counts.hours == [1] * 24


@pytest.mark.postgres
def test_a_value_the_database_refuses_is_refused_alone(postgres_only: Database) -> None:
    """Past the checks of edge.hq.receive: PostgreSQL cannot keep a NUL, and says so for the whole statement."""
    items = [judge(hq.fact(n, hq.note(n), NOW), hq.STORE) for n in range(5)]
    raw = hq.fact(9, hq.note(9, text="a\x00b"), NOW)
    items.insert(2, Accepted("fact-000009", NOW, "note", hq.note(9, text="a\x00b"), raw))
    answers = ingest.take(postgres_only, hq.STORE, items, NOW)
    assert [answer.code for answer in answers] == [None, None, "unstorable", None, None, None]
    assert _count(postgres_only, tables.notes) == 5
    assert parked.count(postgres_only) == {hq.STORE: 1}


def test_a_fault_in_the_middle_leaves_nothing_behind(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_arguments: object) -> None:
        raise RuntimeError("power")

    monkeypatch.setattr(ingest, "heard", break_down)
    with pytest.raises(RuntimeError):
        hq.send(database, *_five_hundred()[:10])
    monkeypatch.undo()
    assert _count(database, tables.facts) == _count(database, tables.arrivals) == 0
    assert _results(hq.send(database, *_five_hundred()[:10])) == {"new": 10}


def test_the_same_refused_item_again_is_one_parked_row(database: Database) -> None:
    for _ in range(3):
        hq.send(database, b'{"id":"x"}')
    (row,) = _rows(database, tables.parked)
    assert (row.tries, row.id, row.code, row.raw) == (3, "x", "malformed", '{"id":"x"}')


def test_a_parked_item_that_can_be_filed_now_is_filed_and_leaves(database: Database) -> None:
    raw = hq.fact(1, hq.visit(1, NOW), NOW)
    hq.send(database, raw, store=hq.OTHER)
    ((store, digest),) = parked.keys(database)
    again = ingest.retry(database, store, digest, NOW)
    assert again is not None and (again.result, again.code) == ("refused", "wrong_store")
    with database.write() as connection:  # as if the item had been parked under the store it belongs to
        connection.execute(tables.parked.update().values(store=hq.STORE))
    filed = ingest.retry(database, hq.STORE, digest, NOW)
    assert filed is not None and filed.result == "new"
    assert parked.keys(database) == []
    assert _count(database, tables.visits) == 1


def test_of_an_item_too_large_to_be_a_fact_only_the_head_is_kept(database: Database) -> None:
    raw = b'{"id":"big","pad":"' + b"x" * 20000 + b'"}'
    (answer,) = hq.send(database, raw)
    assert (answer.result, answer.code) == ("refused", "too_large")
    (row,) = _rows(database, tables.parked)
    assert bool(row.cut) and len(row.raw) == 2048
    assert ingest.retry(database, hq.STORE, row.digest, NOW) is None


def test_parked_items_of_a_store_are_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parked, "MAX_PER_STORE", 5)
    hq.send(database, *(b'{"id":"x%d"}' % n for n in range(4)))
    answers = hq.send(database, *(b'{"id":"x%d"}' % n for n in range(2, 9)))
    assert _results(answers) == {"refused": 7}
    assert parked.count(database) == {hq.STORE: 5}


def test_an_upsert_can_be_run_again(database: Database) -> None:
    for _ in range(2):
        with database.write() as connection:
            projections.heard(connection, hq.STORE, NOW)
    assert views.last_heard(database) == {hq.STORE: NOW}
