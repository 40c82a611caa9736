"""Forgetting a member: every table, one transaction, for good."""

from __future__ import annotations

import msgspec
import pytest

from edge.contracts.card_id import card_token
from edge.contracts.feed import CardChange, Erasure, FeedItem, MemberChange
from edge.hub.store import directory, erasure, members, memory_schema
from edge.hub.store.times import now_of
from tests.support.hub import CARD_KEY, EVIDENCE_KEY, MARIA, MARIA_CARD, STORE, HubBench

HOUSEKEEPING = {"_sqlite_migrations", "sqlite_sequence"}


def test_every_table_says_what_an_erasure_does_to_it(bench: HubBench) -> None:
    declared = [*erasure.CORE, *erasure.OUTBOX, *memory_schema.ERASURE]
    assert len(declared) == len(set(declared)), "a table is declared twice"
    assert set(bench.dump()) - HOUSEKEEPING == set(declared)
    assert all(text.strip() for text in (erasure.CORE | erasure.OUTBOX | memory_schema.ERASURE).values())


def test_every_table_has_its_store(bench: HubBench) -> None:
    with bench.hub.store.file.read() as connection:
        for table in set(bench.dump()) - HOUSEKEEPING:
            columns = list(connection.execute(f"PRAGMA table_info({table})"))
            names = [column["name"] for column in columns]
            assert "store" in names, table
            key = [column["name"] for column in sorted(columns, key=lambda c: c["pk"]) if column["pk"]]
            assert table == "outbox" or key[:1] in ([], ["store"]), table
            for index in connection.execute(f"PRAGMA index_list({table})").fetchall():
                if index["unique"]:
                    assert "store" in [row["name"] for row in connection.execute(f"PRAGMA index_info({index['name']})")], table


def test_every_table_is_strict(bench: HubBench) -> None:
    with bench.hub.store.file.read() as connection:
        strict = {row["name"]: row["strict"] for row in connection.execute("PRAGMA table_list") if row["type"] == "table"}
    assert all(strict[table] for table in set(bench.dump()) - HOUSEKEEPING)


def lived_in(bench: HubBench) -> None:
    """Maria has a day behind her: two visits, a claim, a look, a note; facts still wait."""
    bench.put_maria(own_associate="ann", origin="sign-up", since="2021-05-01")
    ann = bench.phone("ann")
    bench.take(bench.arrival(reason="pickup"))
    [alert] = ann.alerts()
    ann.act(f"/api/v1/alerts/{alert['alert_id']}/claim")
    ann.get(f"/api/v1/visits/{alert['visit_id']}/card")
    ann.act(f"/api/v1/visits/{alert['visit_id']}/card/break-glass", {"reason": "asked about Maria"})
    ann.act(f"/api/v1/visits/{alert['visit_id']}/notes", {"text": "Maria likes slate", "went_well": True})
    ann.act(f"/api/v1/alerts/{alert['alert_id']}/served")
    bench.later(5400)
    bench.later(1)
    bench.phone("ben")
    bench.take(bench.arrival())


def erase(bench: HubBench, member: str = MARIA) -> bool:
    with bench.hub.store.file.write() as connection:
        return bench.hub.eraser.erase_member(connection, member, now_of(bench.clock))


def test_nothing_of_her_is_left_but_the_tombstone(bench: HubBench) -> None:
    lived_in(bench)
    assert erase(bench)
    allowed = {"tombstones", "members"}
    for table, rows in bench.dump().items():
        if table == "outbox":
            rows = [row for row in rows if b'"kind":"erasure"' not in row["payload"]]
        text = repr(rows)
        assert "Maria" not in text, table
        assert MARIA_CARD not in text, table
        if table not in allowed:
            assert MARIA not in text, table
    [member] = bench.rows("members")
    assert {key for key, value in member.items() if value} == {"store", "member", "erased", "greeting"}
    assert [fact.member for fact in bench.facts("erasure")] == [MARIA]


