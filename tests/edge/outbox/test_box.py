"""The outbox's table: it shares the caller's transaction, survives a kill, forgets nothing but what was answered."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from edge.outbox.box import MIGRATIONS, Outbox, migrate
from edge.outbox.plan import Backoff, plan
from edge.process.clock import ManualClock
from edge.process.sqlite_file import SqliteFile
from tests.support.parts import ROOT


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[SqliteFile]:
    opened = SqliteFile(tmp_path / "kiosk.db")
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def box(file: SqliteFile, clock: ManualClock) -> Outbox:
    return Outbox(file, "main-street", clock)


def put(file: SqliteFile, box: Outbox, key: str, payload: bytes = b"{}", hold_s: float = 0.0) -> bool:
    with file.write() as connection:
        return box.put(connection, key, payload, hold_s)


def test_a_row_keeps_what_was_put(file: SqliteFile, box: Outbox, clock: ManualClock) -> None:
    assert put(file, box, "a:0", b'{"x": 1}', hold_s=90.0)
    (row,) = box.rows()
    assert (row.store, row.key, row.payload, row.hold_s) == ("main-street", "a:0", b'{"x": 1}', 90.0)
    assert (row.made_at, row.made_boot, row.made_monotonic) == (clock.now().isoformat(), "boot1", clock.monotonic())
    assert (row.tries, row.tried_boot, row.tried_monotonic, row.state) == (0, None, None, "waiting")


def test_numbers_first_and_then_the_rows_wanted(file: SqliteFile, box: Outbox) -> None:
    for key in ("a:0", "b:0", "c:0", "d:0"):
        put(file, box, key)
    box.park("b:0", "refused", "why")
    every = box.rows()
    assert box.waiting(2) == [row.seq for row in every[:2]]
    assert box.waiting(10) == [row.seq for row in every]
    parked = box.parked()[0].seq
    assert box.rows_of([every[2].seq, parked, every[0].seq, 10**9]) == [every[0], every[2]]
    assert box.rows_of([]) == []


def test_put_joins_the_callers_transaction(file: SqliteFile, box: Outbox) -> None:
    with pytest.raises(RuntimeError), file.write() as connection:
        box.put(connection, "a:0", b"{}")
        raise RuntimeError("the visit could not be written")
    assert box.count() == 0


def test_put_again_changes_nothing(file: SqliteFile, box: Outbox) -> None:
    assert put(file, box, "a:0", b"first")
    assert not put(file, box, "a:0", b"second")
    assert [row.payload for row in box.rows()] == [b"first"]


def test_many_are_put_at_once_in_their_order_and_what_is_there_stays(file: SqliteFile, box: Outbox) -> None:
    assert put(file, box, "b", b"first")
    with file.write() as connection:
        box.put_many(connection, [("a", b"1"), ("b", b"second"), ("c", b"3")])
    assert [(row.key, row.payload, row.hold_s) for row in box.rows()] == [("b", b"first", 0), ("a", b"1", 0), ("c", b"3", 0)]
    assert len({(row.made_at, row.made_boot, row.made_monotonic) for row in box.rows()}) == 1


@pytest.mark.parametrize("hold_s", [-1.0, float("inf"), float("nan")])
def test_an_impossible_hold_is_refused(file: SqliteFile, box: Outbox, hold_s: float) -> None:
    with pytest.raises(ValueError, match="hold_s"):
        put(file, box, "a:0", hold_s=hold_s)


def test_trying_counts_and_answers_remove(file: SqliteFile, box: Outbox, clock: ManualClock) -> None:
    for key in ("a:0", "a:1", "b:0"):
        put(file, box, key)
    clock.advance(5)
    box.mark_tried([row.seq for row in box.rows()[:2]])
    assert [(row.tries, row.tried_monotonic) for row in box.rows()] == [(1, clock.monotonic()), (1, clock.monotonic()), (0, None)]
    assert box.done(["a:0", "nobody", "b:0"]) == 2
    assert [row.key for row in box.rows()] == ["a:1"]


def test_the_link_comes_back(file: SqliteFile, box: Outbox, clock: ManualClock) -> None:
    put(file, box, "a:0")
    put(file, box, "b:0", hold_s=90)
    for _ in range(6):
        box.mark_tried([box.rows()[0].seq])

    def due() -> list[int]:
        return plan(box.rows(), now=clock.monotonic(), boot=clock.boot(), batch=50, backoff=Backoff()).send

    assert due() == []
    box.due_now()
    assert due() == [box.rows()[0].seq]  # the held one stays held


def test_rewrite_and_remove_in_the_callers_transaction(file: SqliteFile, box: Outbox) -> None:
    put(file, box, "a:0", b"with a member")
    with file.write() as connection:
        assert box.rewrite(connection, "a:0", b"without")
        assert not box.rewrite(connection, "nobody", b"")
    assert [row.payload for row in box.rows()] == [b"without"]
    with file.write() as connection:
        assert box.remove(connection, "a:0")
        assert not box.remove(connection, "a:0")
    assert box.rows() == []


def test_parked_rows_are_kept_listed_and_resendable(file: SqliteFile, box: Outbox) -> None:
    put(file, box, "a:0")
    put(file, box, "b:0")
    assert box.park("a:0", "refused", "Mend it.")
    assert not box.park("nobody", "refused", "Mend it.")
    assert (box.count(), [row.key for row in box.rows()]) == (1, ["b:0"])
    assert [(row.key, row.code, row.hint) for row in box.parked()] == [("a:0", "refused", "Mend it.")]
    assert box.resend("a:0")
    assert not box.resend("a:0")
    assert [(row.key, row.code, row.tries) for row in box.rows()] == [("a:0", None, 0), ("b:0", None, 0)]


def test_what_the_plan_parks_gets_a_hint(file: SqliteFile, box: Outbox) -> None:
    put(file, box, "a:0", b"x" * 100)
    made = plan(box.rows(), now=0.0, boot="boot1", batch=50, backoff=Backoff(), max_bytes=50)
    box.park_planned(made.park)
    (row,) = box.parked()
    assert row.code == "too_large"
    assert row.hint


def test_stores_do_not_see_each_other(file: SqliteFile, clock: ManualClock) -> None:
    here, there = Outbox(file, "main-street", clock), Outbox(file, "harbour", clock)
    put(file, here, "a:0")
    put(file, there, "a:0")
    assert there.done(["a:0"]) == 1
    here.mark_tried([row.seq for row in here.rows()])
    assert (here.count(), there.count()) == (1, 0)


def test_a_seq_is_never_used_twice(file: SqliteFile, box: Outbox) -> None:
    put(file, box, "a:0")
    first = box.rows()[0].seq
    box.done(["a:0"])
    put(file, box, "b:0")
    box.mark_tried([first])  # late: must not meet the new row
    assert box.rows()[0].tries == 0


def test_the_same_row_twice_is_impossible_even_past_our_code(file: SqliteFile, box: Outbox) -> None:
    put(file, box, "a:0")
    with pytest.raises(sqlite3.IntegrityError), file.write() as connection:
        connection.execute(
            "INSERT INTO outbox (store, key, payload, made_at, made_boot, made_monotonic)"
            " VALUES ('main-street', 'a:0', x'', '', '', 0)"
        )


def test_migrating_again_does_nothing(file: SqliteFile) -> None:
    migrate(file)
    assert MIGRATIONS.pending(file.writer) == []


_WRITER = """
import sys
from pathlib import Path
from edge.outbox.box import Outbox, migrate
from edge.process.clock import SystemClock
from edge.process.sqlite_file import SqliteFile
file = SqliteFile(Path(sys.argv[1]))
migrate(file)
box = Outbox(file, "main-street", SystemClock())
n = 0
while True:
    with file.write() as connection:
        box.put(connection, f"a:{n}", b"{}")
    print(n, flush=True)
    n += 1
