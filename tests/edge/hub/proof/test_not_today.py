"""Not today, after a card or a code has proved itself: the count stays used up, and nothing says who was here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.contracts.arrival import Arrival
from edge.contracts.facts import Fact
from edge.hub.store import proofs
from tests.support.hub import DOOR, DOOR_2, MARIA, MARIA_CARD, STORE, HubBench
from tests.support.proofs import HANDLE, RING, code_now, maria_tag, proof_config, put_pass, showed, tapped

DAY_S = 86_400.0
PASS_CARD = f"code:sbq1.{HANDLE}"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[HubBench]:
    made = HubBench(tmp_path / "hub", proof=proof_config(tmp_path), idle_s=864_000, session_s=600_000)
    made.put_maria()
    made.put_associate("ann")
    put_pass(made)
    made.later(3 * DAY_S)
    yield made
    made.close()


def leave(bench: HubBench, arrival_id: str, rev: int = 1, door: str = DOOR) -> None:
    """She touches "not today" on the kiosk that greeted her."""
    source = f"{STORE}/kiosk/{door}"
    changes: dict[str, Any] = {"outcome": "not_today", "member": None, "card_token": None, "source": source}
    bench.take(bench.arrival(arrival_id=arrival_id, rev=rev, **changes), kiosk=door)


def ties(bench: HubBench, came: str, arrival_id: str, visits: set[str]) -> dict[str, list[dict[str, Any]]]:
    """Rows, of any table, that hold both a person and this arrival: who it was beside when, or beside its ids."""
    with bench.hub.store.file.read() as connection:
        tags = {row["tag"] for row in connection.execute("SELECT tag FROM tags")} | set(_taps(bench))
    who = {MARIA, MARIA_CARD, PASS_CARD, "Maria", *tags}
    when = {came, came[:10], arrival_id, *visits}
    found: dict[str, list[dict[str, Any]]] = {}
    for table, rows in bench.dump().items():
        told = [row for row in rows if _names(row, who) and _names(row, when)]
        if told:
            found[table] = told
    return found


def _taps(bench: HubBench) -> list[str]:
    return [row["tag"] for row in bench.rows("tag_taps")]


def _names(row: dict[str, Any], words: set[str]) -> bool:
    return any(word in repr(value) for value in row.values() for word in words)


def verdicts(bench: HubBench) -> list[Any]:
    return [row["proof"] for row in bench.rows("arrivals")]


def proven(bench: HubBench, arrival: Arrival, kiosk: str = DOOR) -> bool:
    [result] = bench.take(arrival, kiosk=kiosk)
    return result.greeting is not None and result.greeting.assurance == "proven"


@pytest.mark.parametrize("what", ["card", "code"])
def test_nothing_in_the_hubs_file_says_who_it_was(bench: HubBench, what: str) -> None:
    came = bench.clock.now().isoformat()
    shown = tapped(bench, maria_tag().read(), arrival_id="that-tap", age_s=0.0)
    if what == "code":
        shown = showed(bench, code_now(bench), arrival_id="that-tap", age_s=0.0)
    assert proven(bench, shown)
    visits = {row["visit_id"] for row in bench.rows("visits")}
    assert {"tag_taps", "visits", "arrivals"} <= set(ties(bench, came, "that-tap", visits)), "this would notice it"
    bench.clock.advance(5)
    leave(bench, "that-tap")
    assert ties(bench, came, "that-tap", visits) == {}
    [spent] = bench.rows("tag_taps")
    assert [spent[name] for name in ("arrival_id", "kiosk", "came_at", "came_boot", "came_mono")] == [None] * 5
    [tag] = bench.rows("tags")
    assert tag["last_day"] is None, "nor that day, on which she was here otherwise not"


def test_a_code_hides_its_half_minute(bench: HubBench) -> None:
    """Its count is a time: it stays used up under a number that only the key can make."""
    proven(bench, showed(bench, code_now(bench), arrival_id="that-tap", age_s=0.0))
    [before] = bench.rows("tag_taps")
    leave(bench, "that-tap")
    [after] = bench.rows("tag_taps")
    assert after["counter"] < 0 and after["counter"] != -before["counter"] and len(bench.rows("tag_taps")) == 1


def test_the_day_of_her_other_visits_stays(bench: HubBench) -> None:
    tag = maria_tag()
    proven(bench, tapped(bench, tag.read(), arrival_id="before"))
    day = bench.clock.now().date().isoformat()
    bench.later(2 * DAY_S)
    proven(bench, tapped(bench, tag.read(), arrival_id="that-tap", age_s=0.0))
    leave(bench, "that-tap")
    assert [row["last_day"] for row in bench.rows("tags")] == [day]
    assert [row["arrival_id"] for row in bench.rows("tag_taps")] == ["before", None]


def test_the_counts_of_a_card_go_on_protecting_it(bench: HubBench) -> None:
    tag = maria_tag(60)
    kept_back, used = tag.read(), tag.read()  # 61 was recorded in her bag, 62 is the tap she wants forgotten
    proven(bench, tapped(bench, used, arrival_id="that-tap", age_s=0.0))
    leave(bench, "that-tap")
    bench.clock.advance(60)
    assert not proven(bench, tapped(bench, used, door=DOOR_2), DOOR_2)
    assert not proven(bench, tapped(bench, kept_back, door=DOOR_2), DOOR_2)
    assert verdicts(bench)[-2:] == ["proof_replayed", "proof_unplaceable"]
    assert [body.alarm for body in bench.facts("proof")] == ["replayed"]
    assert proven(bench, tapped(bench, tag.read()))
    bench.clock.advance(60)
    assert not proven(bench, tapped(bench, kept_back))
    assert verdicts(bench)[-1] == "proof_rolled_back", "a later tap that is remembered says it again"


def test_a_code_is_used_up_and_accuses_nobody(bench: HubBench) -> None:
    """She pressed by mistake and shows the same code again; a photograph of it proves no more than hers."""
    text = code_now(bench)
    proven(bench, showed(bench, text, arrival_id="that-tap", age_s=0.0))
    leave(bench, "that-tap")
    assert not proven(bench, showed(bench, text)) and not proven(bench, showed(bench, text, door=DOOR_2), DOOR_2)
    assert verdicts(bench)[-2:] == ["proof_repeated", "proof_repeated"] and bench.facts("proof") == []
    bench.clock.advance(30)
    assert proven(bench, showed(bench, code_now(bench)))


def test_a_revision_that_overtook_brings_nothing_back(bench: HubBench) -> None:
    came = bench.clock.now().isoformat()
    uri = maria_tag().read()
    proven(bench, tapped(bench, uri, arrival_id="that-tap", age_s=0.0))
    leave(bench, "that-tap", rev=2)
    for rev in (1, 3):
        bench.take(tapped(bench, uri, arrival_id="that-tap", rev=rev, reason="help"))
    assert ties(bench, came, "that-tap", set()) == {} and bench.facts("proof") == []
    assert {row["outcome"] for row in bench.rows("arrivals")} == {"not_today"} and set(verdicts(bench)) == {None}


def test_a_standing_wish_is_kept_from_the_first_moment(bench: HubBench) -> None:
    bench.put_maria(not_today=True)
    bench.clock.advance(DAY_S)
    came = bench.clock.now().isoformat()
    bench.take(tapped(bench, maria_tag().read(), arrival_id="that-tap", age_s=0.0))
    assert ties(bench, came, "that-tap", set()) == {} and len(bench.rows("tag_taps")) == 1


def test_every_arrival_of_that_visit_is_forgotten(bench: HubBench) -> None:
    came, tag = bench.clock.now().isoformat(), maria_tag()
    proven(bench, tapped(bench, tag.read(), arrival_id="that-tap", age_s=0.0))
    bench.clock.advance(60)
    proven(bench, tapped(bench, tag.read(), arrival_id="b"))
    visits = {row["visit_id"] for row in bench.rows("visits")}
    leave(bench, "b")
    assert ties(bench, came, "that-tap", visits) == {} and len(bench.rows("tag_taps")) == 2


def test_a_look_at_her_card_names_her_no_more(bench: HubBench) -> None:
    ann = bench.phone("ben")
    proven(bench, tapped(bench, maria_tag().read(), arrival_id="that-tap", age_s=0.0))
    [visit] = [row["visit_id"] for row in bench.rows("visits")]
    assert ann.act(f"/api/v1/visits/{visit}/card/break-glass", {"reason": "Maria forgot her bag"}).status_code == 200
    leave(bench, "that-tap")
    assert [(row["visit_id"], row["member"], row["reason"]) for row in bench.rows("looks")] == [(visit, None, None)]


def test_an_alarm_stays_and_what_hq_hears_beside_it_is_blunt(bench: HubBench) -> None:
    """Whoever shows a copy could otherwise silence the alarm with one touch. It names a card; the arrival beside it nobody."""
    bench.clock.advance(754.5)
    came = bench.clock.now()
    proven(bench, tapped(bench, maria_tag().uri(5), arrival_id="first"))
    proven(bench, tapped(bench, maria_tag().uri(2000), arrival_id="that-tap", age_s=0.0))
    leave(bench, "that-tap")
    [alarm] = bench.facts("proof")
    assert (alarm.alarm, alarm.came_at) == ("jumped", came)
    for body in bench.facts("arrival"):
        assert (body.outcome, body.member) == ("not_today", None)
        assert body.arrived_at == came.replace(minute=0, second=0, microsecond=0)
    times = [(body.started_at, body.last_arrival_at) for body in bench.facts("visit")]
    assert times and all(came not in pair for pair in times)


def test_a_file_of_the_version_before_is_taken_over(bench: HubBench) -> None:
    """Counts and cards as version 4 of the tables kept them, with times to the microsecond."""
    assert proofs.use_of_versions(bench.hub.store.file.writer, STORE, "nfc") == []
    proven(bench, tapped(bench, maria_tag().uri(9)))
    with bench.hub.store.file.write() as connection:
        for line in _AS_BEFORE.split(";\n"):
            connection.execute(line)
    bench.restart()
    [tag], [tap] = bench.rows("tags"), bench.rows("tag_taps")
    assert tag["last_day"] == bench.clock.now().date().isoformat() and tap["counter"] == 9
    assert not proven(bench, tapped(bench, maria_tag().uri(9))) and RING.of("nfc")


def test_facts_are_still_readable(bench: HubBench) -> None:
    proven(bench, tapped(bench, maria_tag().read(), arrival_id="that-tap", age_s=0.0))
    leave(bench, "that-tap")
    assert all(msgspec.json.decode(row.payload, type=Fact).store == STORE for row in bench.hub.store.outbox.rows())


_AS_BEFORE = """DELETE FROM _sqlite_migrations WHERE name = 'm0007_nothing_of_not_today';
ALTER TABLE tags RENAME TO tags_new;
DROP INDEX tags_by_card;
CREATE TABLE tags (
  store TEXT NOT NULL, tag TEXT NOT NULL, card_id TEXT, medium TEXT NOT NULL, version INTEGER NOT NULL,
  retired INTEGER NOT NULL, first_at TEXT NOT NULL, last_at TEXT NOT NULL, PRIMARY KEY (store, tag)) STRICT;
INSERT INTO tags SELECT store, tag, card_id, medium, version, retired, last_day || 'T09:00:00+00:00',
  last_day || 'T09:00:00+00:00' FROM tags_new;
DROP TABLE tags_new;
CREATE INDEX tags_by_card ON tags (store, card_id);
DROP INDEX tag_taps_by_arrival;
ALTER TABLE tag_taps RENAME TO tag_taps_new;
CREATE TABLE tag_taps (
  store TEXT NOT NULL, tag TEXT NOT NULL, counter INTEGER NOT NULL, arrival_id TEXT NOT NULL, kiosk TEXT NOT NULL,
  came_at TEXT NOT NULL, came_boot TEXT NOT NULL, came_mono REAL NOT NULL, PRIMARY KEY (store, tag, counter)) STRICT;
INSERT INTO tag_taps SELECT store, tag, counter, arrival_id, kiosk, came_at, came_boot, came_mono FROM tag_taps_new;
DROP TABLE tag_taps_new"""