def test_totals_stay(bench: HubBench) -> None:
    lived_in(bench)
    before = {table: len(bench.rows(table)) for table in ("arrivals", "visits", "alerts", "looks")}
    facts = len(bench.facts("arrival"))
    erase(bench)
    assert {table: len(bench.rows(table)) for table in before} == before
    assert len(bench.facts("arrival")) == facts
    assert bench.facts("note") == bench.facts("member") == []


def test_a_live_alert_is_withdrawn_and_the_phones_forget(bench: HubBench) -> None:
    lived_in(bench)
    erase(bench)
    bench.hub.announcer.turn()
    last = bench.broker.alerts("ben")[-1]
    assert (last.state, last.who.name, last.headline) == ("withdrawn", None, None)


def test_the_kiosks_hear_which_token_to_drop(bench: HubBench) -> None:
    bench.put_maria()
    with bench.hub.store.file.read() as connection:
        before = directory.newest(connection, STORE)
    erase(bench)
    with bench.hub.store.file.read() as connection:
        page = directory.page(connection, STORE, after=before, limit=10, card_key=CARD_KEY, hub_key=EVIDENCE_KEY)
    assert [(entry.token, entry.state, entry.member) for entry in page.entries] == [
        (card_token(CARD_KEY, MARIA_CARD), "gone", None)
    ]


def test_nothing_later_brings_her_back(bench: HubBench) -> None:
    lived_in(bench)
    erase(bench)
    changes = [
        MemberChange(MARIA, name="Maria Keller", greeting="name"),
        CardChange(MARIA_CARD, "active", MARIA),
        CardChange(MARIA_CARD, "blocked", MARIA),
    ]
    bench.hub.feed.apply([FeedItem(seq, change) for seq, change in enumerate(changes, 1)], 3)
    with bench.hub.store.file.write() as connection:
        assert not bench.hub.store.members.put_member(connection, MARIA, name="Maria Keller")
        assert not bench.hub.store.members.put_card(connection, MARIA_CARD, MARIA)
        assert members.find_member(connection, STORE, MARIA) is None
        assert members.find_card(connection, STORE, MARIA_CARD) is None
    [result] = bench.take(bench.arrival(rev=0, arrival_id="from-an-old-outbox"))
    assert result.greeting is not None
    assert (result.greeting.outcome, result.greeting.member) == ("stranger", None)
    assert all(
        fact.member != MARIA
        for fact in bench.facts()
        if fact.__struct_config__.tag not in ("erasure",) and hasattr(fact, "member")
    )


def test_twice_is_as_good_as_once(bench: HubBench) -> None:
    lived_in(bench)
    assert erase(bench)
    before = bench.dump()
    assert not erase(bench)
    assert bench.dump() == before


def test_a_fault_in_the_middle_erases_nothing(bench: HubBench, monkeypatch: pytest.MonkeyPatch) -> None:
    lived_in(bench)
    before = bench.dump()

    def crash(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(bench.hub.store.memory, "forget", crash, raising=True)
        with pytest.raises(RuntimeError):
            erase(bench)
    assert bench.dump() == before


def test_somebody_never_known_here_stays_unknown(bench: HubBench) -> None:
    bench.hub.feed.apply([FeedItem(1, Erasure("m-elsewhere"))], 1)
    bench.hub.feed.apply([FeedItem(2, MemberChange("m-elsewhere", name="Late News"))], 2)
    assert bench.rows("members") == []


def test_facts_of_others_that_wait_are_untouched(bench: HubBench) -> None:
    bench.put_maria()
    with bench.hub.store.file.write() as connection:
        bench.hub.store.members.put_member(connection, f"{MARIA}-2", name="Somebody Else")
    before = [fact for fact in bench.facts("member") if fact.member != MARIA]
    erase(bench)
    assert bench.facts("member") == before
    assert msgspec.to_builtins(before[0])["name"] == "Somebody Else"
