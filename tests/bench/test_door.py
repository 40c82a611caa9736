"""The peers of the stations at the door give the answers that Shopbell gives; the small parts of the stations."""

from __future__ import annotations

import contextlib
import queue
import socket
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edge.contracts.answer import Greeting
from edge.contracts.arrival import read_arrival
from edge.process.clock import SystemClock
from firmware_bridge.card_read import CardRead
from kiosk.records.book import open_book
from kiosk.visit.decide import Decision
from kiosk.visit.greeting import words_for, words_for_answer
from tests.bench import parts_screen
from tests.bench.control import Control, ControlLine, Lines
from tests.bench.parts_kiosk_process import Ask, Light, TellingReader
from tests.bench.parts_listeners import key_of
from tests.bench.parts_process import count_in
from tests.bench.peers import home_made, two_hop
from tests.bench.stations import drain
from tests.bench.trail import Trail
from tests.support.hub import DOOR, STORE
from tests.support.kiosk_core import PrivateBroker, bench, entry, page, read
from tests.support.needs import needs
from tests.support.screen import screen


def test_home_made_and_the_kiosk_know_the_same_card(tmp_path: Path) -> None:
    db = home_made.open_store(str(tmp_path / "home_made.db"))
    client = home_made.create_app(db, paho.Client(CallbackAPIVersion.VERSION2)).test_client()
    known, unknown = home_made.uid_of(7), home_made.uid_of(home_made.MEMBERS)
    answers = [client.post("/tap", data=msgspec.json.encode({"uid": uid})).json for uid in (known, unknown)]
    assert [answer["name"] for answer in answers if answer] == ["Member 7", None]
    assert db.execute("SELECT uid, name FROM arrivals").fetchall() == [(known, "Member 7"), (unknown, None)]
    assert [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")] == ["wal", 2]
    with bench(tmp_path / "kiosk") as kiosk:
        kiosk.book.directory.take(page([entry(known, member="m-7")]))
        kiosk.reception.taps([read(known), read(unknown)])
        assert [(arrival.outcome, arrival.member) for arrival in kiosk.waiting()] == [("welcome", "m-7"), ("stranger", None)]


def test_the_relay_brings_back_what_it_was_sent_and_keeps_it_twice(tmp_path: Path) -> None:
    broker = PrivateBroker(needs("mosquitto"), tmp_path)
    broker.start()
    command = [sys.executable, "-m", "tests.bench.peers.two_hop", "--broker", str(broker.port), "--db", str(tmp_path / "far.db")]
    far = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert far.stdout is not None and far.stdout.readline() == b"ready\n"
        near = two_hop.Near(broker.port, tmp_path / "near.db")
        began = near.send(b"one")
        assert near.back.wait(10) and near.back_at > began
        near.close()
        assert [count_in(tmp_path / name, "messages") for name in ("near.db", "far.db")] == [1, 1]
        far.stdout.close()
    finally:
        far.kill()
        far.wait()
        broker.stop()


@pytest.mark.parametrize(
    ("payload", "key"),
    [(b"0042", "0042"), (b'{"alert_id": "a", "rev": 0}', "a"), (b'{"alert_id": "a", "rev": 1}', None)],
)
def test_the_listeners_know_an_alert_by_its_first_telling(payload: bytes, key: str | None) -> None:
    assert key_of(payload) == key


def test_a_backlog_is_what_an_outage_leaves(tmp_path: Path) -> None:
    drain.fill(tmp_path, 20)
    book = open_book(tmp_path, STORE, DOOR, SystemClock())
    try:
        ages = [read_arrival(row.payload).age_s for row in book.outbox.rows()]
    finally:
        book.close()
    assert len(ages) == count_in(tmp_path / "kiosk.db", "outbox") == 20
    assert all(age is not None and 0 < age <= drain.OUTAGE_S + 60 for age in ages)
    assert ages == sorted(ages, key=lambda age: -(age or 0))


def test_a_name_that_overtakes_its_welcome_is_both() -> None:
    """On the kiosk's own board and stream: it shows only its newest view, and an arrival's id tells it from the one before."""
    welcome, named = words_for(Decision("welcome"), "en"), words_for_answer(Greeting("welcome", "Maria"), "welcome", "en")
    assert named is not None
    with screen() as served, contextlib.closing(parts_screen.Screen(served.port)) as seen:
        board = served.board
        with board._changed:  # nobody can look between the two
            board.show(welcome, "one")
            board.complete("one", named)
        welcomed_at, named_at = seen.greeted()
        assert welcomed_at == named_at
        board.touch(board.view().showing)  # the same arrival again
        with pytest.raises(AssertionError, match="the screen's stream never had the welcome"):
            seen.greeted(within_s=0.2)
        board.show(welcome, "two")
        with pytest.raises(AssertionError, match="the screen's stream never had the name"):
            seen.greeted(within_s=0.2)
        board.show(welcome, "three")
        board.complete("three", named)
        welcomed_at, named_at = seen.greeted()
        assert welcomed_at <= named_at


def test_each_card_is_told_of_its_own_light(tmp_path: Path) -> None:
    """The bench's reader and light beside a door that welcomes every second card, later and on a thread of its own."""
    light, stop, control = Light(), threading.Event(), tmp_path / "control"
    reader = TellingReader("bench", Control(control), light, Trail())
    taken: queue.SimpleQueue[object] = queue.SimpleQueue()

    def door() -> None:
        number = 0
        while not stop.is_set():
            with contextlib.suppress(queue.Empty):
                if isinstance(taken.get(timeout=0.05), CardRead):
                    light.play("welcome" if number % 2 else "repeat")
                    number += 1

    threads = [threading.Thread(target=reader.run, args=(taken.put, stop)), threading.Thread(target=door)]
    for thread in threads:
        thread.start()
    lines = [ControlLine(control, "the reader") for _ in range(2)]
    try:
        told = [
            line.ask(msgspec.json.encode(Ask(tap=home_made.uid_of(number), told=True)), "a light")
            for number in range(3)
            for line in lines
        ]
    finally:
        for line in lines:
            line.close()
        stop.set()
        for thread in threads:
            thread.join(10)
    assert told == [b"repeat", b"welcome"] * 3


def test_a_line_that_does_not_come_is_named() -> None:
    here, there = socket.socketpair()
    with here, there:
        lines = Lines(here.fileno(), "the hub")
        there.sendall(b"one\ntwo\nthr")
        assert [lines.next("a line"), lines.next("a line")] == [b"one", b"two"], "two that came at once are two"
        with pytest.raises(AssertionError, match=r"the hub: not within 0.1 s: its stamps"):
            lines.next("its stamps", within_s=0.1)
        there.close()
        with pytest.raises(AssertionError, match=r"the hub ended while this was waited for: its stamps"):
            lines.next("its stamps", within_s=5)
