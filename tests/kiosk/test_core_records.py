"""The kiosk's one file: one transaction per arrival, the newest revision only, nothing kept longer than a day."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.contracts.arrival import read_arrival
from edge.outbox import box
from edge.process.clock import ManualClock
from kiosk.records.book import FILE_NAME, OutboxFull, key_of, open_book
from kiosk.records.erasure import ERASURE
from kiosk.records.numbers import BLOCK, Numbers
from kiosk.records.schema import MIGRATIONS
from kiosk.records.visits import DAY_S
from kiosk.visit.check_in import check_in, with_not_today, with_reason
from kiosk.visit.decide import Recent
from kiosk.visit.recognise import identify
from tests.support.kiosk_core import CARD_KEY, KIOSK, MARIA, MARIA_UID, STORE, bench, entry, page, read, token_of
from tests.support.kiosk_core import moment as moment_of

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def book(tmp_path, clock):
    opened = open_book(tmp_path, STORE, KIOSK, clock, outbox_max=5)
    yield opened
    opened.close()


def arrival_of(clock, number=1, uid=MARIA_UID):
    from kiosk.visit.check_in import Door, Tap

    tap = Tap(f"arrival-{number}", moment_of(clock))
    result = check_in(read(uid), identify(read(uid), CARD_KEY), entry(uid), Door(STORE, KIOSK), tap)
    assert result.arrival is not None
    return result.arrival


def keys(book):
    return [row.key for row in book.outbox.rows()]


def test_visit_and_message_are_one_transaction(book, clock, monkeypatch):
    """The disk fails between the two: then there is neither."""
    monkeypatch.setattr(book.outbox, "put", lambda *_: (_ for _ in ()).throw(sqlite3.OperationalError("disk I/O error")))
    with pytest.raises(sqlite3.OperationalError):
        book.record(arrival_of(clock), clock.monotonic())
    assert (book.visits.count(), keys(book)) == (0, [])


def test_what_is_recorded_can_be_read_again(book, clock):
    arrival = arrival_of(clock)
    book.record(arrival, clock.monotonic())
    visit = book.visits.find(arrival.arrival_id)
    assert (visit.arrival, visit.boot, visit.monotonic, visit.state) == (arrival, "boot1", clock.monotonic(), "waiting")
    assert keys(book) == ["arrival-1:0"]
    assert list(book.visits.recent(MARIA)) == [Recent(MARIA, "boot1", clock.monotonic())]
    assert (book.visits.recent(None), book.visits.recent("m_2"), book.visits.find("nobody")) == ((), (), None)


def test_rows_leave_in_the_order_they_came(book, clock):
    for number in (3, 1, 2):
        book.record(arrival_of(clock, number), clock.monotonic())
    assert keys(book) == ["arrival-3:0", "arrival-1:0", "arrival-2:0"]


def test_at_the_limit_the_next_is_refused_and_none_is_dropped(book, clock):
    for number in range(5):
        book.record(arrival_of(clock, number), clock.monotonic())
    assert book.is_full()
    with pytest.raises(OutboxFull):
        book.record(arrival_of(clock, 5), clock.monotonic())
    assert len(keys(book)) == 5
    assert book.visits.find("arrival-5") is None
    book.outbox.park("arrival-2:0", "store_wrong", "hint")
    with pytest.raises(OutboxFull):
        book.record(arrival_of(clock, 5), clock.monotonic())
    book.outbox.done(["arrival-0:0"])
    book.record(arrival_of(clock, 5), clock.monotonic())


def test_a_revision_takes_the_place_of_the_older_one_even_at_the_limit(book, clock):
    for number in range(5):
        book.record(arrival_of(clock, number), clock.monotonic())
    visit = book.visits.find("arrival-1")
    book.revise([(visit, with_reason(visit.arrival, "pickup", None))])
    assert keys(book) == ["arrival-0:0", "arrival-2:0", "arrival-3:0", "arrival-4:0", "arrival-1:1"]
    assert book.visits.find("arrival-1").arrival.reason == "pickup"


def test_the_age_of_a_revision_counts_from_the_tap(book, clock):
    book.record(arrival_of(clock), clock.monotonic())
    clock.advance(12.5)
    visit = book.visits.find("arrival-1")
    book.revise([(visit, with_reason(visit.arrival, "help", None))])
    assert read_arrival(book.outbox.rows()[0].payload).age_s == 12.5
    clock.reboot("boot2")
    visit = book.visits.find("arrival-1")
    book.revise([(visit, with_not_today(visit.arrival))])
    assert read_arrival(book.outbox.rows()[0].payload).age_s is None, "nobody knows how long the restart took"


def test_after_not_today_no_row_holds_neither_member_nor_card(tmp_path, clock):
    """In no table, and in no message that waits."""
    book = open_book(tmp_path, STORE, KIOSK, clock)
    book.record(arrival_of(clock), clock.monotonic())
    visit = book.visits.find("arrival-1")
    book.revise([(visit, with_not_today(visit.arrival))])
    assert list(book.visits.recent(MARIA)) == []
    rows = dump(tmp_path)
    book.close()
    assert not any(MARIA in str(row) or token_of(MARIA_UID) in str(row) for row in rows)


def test_no_other_kiosk_or_store_sees_a_row(tmp_path, clock):
    ours = open_book(tmp_path, STORE, KIOSK, clock)
    ours.directory.take(page([entry()]))
    ours.record(arrival_of(clock), clock.monotonic())
    theirs = open_book(tmp_path, "other", KIOSK, clock)
    assert theirs.directory.find(token_of(MARIA_UID)) is None
    assert (theirs.visits.find("arrival-1"), theirs.visits.recent(MARIA), keys(theirs)) == (None, (), [])
    theirs.close()
    ours.close()


@pytest.mark.parametrize(
    ("case", "kept"),
    [
        (lambda c: c.advance(DAY_S), 1),
        (lambda c: c.advance(DAY_S + 1), 0),
        (lambda c: c.jump(400 * DAY_S), 1),
        (lambda c: c.jump(-400 * DAY_S), 1),
        (lambda c: c.reboot("boot2"), 1),
        (lambda c: (c.advance(2 * DAY_S), c.reboot("boot2")), 0),
        (lambda c: (c.reboot("boot2"), c.jump(-400 * DAY_S)), 0),
        (lambda c: (c.reboot("boot2"), c.advance(DAY_S)), 0),
    ],
)
def test_a_visit_is_forgotten_after_a_day_by_the_clock_that_does_not_jump(book, clock, case, kept):
    book.record(arrival_of(clock), clock.monotonic())
    case(clock)
    book.visits.prune()
    assert book.visits.count() == kept
    assert keys(book) == ["arrival-1:0"], "what the hub does not have yet stays"


def test_another_boot_is_no_recent_arrival(book, clock):
    book.record(arrival_of(clock), clock.monotonic())
    clock.reboot("boot2")
    assert book.visits.recent(MARIA) == ()
    assert book.visits.of_member(MARIA, 600) == []


def test_numbers_rise_across_restarts_and_begin_again_with_the_boot(tmp_path, clock):
    book = open_book(tmp_path, STORE, KIOSK, clock)
    first = [book.numbers.next() for _ in range(BLOCK + 2)]
    assert first == list(range(BLOCK + 2))
    restarted = Numbers(book._file, STORE, KIOSK, clock)
    assert restarted.next() == 2 * BLOCK
    clock.reboot("boot2")
    assert Numbers(book._file, STORE, KIOSK, clock).next() == 0
    book.close()


def test_every_table_says_what_an_erasure_does_to_it(tmp_path, clock):
    open_book(tmp_path, STORE, KIOSK, clock).close()
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables - {"sqlite_sequence"} == set(ERASURE)


def test_every_table_of_ours_is_strict_and_names_its_store(tmp_path, clock):
    open_book(tmp_path, STORE, KIOSK, clock).close()
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        for table in set(ERASURE) - {"_sqlite_migrations"}:
            assert connection.execute("SELECT strict FROM pragma_table_list WHERE name = ?", (table,)).fetchone()[0] == 1, table
            columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
            assert "store" in columns, table


def test_a_file_of_version_1_is_brought_up_with_everything_in_it(tmp_path, clock):
    """The dump was written by version 1 of the schema (tests/kiosk/golden); it is never written again."""
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.executescript((GOLDEN / "records_v1.sql").read_text())
        assert MIGRATIONS.pending(connection) == ["m002_visits_by_member", "m003_numbers"]
    book = open_book(tmp_path, STORE, KIOSK, clock)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        assert MIGRATIONS.pending(connection) == []
    assert keys(book) == ["arrival-1:0"]
    assert book.visits.find("arrival-1").arrival.member == MARIA
    assert book.directory.find(token_of(MARIA_UID)).member == MARIA
    assert (book.directory.state().cursor, book.numbers.next()) == (10, 0)
    book.close()


def test_the_golden_file_is_what_version_1_makes(tmp_path):
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db, closing(sqlite3.connect(":memory:")) as golden:
        MIGRATIONS.apply(db, stop_before="m002_visits_by_member")
        box.MIGRATIONS.apply(db)
        golden.executescript((GOLDEN / "records_v1.sql").read_text())
        query = "SELECT name, sql FROM sqlite_master WHERE name IN ('directory', 'directory_state', 'visits') ORDER BY name"
        assert golden.execute(query).fetchall() == db.execute(query).fetchall()


def test_the_outbox_is_kept_across_a_restart(tmp_path, clock):
    with bench(tmp_path) as first:
        first.tap()
    again = open_book(tmp_path, STORE, KIOSK, clock)
    assert len(again.outbox.rows()) == 1
    assert key_of("a", 3) == "a:3"
    again.close()


def dump(folder):
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [row for table in tables for row in connection.execute(f"SELECT * FROM {table}")]
