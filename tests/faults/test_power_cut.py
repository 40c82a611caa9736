"""G1 against the power cut: a thousand cuts through what kiosk and hub really write lose nothing they had promised.

The product runs once, on its own SQLite; its statements then run again on a modelled disk (tests/support/power_cut.py), under
the pragmas that SqliteFile itself gives. The mutant, synchronous NORMAL, has to lose in more than half of the cuts.
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.contracts.answer import ArrivalResult, read_answer
from edge.process.errors import OperatorError
from edge.process.sqlite_file import SqliteFile, pragmas
from kiosk.answers import Answers
from tests.support.hub import HubBench, Notebook
from tests.support.kiosk_core import STORE, answer, bench
from tests.support.power_cut import Found, Tape, cuts, reopened, replay

SEED = int(os.environ.get("SHOPBELL_FAULTS_SEED", random.SystemRandom().randrange(10**6)))
CUTS = int(os.environ.get("SHOPBELL_FAULTS_CUTS", "1000"))  # at each of the two
MUTANT_CUTS = 300
TAPS = 60
# Times in this test are quarters of a second: the tape holds numbers as text, and these survive that exactly.


@dataclass(frozen=True, slots=True)
class Recorded:
    """image: the database before the tape. judge: what a database after a cut lacks, as sentences. path: the product's own."""

    image: bytes
    tape: Tape
    judge: Callable[[sqlite3.Connection, Found], list[str]]
    path: Path


def image_of(file: SqliteFile) -> bytes:
    """Everything written so far, in one file."""
    file.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file.path.read_bytes()


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Taps, reasons and answers at the door: every tap is confirmed when its commit has returned."""
    folder, rng, tape = tmp_path_factory.mktemp("kiosk"), random.Random(SEED), Tape()
    with bench(folder) as door:
        answers = Answers(door.book, STORE, lambda *_: None, door.clock)
        image = image_of(door.book._file)
        with tape.recording(door.book._file.writer):
            for number in range(TAPS):
                arrival = door.tap(f"04A1B2C3{number:06X}")
                assert arrival is not None
                rev = 0
                tape.mark("acked", f"{arrival.arrival_id}:0")
                if rng.random() < 0.4:
                    door.reception.choose_reason(arrival.arrival_id, "help")
                    rev = 1
                    tape.mark("acked", f"{arrival.arrival_id}:1")
                if rng.random() < 0.3:
                    tape.mark("released", f"{arrival.arrival_id}:{rev}")
                    assert answers.take(answer([ArrivalResult(arrival.arrival_id, rev, "new")])) == 1
                door.clock.advance(rng.randrange(4, 120) / 4)
        path = door.book._file.path
    return Recorded(image, tape, kiosk_lacks, path)


class Answering(Notebook):
    """What has been answered is promised."""

    def __init__(self, tape: Tape) -> None:
        super().__init__()
        self._tape = tape

    def __call__(self, topic: str, payload: bytes) -> bool:
        if topic.endswith("/answer"):
            for result in read_answer(payload).results:
                self._tape.mark("acked", f"{result.arrival_id}:{result.rev}")
        return super().__call__(topic, payload)


class TapedHub(HubBench):
    """A hub whose answers go onto the tape."""

    def __init__(self, folder: Path, tape: Tape) -> None:
        self._tape = tape
        super().__init__(folder)

    def _build(self):  # type: ignore[no-untyped-def]  # what HubBench builds
        self.broker = Answering(self._tape)
        return super()._build()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Arrivals of members, guests and strangers, alone and in groups, some twice; an associate is on shift."""
    folder, rng, tape = tmp_path_factory.mktemp("hub"), random.Random(SEED), Tape()
    store = TapedHub(folder, tape)
    store.put_maria()
    store.phone("ann")
    file = store.hub.store.file
    image = image_of(file)
    with tape.recording(file.writer):
        for _ in range(TAPS):
            kinds = (store.arrival, store.guest, store.stranger)
            group = [rng.choice(kinds)(age_s=0.25) for _ in range(rng.choice((1, 1, 1, 3)))]
            assert len(store.take(*group)) == len(group)
            if rng.random() < 0.2:
                store.take(*group)
            store.clock.advance(rng.randrange(4, 800) / 4)
    store.close()
    return Recorded(image, tape, hub_lacks, file.path)


def kiosk_lacks(connection: sqlite3.Connection, found: Found) -> list[str]:
    visits = dict(connection.execute("SELECT arrival_id, rev FROM visits").fetchall())
    waiting = {row[0] for row in connection.execute("SELECT key FROM outbox")}
    lacks = []
    for key in found.acked:
        arrival_id, _, rev = key.partition(":")
        if visits.get(arrival_id, -1) < int(rev):
            lacks.append(f"{key} was confirmed and its visit is gone")
    for arrival_id, rev in visits.items():
        key = f"{arrival_id}:{rev}"
        if key not in waiting and key not in found.released:
            lacks.append(f"{key} has no message")
    return lacks