"""


def test_what_was_confirmed_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "killed.db"
    for _ in range(3):
        command = [sys.executable, "-c", _WRITER, str(path)]
        writer = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        confirmed = [int(writer.stdout.readline()) for _ in range(40)]
        writer.send_signal(signal.SIGKILL)
        confirmed += [int(line) for line in writer.stdout.read().splitlines() if line.isdigit()]
        writer.wait()
        file = SqliteFile(path)
        box = Outbox(file, "main-street", ManualClock())
        assert {f"a:{n}" for n in confirmed[:-1]} <= {row.key for row in box.rows()}
        box.done([row.key for row in box.rows()])
        file.close()


class OutboxLife(RuleBasedStateMachine):
    """Any order of calls: the table agrees with a dictionary."""

    keys = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = ManualClock()
        self._open()
        migrate(self.file)
        self.waiting: dict[str, tuple[bytes, int]] = {}
        self.parked: dict[str, tuple[bytes, int]] = {}

    def _open(self) -> None:
        self.file = SqliteFile(Path(self.folder.name) / "life.db")
        self.box = Outbox(self.file, "main-street", self.clock)

    def teardown(self) -> None:
        self.file.close()
        self.folder.cleanup()

    @rule(target=keys, key=st.text("abc:01", min_size=1, max_size=4), payload=st.binary(max_size=8))
    def put(self, key: str, payload: bytes) -> str:
        new = key not in self.waiting and key not in self.parked
        assert put(self.file, self.box, key, payload) == new
        if new:
            self.waiting[key] = (payload, 0)
        return key

    @rule(key=consumes(keys))
    def done(self, key: str) -> None:
        known = key in self.waiting or key in self.parked
        assert self.box.done([key]) == known
        self.waiting.pop(key, None)
        self.parked.pop(key, None)

    @rule(key=keys)
    def park(self, key: str) -> None:
        self.box.park(key, "refused", "hint")
        if key in self.waiting:
            self.parked[key] = self.waiting.pop(key)

    @rule(key=keys)
    def resend(self, key: str) -> None:
        assert self.box.resend(key) == (key in self.parked)
        if key in self.parked:
            self.waiting[key] = (self.parked.pop(key)[0], 0)

    @rule()
    def follow_the_plan(self) -> None:
        made = plan(self.box.rows(), now=self.clock.monotonic(), boot=self.clock.boot(), batch=3, backoff=Backoff())
        sent = [row.key for row in self.box.rows() if row.seq in made.send]
        self.box.mark_tried(made.send)
        for key in sent:
            payload, tries = self.waiting[key]
            self.waiting[key] = (payload, tries + 1)
        self.clock.advance(made.wait_s or 0.1)

    @rule()
    def restart(self) -> None:
        self.file.close()
        self.clock.reboot(f"{self.clock.boot()}x")
        self._open()

    @invariant()
    def agrees(self) -> None:
        assert {row.key: (row.payload, row.tries) for row in self.box.rows()} == self.waiting
        assert {row.key for row in self.box.parked()} == set(self.parked)
        assert self.box.count() == len(self.waiting)


OutboxLife.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestOutboxLife = OutboxLife.TestCase


def test_room_is_known_without_counting_and_counted_where_rows_left(file: SqliteFile, box: Outbox) -> None:
    def room(most: int) -> bool:
        with file.write() as connection:
            return box.has_room(connection, most)

    assert (room(1), room(0)) == (True, False)
    for number in range(10):
        put(file, box, f"thing-{number}:0")
    assert (room(10), room(11)) == (False, True)
    box.done([f"thing-{number}:0" for number in range(1, 9)])  # the first and the last are there: a wide span, few rows
    assert (room(2), room(3)) == (False, True)


def test_a_try_can_be_noted_later(file: SqliteFile, box: Outbox, clock: ManualClock) -> None:
    put(file, box, "a:0")
    began = clock.monotonic()
    clock.advance(5)
    box.note_tries({box.rows()[0].seq: began})
    assert (box.rows()[0].tries, box.rows()[0].tried_monotonic) == (1, began)


def test_a_read_inside_a_write_sees_it_and_a_read_beside_it_does_not(file: SqliteFile, box: Outbox) -> None:
    beside, written = [box.count()], threading.Event()
    connected = threading.Event()

    def look() -> None:
        beside.append(box.count())
        connected.set()
        assert written.wait(10)
        beside.append(box.count())

    other = threading.Thread(target=look)
    other.start()
    assert connected.wait(10)
    with file.write() as connection:
        box.put(connection, "a:0", b"{}")
        written.set()
        other.join(10)
        assert (box.count(), beside) == (1, [0, 0, 0])
    assert box.count() == 1
