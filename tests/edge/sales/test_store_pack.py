"""The made-up store: deterministic, whole, loaded once; what the store changed since stays changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from edge.contracts.facts import MemberBody, SaleBody, read_fact
from edge.contracts.money import Money
from edge.demo.data import store_pack
from edge.hub.sales.judge import Rules
from edge.hub.store.members import find_card, find_member
from edge.hub.store.memory_pack import Loaded, PackLoader
from edge.hub.store.memory_schema import ERASURE, MIGRATIONS
from edge.hub.store.opening import HubStore
from edge.hub.store_pack import read_pack
from edge.process.errors import OperatorError
from tests.support.sales import LONDON, STORE, open_memory

TODAY = date(2026, 11, 20)
PACK = store_pack(today=TODAY)
Spoil = Callable[[dict[str, Any]], None]
BY_KEY = {member["key"]: member for member in PACK["members"]}


def write(folder: Path, pack: dict[str, Any]) -> Path:
    path = folder / "pack.json"
    path.write_text(json.dumps(pack))
    return path


def load(hub: HubStore, folder: Path, pack: dict[str, Any] = PACK) -> Loaded:
    read = read_pack(write(folder, pack), store=STORE, currency="GBP")
    return PackLoader(hub, read, Rules(LONDON), lambda pin: f"hash of {len(pin)}").load()


@pytest.fixture
def hub(tmp_path: Path) -> HubStore:
    return open_memory(tmp_path / "hub")


def dump(hub: HubStore) -> dict[str, list[tuple[Any, ...]]]:
    with hub.file.read() as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: sorted(tuple(row) for row in connection.execute(f"SELECT * FROM {table}")) for table in tables}


def test_the_same_seed_gives_the_same_store_and_the_day_only_moves_dates() -> None:
    assert store_pack(today=TODAY) == PACK and store_pack(seed=8, today=TODAY) != PACK
    later = store_pack(today=date(2027, 2, 1))

    def ids(pack: dict[str, Any]) -> list[Any]:
        cards = [(member["member"], card["card_id"]) for member in pack["members"] for card in member["cards"]]
        return [*cards, *((receipt["receipt"], receipt["member"], receipt["lines"]) for receipt in pack["receipts"])]

    assert ids(later) == ids(PACK)


def test_the_store_is_worth_a_first_tap() -> None:
    members = PACK["members"]
    assert len(members) == 120 and len(PACK["products"]) >= 150 and len(PACK["associates"]) == 5 and len(PACK["receipts"]) > 1000
    assert "made up" in PACK["made_up"]
    assert {"maria", "tom", "ingrid", "jonas", "priya", "ruth", "nameless"} <= BY_KEY.keys()
    assert sum(member["greeting"] == "name" for member in members) in range(50, 100)
    assert len({member["language"] for member in members}) >= 5
    assert sum(len(member["complaints"]) for member in members) == 1
    assert sum(project["state"] == "in_progress" for member in members for project in member["projects"]) > 10
    skills = {skill for person in PACK["associates"] for skill in person["skills"]}
    assert {"tiles", "paint", "timber", "plumbing", "garden", "tools"} <= skills
    assert all(
        member["cards"][0]["card_id"].startswith("nfc:04") and len(member["cards"][0]["card_id"]) == 18 for member in members
    )
    oldest = min(receipt["sold_at"] for receipt in PACK["receipts"])
    assert oldest < "2025-06" and max(receipt["sold_at"] for receipt in PACK["receipts"]) < TODAY.isoformat()


def test_everything_is_loaded(hub: HubStore, tmp_path: Path) -> None:
    loaded = load(hub, tmp_path)
    cards = sum(len(member["cards"]) for member in PACK["members"])
    assert loaded == Loaded(5, len(PACK["products"]), 120, cards, loaded.projects, len(PACK["receipts"])) and loaded.projects > 10
    with hub.file.read() as connection:
        maria = find_member(connection, STORE, BY_KEY["maria"]["member"])
        lost = find_card(connection, STORE, BY_KEY["priya"]["cards"][2]["card_id"])
        pins = {row[0] for row in connection.execute("SELECT pin_hash FROM associates")}
    assert maria is not None and (maria.called, maria.greeting, maria.own_associate) == ("Maria", "name", "ana")
    assert lost is not None and lost.state == "blocked"
    assert pins == {"hash of 6"}
    facts = [read_fact(row.payload).body for row in hub.outbox.rows()]
    assert sum(isinstance(body, SaleBody) for body in facts) == sum(len(receipt["lines"]) for receipt in PACK["receipts"])
    assert sum(isinstance(body, MemberBody) for body in facts) == 120


def test_a_second_load_changes_nothing_even_after_the_day_moved(hub: HubStore, tmp_path: Path) -> None:
    load(hub, tmp_path)
    before = dump(hub)
    assert load(hub, tmp_path) == Loaded()
    assert load(hub, tmp_path, store_pack(today=date(2026, 11, 25))) == Loaded()
    assert dump(hub) == before


def test_what_the_store_changed_stays_changed(hub: HubStore, tmp_path: Path) -> None:
    load(hub, tmp_path)
    ruth, card = BY_KEY["ruth"]["member"], BY_KEY["tom"]["cards"][0]["card_id"]
    with hub.file.write() as connection:
        hub.members.put_member(connection, ruth, name="Ruth", greeting="name")
        hub.members.put_card(connection, card, BY_KEY["tom"]["member"], "blocked")
        connection.execute("UPDATE products SET stock = 0 WHERE code = 'T301'")
        connection.execute("DELETE FROM products WHERE code = 'T302'")
        connection.execute("UPDATE projects SET state = 'done' WHERE member = ?", (BY_KEY["maria"]["member"],))
        assert hub.memory.close_complaint(connection, "ingrid-complaint-1", TODAY)
        connection.execute("DELETE FROM preferences")
    before = dump(hub)
    load(hub, tmp_path)
    assert dump(hub) == before


def test_a_grown_pack_adds_what_is_new(hub: HubStore, tmp_path: Path) -> None:
    load(hub, tmp_path)
    pack = copy.deepcopy(PACK)
    pack["receipts"].append({**pack["receipts"][0], "receipt": "K99999"})
    assert load(hub, tmp_path, pack) == Loaded(receipts=1)


def test_who_is_erased_does_not_come_back_with_the_pack(hub: HubStore, tmp_path: Path) -> None:
    load(hub, tmp_path)
    maria = BY_KEY["maria"]["member"]
    with hub.file.write() as connection:
        hub.memory.forget(connection, maria)
        connection.execute("UPDATE members SET erased = 1, name = NULL WHERE member = ?", (maria,))
        connection.execute("DELETE FROM cards WHERE member = ?", (maria,))
        connection.execute("INSERT INTO tombstones VALUES (?, ?, ?)", (STORE, maria, "2026-11-20"))
        connection.execute("DELETE FROM pack_items WHERE kind <> 'associate'")  # as if it were another pack
        connection.execute("DELETE FROM sale_lines")
    load(hub, tmp_path)
    left = dump(hub)
    for table in ("sale_lines", "projects", "preferences", "follow_ups", "cards", "complaints", "notes"):
        assert not [row for row in left[table] if maria in row], table
    assert hub.memory.client_card(maria, visit_id="v", who=None, reason=None, assurance=None, today=TODAY).member is None


def test_every_table_of_the_memory_says_what_an_erasure_does_and_forget_does_it(hub: HubStore, tmp_path: Path) -> None:
    load(hub, tmp_path)
    ingrid = BY_KEY["ingrid"]["member"]
    with hub.file.write() as connection:
        _note(hub, connection, "n1", ingrid)
        total = connection.execute("SELECT sum(amount_minor), count(*) FROM sale_lines").fetchone()
        hub.memory.forget(connection, ingrid)
        assert tuple(connection.execute("SELECT sum(amount_minor), count(*) FROM sale_lines").fetchone()) == tuple(total)
    left = dump(hub)
    assert {table for table in ERASURE if table not in left} == set()
    kept_by_design = {"pack_items"}
    assert not [table for table in ERASURE if table not in kept_by_design and [row for row in left[table] if ingrid in row]]
    assert len(left["projects"]) > 10 and left["preferences"], "nobody else's memory is touched"


def _note(hub: HubStore, connection: Any, note_id: str, member: str, topic: Any = "how_it_went") -> bool:
    from datetime import datetime, timezone

    at = datetime(2026, 11, 20, 10, tzinfo=timezone.utc)
    return hub.memory.add_note(
        connection, note_id=note_id, visit_id="v1", member=member, author="ana", text="Fits.", topic=topic, went_well=True, at=at
    )


def test_no_table_of_the_memory_is_without_its_line_and_each_is_strict_with_store_first(hub: HubStore) -> None:
    with hub.file.read() as connection:
        made = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall())
        keys = {
            table: [row["name"] for row in connection.execute(f"PRAGMA table_info({table})") if row["pk"] == 1]
            for table in ERASURE
        }
    assert all("STRICT" in made[table] for table in ERASURE)
    assert set(map(tuple, keys.values())) == {("store",)}
    assert MIGRATIONS.name == "hub.memory"


def test_a_note_is_kept_once_shown_and_answers_the_question_that_was_due(hub: HubStore, tmp_path: Path) -> None:
    load(hub, tmp_path)
    maria = BY_KEY["maria"]["member"]

    def asked() -> list[str]:
        card = hub.memory.client_card(maria, visit_id="v", who="Maria", reason=None, assurance="plain", today=TODAY)
        notes.append([(line.text, line.because) for line in card.notes])
        return [line.text for line in card.ask]

    notes: list[list[tuple[str, str]]] = []
    assert "How did the Rainy Harbour hallway turn out?" in asked()
    with hub.file.write() as connection:
        assert _note(hub, connection, "n1", maria)
        assert not _note(hub, connection, "n1", maria)
    assert "How did the Rainy Harbour hallway turn out?" not in asked()
    assert notes == [[], [("Fits.", "note by Ana Beltrán on 20 November; found what they came for")]]


def test_amounts_are_exact(hub: HubStore, tmp_path: Path) -> None:
    load(hub, tmp_path)
    material = hub.memory.material(BY_KEY["maria"]["member"])
    assert material is not None
    held = material.held()
    assert (held["T101"].quantity, held["T101"].amount) == (42, Money(42 * 420, "GBP"))


def change(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Set `a.0.b` of a pack to a value."""

    def apply(pack: dict[str, Any]) -> None:
        *way, last = path.split(".")
        place: Any = pack
        for step in way:
            place = place[int(step)] if step.isdigit() else place[step]
        place[int(last) if last.isdigit() else last] = value

    return apply