def hub_lacks(connection: sqlite3.Connection, found: Found) -> list[str]:
    filed = {f"{row[0]}:{row[1]}" for row in connection.execute("SELECT arrival_id, rev FROM arrivals")}
    facts = {row[0] for row in connection.execute("SELECT key FROM outbox")}
    visits = {row[0] for row in connection.execute("SELECT visit_id FROM visits")}
    meant = {row[0] for row in connection.execute("SELECT visit_id FROM arrivals WHERE visit_id IS NOT NULL")}
    lacks = [f"{key} was answered and is gone" for key in found.acked - filed]
    lacks += [f"{key} has no fact for HQ" for key in filed - facts]
    return lacks + [f"visit {visit} is gone" for visit in meant - visits]


def judged(recorded: Recorded, folder: Path, synchronous: str, count: int) -> tuple[int, int, str]:
    """(cuts that lost, cuts that damaged, an example) of `count` cuts."""
    log = replay(folder, recorded.image, recorded.tape.lines, pragmas(writes=True, synchronous=synchronous))
    lost = damaged = 0
    example = ""
    for found in cuts(recorded.image, log, count, random.Random(SEED)):
        connection = reopened(folder, found)
        try:
            connection.execute("PRAGMA synchronous=OFF")  # this copy may be lost: it is looked at once and thrown away
            if connection.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
                damaged += 1
                continue
            lacks = recorded.judge(connection, found)
        except sqlite3.DatabaseError as error:
            damaged, example = damaged + 1, str(error)
            continue
        finally:
            connection.close()
        lost += bool(lacks)
        example = lacks[0] if lacks else example
    return lost, damaged, example


@pytest.mark.parametrize("place", ["kiosk", "hub"])
def test_the_tape_is_what_the_product_wrote(place: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Run to its end, the tape makes the same database: nothing that was written went past it."""
    recorded: Recorded = request.getfixturevalue(place)
    assert "BEGIN IMMEDIATE" in recorded.tape.statements and "COMMIT" in recorded.tape.statements
    replay(tmp_path, recorded.image, recorded.tape.lines, pragmas(writes=True))
    dumps = []
    for path in (tmp_path / "model.db", recorded.path):
        connection = sqlite3.connect(path)
        dumps.append(list(connection.iterdump()))
        connection.close()
    assert dumps[0] == dumps[1]


@pytest.mark.parametrize("place", ["kiosk", "hub"])
def test_no_power_cut_loses_what_was_promised(place: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    recorded: Recorded = request.getfixturevalue(place)
    lost, damaged, example = judged(recorded, tmp_path, "FULL", CUTS)
    print(f"{place}: seed {SEED}, {CUTS} cuts, {lost} lost, {damaged} damaged")
    assert (lost, damaged) == (0, 0), f"seed {SEED}: {example}"


@pytest.mark.parametrize("place", ["kiosk", "hub"])
def test_mutant_synchronous_normal_is_caught(place: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """The same cuts, one pragma changed: the check above would fail in more than half of them."""
    recorded: Recorded = request.getfixturevalue(place)
    lost, damaged, _ = judged(recorded, tmp_path, "NORMAL", MUTANT_CUTS)
    print(f"{place}: mutant NORMAL, seed {SEED}, {MUTANT_CUTS} cuts, {lost} lost, {damaged} damaged")
    assert lost > MUTANT_CUTS / 2, f"seed {SEED}: only {lost} of {MUTANT_CUTS}"
    assert damaged == 0, "NORMAL loses, but it does not damage"


def test_mutant_synchronous_normal_is_refused_at_start(tmp_path: Path) -> None:
    with pytest.raises(OperatorError) as refused:
        SqliteFile(tmp_path / "file.db", synchronous="NORMAL")
    assert refused.value.code == "store_not_durable"
    assert "synchronous 1" in refused.value.tried and "power cut" in refused.value.hint


def test_the_model_loses_and_damages_what_was_never_synced(kiosk: Recorded, tmp_path: Path) -> None:
    """Without any sync nearly every cut loses and many damage: the model flatters nobody."""
    lost, damaged, _ = judged(kiosk, tmp_path, "OFF", MUTANT_CUTS)
    print(f"kiosk: OFF, seed {SEED}, {MUTANT_CUTS} cuts, {lost} lost, {damaged} damaged")
    assert lost + damaged > MUTANT_CUTS * 0.7 and damaged > MUTANT_CUTS * 0.1
