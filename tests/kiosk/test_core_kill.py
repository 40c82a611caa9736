"""G1 at the kiosk: what was committed is there after kill -9, and what was not is not half there."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

from edge.process.clock import SystemClock
from kiosk.records.book import open_book
from tests.support.kiosk_core import KIOSK, ROOT, STORE

# Commits, then says so, as the door does: the line on stdout stands for the welcome on the screen.
WRITER = """
import sys
from pathlib import Path
from edge.process.clock import SystemClock
from edge.process.ids import SystemIds
from kiosk.records.book import open_book
from kiosk.visit.check_in import Door, Tap, ring, with_reason
from kiosk.visit.moment import Moment

clock, ids = SystemClock(), SystemIds()
book = open_book(Path(sys.argv[1]), "main-street", "door-1", clock)
while True:
    moment = Moment(clock.now(), clock.quality(), clock.boot(), clock.monotonic())
    arrival = ring(Door("main-street", "door-1"), Tap(ids.new(), moment), heard=True).arrival
    book.record(arrival, moment.monotonic)
    print(arrival.arrival_id, 0, flush=True)
    book.revise([(book.visits.find(arrival.arrival_id), with_reason(arrival, "help", None))])
    print(arrival.arrival_id, 1, flush=True)
"""


@pytest.mark.parametrize("seed", range(4))
def test_killed_between_commit_and_answer(tmp_path, seed):
    confirmed = killed_writer(tmp_path, commits=random.Random(seed).randint(1, 120))
    book = open_book(tmp_path, STORE, KIOSK, SystemClock())
    rows = {row.key for row in book.outbox.rows()}
    newest = dict(confirmed)
    for arrival_id, rev in newest.items():
        visit = book.visits.find(arrival_id)
        assert visit is not None and visit.arrival.rev >= rev, "a confirmed arrival is there"
        assert f"{arrival_id}:{visit.arrival.rev}" in rows, "with its message"
    assert len(rows) == book.visits.count(), "and no visit without its message, no message without its visit"
    assert 0 <= len(rows) - len(newest) <= 1, "at most the one in hand is there unconfirmed"
    book.close()


def killed_writer(folder, commits):
    """Run the writer, kill it in the middle of what follows `commits` confirmations; returns all it confirmed."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    try:
        confirmed = [writer.stdout.readline().split() for _ in range(commits)]
    finally:
        writer.kill()
    confirmed += [line.split() for line in writer.stdout.read().splitlines()]
    writer.wait()
    writer.stdout.close()
    return [(words[0], int(words[1])) for words in confirmed if len(words) == 2]
