"""edge.hq.receive: the decision about one item, without a database."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contracts.facts import AlertBody, ArrivalBody, DeviceBody, ErasureBody, FactBody, MemberBody, NoteBody
from edge.hq.receive import Accepted, Refused, answer, depersonalised, erasures, judge, mentioned, without_erased
from tests.support import hq

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=timezone.utc)
GOOD = hq.fact(1, hq.arrival(1, NOW), NOW)


def _changed(**fields: Any) -> bytes:
    return msgspec.json.encode({**msgspec.json.decode(GOOD), **fields})


def _body(**fields: Any) -> bytes:
    return _changed(body={**msgspec.json.decode(GOOD)["body"], **fields})


def _sale(**fields: Any) -> bytes:
    whole = msgspec.json.decode(hq.fact(1, hq.sale(1, NOW), NOW))
    return msgspec.json.encode({**whole, "body": {**whole["body"], **fields}})


def test_a_good_fact_is_accepted_with_its_member_and_visit() -> None:
    item = judge(GOOD, hq.STORE)
    assert isinstance(item, Accepted)
    assert (item.id, item.kind, item.member, item.visit, item.code) == ("fact-000001", "arrival", "m-1", "visit-1", None)


@pytest.mark.parametrize(
    ("raw", "code", "id_"),
    [
        (b"", "malformed", None),
        (b"\xff\xfe", "malformed", None),
        (b"[1]", "malformed", None),
        (b'{"id":"fact-7"}', "malformed", "fact-7"),
        (b'{"id":"../etc"}', "malformed", None),
        (b"[" * 5000, "malformed", None),
        (_changed(v="2.0"), "version_unknown", "fact-000001"),
        (_changed(v="one"), "malformed", "fact-000001"),
        (_changed(store=hq.OTHER), "wrong_store", "fact-000001"),
        (_changed(body={"kind": "weather"}), "kind_unknown", "fact-000001"),
        (_body(rev="none"), "malformed", "fact-000001"),
        (_body(door="Door 1"), "malformed", "fact-000001"),
        (_body(rev=2**63), "out_of_bounds", "fact-000001"),
        (_body(arrived_at="0001-01-01T00:00:00+14:00"), "out_of_bounds", "fact-000001"),
        (_body(arrived_at="9999-12-31T23:59:59-14:00"), "out_of_bounds", "fact-000001"),
        (_body(pad="x" * 20000), "too_large", "fact-000001"),
        (_sale(description="bell\x00"), "out_of_bounds", "fact-000001"),
        (_sale(invoice="9" * 201), "out_of_bounds", "fact-000001"),
        (_sale(unit_price="cheap"), "out_of_bounds", "fact-000001"),
        (_sale(unit_price="NaN"), "out_of_bounds", "fact-000001"),
        (_sale(quantity=-(2**63) - 1), "out_of_bounds", "fact-000001"),
        (_sale(amount={"minor": 2**70, "currency": "GBP"}), "out_of_bounds", "fact-000001"),
    ],
)
def test_what_is_wrong_is_refused_with_a_code_and_a_sentence(raw: bytes, code: str, id_: str | None) -> None:
    item = judge(raw, hq.STORE)
    assert isinstance(item, Refused)
    assert (item.code, item.id, item.raw) == (code, id_, raw)
    assert item.hint.endswith(".")


def test_problems_of_devices_are_looked_at_one_by_one() -> None:
    body = DeviceBody("kiosk", "door-1", True, NOW, "0.1.0", ["fine", "bad\x00"])
    item = judge(hq.fact(1, body, NOW), hq.STORE)
    assert isinstance(item, Refused) and item.code == "out_of_bounds"


def test_a_newer_minor_version_with_an_unknown_field_is_accepted() -> None:
    assert isinstance(judge(_changed(v="1.9", colour="brass"), hq.STORE), Accepted)


@given(st.binary(max_size=300))
def test_any_bytes_get_a_judgement(raw: bytes) -> None:
    assert isinstance(judge(raw, hq.STORE), Accepted | Refused)


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=3))
def test_a_damaged_fact_gets_a_judgement(place: int, noise: bytes) -> None:
    assert isinstance(judge(GOOD[:place] + noise + GOOD[place + len(noise) :], hq.STORE), Accepted | Refused)


BODIES: list[tuple[FactBody, bool]] = [
    (hq.arrival(1, NOW), True),
    (hq.visit(1, NOW), True),
    (hq.sale(1, NOW), True),
    (hq.note(1), False),
    (MemberBody("m-1", 1, "Maria"), False),
]


@pytest.mark.parametrize(("body", "stays"), BODIES)
def test_facts_about_the_erased_are_filed_without_the_person(body: FactBody, stays: bool) -> None:
    (item,) = without_erased([judge(hq.fact(1, body, NOW), hq.STORE)], frozenset({"m-1"}))
    assert isinstance(item, Accepted)
    assert (item.code, item.member) == ("erased_member", None)
    text = msgspec.json.encode(item.content).decode()
    assert "m-1" not in text and "Maria" not in text and "grey" not in text
    assert (item.kind == "erased") is not stays


def test_facts_about_others_stay_as_they_are() -> None:
    items = [judge(hq.fact(1, hq.note(1, "m-2"), NOW), hq.STORE)]
    assert without_erased(items, frozenset({"m-1"})) == items


def test_bodies_without_a_person_are_left_alone() -> None:
    body = AlertBody("a", "v", "served")
    assert depersonalised(body) is body


def test_erasures_and_mentions_of_a_batch() -> None:
    items = [
        judge(hq.fact(1, ErasureBody("m-1"), NOW), hq.STORE),
        judge(hq.fact(2, ErasureBody("m-probe"), NOW, test=True), hq.STORE),
        judge(hq.fact(3, hq.note(1, "m-2"), NOW), hq.STORE),
        judge(_body(rev="none", member="m-3"), hq.STORE),
    ]
    assert erasures(items) == {"m-1"}
    assert mentioned(items) == {"m-2", "m-3"}


def test_answers_stand_in_the_order_of_the_items_and_the_first_of_two_equal_ids_is_new() -> None:
    items = [judge(GOOD, hq.STORE), judge(b"{}", hq.STORE), judge(GOOD, hq.STORE), judge(_changed(id="old"), hq.STORE)]
    results = answer(items, frozenset({"fact-000001"}))
    assert [(a.id, a.result, a.code) for a in results] == [
        ("fact-000001", "new", None),
        (None, "refused", "malformed"),
        ("fact-000001", "duplicate", None),
        ("old", "duplicate", None),
    ]


def test_an_arrival_keeps_everything_but_the_member() -> None:
    body = hq.arrival(1, NOW, reason="help")
    left = depersonalised(body)
    assert isinstance(left, ArrivalBody)
    assert left == msgspec.structs.replace(body, member=None)
    assert depersonalised(NoteBody("n", None, "m-1", "ann", "text")) is None