@pytest.mark.parametrize(
    ("spoil", "code", "word"),
    [
        (change("v", "2"), "pack_malformed", "$.v"),
        (change("members.3.greeting", "loud"), "pack_malformed", "$.members[3].greeting"),
        (change("members.3.nmae", "x"), "pack_malformed", "nmae"),
        (change("store", "other"), "pack_other_store", "other"),
        (change("currency", "EUR"), "pack_other_currency", "EUR"),
        (change("products.1.code", "T101"), "pack_inconsistent", "T101"),
        (change("products.0.goes_with", ["Z9"]), "pack_inconsistent", "Z9"),
        (change("products.0.price", "4,20"), "pack_inconsistent", "T101"),
        (change("receipts.0.lines.0.product", "Z9"), "pack_inconsistent", "Z9"),
        (change("receipts.0.member", "nobody"), "pack_inconsistent", "nobody"),
        (change("receipts.0.sold_at", "yesterday"), "pack_malformed", "sold_at"),
        (change("members.0.own_associate", "zed"), "pack_inconsistent", "zed"),
        (change("members.0.cards.0.card_id", "nfc:xyz"), "pack_inconsistent", "maria"),
        (change("associates.0.pin", "1"), "pack_malformed", "pin"),
    ],
)
def test_a_bad_pack_is_refused_whole_and_says_where(tmp_path: Path, spoil: Spoil, code: str, word: str) -> None:
    pack = copy.deepcopy(PACK)
    spoil(pack)
    with pytest.raises(OperatorError) as refused:
        read_pack(write(tmp_path, pack), store=STORE, currency="GBP")
    assert refused.value.code == code and word in refused.value.hint


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b"{" * 10_000, b'{"v": "1"}'])
def test_files_that_are_no_pack(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pack.json"
    path.write_bytes(content)
    with pytest.raises(OperatorError) as refused:
        read_pack(path, store=STORE, currency="GBP")
    assert refused.value.code == "pack_malformed"


def test_a_card_can_be_registered_as_able_to_prove_itself(hub: HubStore, tmp_path: Path) -> None:
    pack = copy.deepcopy(PACK)
    pack["members"][0]["cards"] = [{"card_id": "nfc:04C0FFEE000001", "provable": True}, {"card_id": "nfc:04C0FFEE000002"}]
    load(hub, tmp_path, pack)
    with hub.file.read() as connection:
        found = [find_card(connection, STORE, f"nfc:04C0FFEE00000{number}") for number in (1, 2)]
    assert [card.provable for card in found if card] == [True, False]
