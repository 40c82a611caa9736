"""What crosses a border: golden files of every released version, versions, names, limits, and any bytes at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contracts import alert, answer, arrival, directory, facts, feed, names, news, outcomes, status, topics
from edge.contracts.envelope import ARRIVAL_MAX_BYTES, MESSAGE_MAX_BYTES, encode
from edge.contracts.errors import ContractError
from edge.contracts.schemas import schemas
from tests.contracts.samples import GOLDEN, HERE, SAMPLES, SCHEMAS, schema_text

READERS: dict[str, Callable[[bytes], Any]] = {
    "arrival": arrival.read_arrival,
    "answer": answer.read_answer,
    "alert": alert.read_alert,
    "status": status.read_status,
    "news": news.read_news,
    "fact": facts.read_fact,
    "feed_page": msgspec.json.Decoder(feed.FeedPage).decode,
    "directory_page": msgspec.json.Decoder(directory.DirectoryPage).decode,
}
MQTT = ("arrival", "answer", "alert", "status", "news")
ALL_GOLDEN = sorted((HERE / "golden").rglob("*.json"))


def reader_for(name: str) -> Callable[[bytes], Any]:
    return next(READERS[kind] for kind in sorted(READERS, key=len, reverse=True) if name.startswith(kind))


@pytest.mark.parametrize("path", ALL_GOLDEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_released_golden_file_is_still_read(path: Path) -> None:
    message = reader_for(path.stem)(path.read_bytes())
    again = reader_for(path.stem)(msgspec.json.encode(message))
    assert again == message


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_today_writes_what_the_golden_file_says(name: str) -> None:
    assert json.loads(msgspec.json.encode(SAMPLES[name])) == json.loads((GOLDEN / f"{name}.json").read_bytes())


@pytest.mark.parametrize("name", sorted(schemas()))
def test_schemas_are_checked_in(name: str) -> None:
    assert (SCHEMAS / f"{name}.json").read_text() == schema_text(schemas()[name]), "run: python -m tests.contracts.samples"


def altered(name: str, **changes: Any) -> bytes:
    body = json.loads((GOLDEN / f"{name}.json").read_bytes())
    body.update(changes)
    return json.dumps({key: value for key, value in body.items() if value is not ...}).encode()


@pytest.mark.parametrize("kind", MQTT)
@pytest.mark.parametrize("v", ["1.1", "1.99", "1.0"])
def test_a_newer_minor_with_new_fields_is_accepted(kind: str, v: str) -> None:
    message = READERS[kind](altered(f"{kind}_full", v=v, something_new={"deep": [1]}))
    assert message.v == v


@pytest.mark.parametrize("kind", [*MQTT, "fact"])
@pytest.mark.parametrize("v", ["2.0", "0.9", "10.0", "9999.1"])
def test_another_major_is_refused_by_code(kind: str, v: str) -> None:
    name = f"{kind}_full" if kind != "fact" else "fact_note"
    with pytest.raises(ContractError) as refused:
        READERS[kind](altered(name, v=v))
    assert refused.value.code == "version_unknown"


@pytest.mark.parametrize("kind", MQTT)
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "sale"}, "kind_unknown"),
        ({"v": "1"}, "malformed"),
        ({"v": 1}, "malformed"),
        ({"v": "1.x"}, "malformed"),
        ({"v": "٣.0"}, "malformed"),
        ({"v": ...}, "malformed"),
        ({"source": "main-street/kiosk"}, "malformed"),
        ({"source": "main-street/kiosk/door+1"}, "malformed"),
        ({"source": "main-street/kiosk/door-1\n"}, "malformed"),
        ({"source": "Main/kiosk/door-1"}, "malformed"),
        ({"at": "2026-11-20T09:30:15"}, "malformed"),
        ({"at": "yesterday"}, "malformed"),
        ({"seq": -1}, "malformed"),
        ({"seq": "7"}, "malformed"),
        ({"age_s": -0.1}, "malformed"),
        ({"age_s": ...}, "malformed"),
        ({"clock": "good"}, "malformed"),
        ({"id": ""}, "malformed"),
        ({"id": "x" * 65}, "malformed"),
        ({"id": "a b"}, "malformed"),
    ],
    ids=lambda value: json.dumps(value, default=str) if isinstance(value, dict) else value,
)
def test_a_bad_head_is_refused_by_code(kind: str, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ContractError) as refused:
        READERS[kind](altered(f"{kind}_full", **changes))
    assert refused.value.code == code
    assert refused.value.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"rev": -1},
        {"rev": 1001},
        {"outcome": "phone_uid"},
        {"outcome": "welcomed"},
        {"card_token": "0123"},
        {"card_token": "0123456789ABCDEF0123456789ABCDEF"},
        {"member": "m 1"},
        {"reason": "shopping"},
        {"evidence": "x" * 1201},
        {"language": "english please"},
        {"arrival_id": ...},
    ],
    ids=str,
)
def test_a_bad_arrival_is_malformed(changes: dict[str, Any]) -> None:
    with pytest.raises(ContractError) as refused:
        arrival.read_arrival(altered("arrival_full", **changes))
    assert refused.value.code == "malformed"


@pytest.mark.parametrize("outcome", ["guest", "not_today"])
@pytest.mark.parametrize("identity", [{"member": "m-1"}, {"card_token": "0" * 32}, {"evidence": "AAAA"}], ids=str)
def test_guest_and_not_today_name_nobody(outcome: str, identity: dict[str, str]) -> None:
    with pytest.raises(ContractError) as refused:
        arrival.read_arrival(altered("arrival_guest", outcome=outcome, **identity))
    assert refused.value.code == "identity_not_allowed"


def test_sizes_are_bounded() -> None:
    with pytest.raises(ContractError) as refused:
        arrival.read_arrival(altered("arrival_full", padding="x" * ARRIVAL_MAX_BYTES))
    assert refused.value.code == "too_large"
    with pytest.raises(ContractError) as refused:
        status.read_status(b" " * (MESSAGE_MAX_BYTES + 1))
    assert refused.value.code == "too_large"


def test_the_fullest_arrival_fits() -> None:
    full = msgspec.structs.replace(
        SAMPLES["arrival_full"], id="i" * 64, arrival_id="a" * 64, member="m" * 64, boot="b" * 64, evidence="e" * 1000, seq=2**53
    )
    assert len(encode(full)) <= ARRIVAL_MAX_BYTES
    assert arrival.read_arrival(encode(full)) == full


@pytest.mark.parametrize("kind", [*MQTT, "fact"])
@given(payload=st.binary(max_size=400))
def test_any_bytes_give_a_message_or_a_contract_error(kind: str, payload: bytes) -> None:
    try:
        READERS[kind](payload)
    except ContractError as error:
        assert error.code and error.hint


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("kind", [*MQTT, "fact"])
@given(data=st.data())
def test_any_field_may_hold_anything(kind: str, data: st.DataObject) -> None:
    name = f"{kind}_full" if kind != "fact" else "fact_sale"
    body = json.loads((GOLDEN / f"{name}.json").read_bytes())
    field = data.draw(st.sampled_from(sorted(body)))
    body[field] = data.draw(json_values)
    try:
        READERS[kind](json.dumps(body).encode())
    except ContractError as error:
        assert error.code in {"malformed", "kind_unknown", "version_unknown", "identity_not_allowed", "too_large"}


@given(secret=st.text(alphabet="abcdefghij", min_size=12, max_size=30))
def test_an_error_never_repeats_the_content(secret: str) -> None:
    """What was sent may be personal; an error names path and expected type only."""
    for changes in ({"outcome": secret}, {"language": secret}, {"rev": secret}, {"card_token": secret}, {"at": secret}):
        with pytest.raises(ContractError) as refused:
            arrival.read_arrival(altered("arrival_full", **changes))
        assert secret not in str(refused.value)


good_names = st.from_regex(r"\A[a-z0-9-]{1,32}\Z")


@given(good_names)
def test_names_within_the_pattern_are_names(name: str) -> None:
    assert names.check_name(name, "store") == name
    assert msgspec.convert(name, names.Name) == name


@given(st.text(max_size=40))
def test_names_and_the_schema_agree(text: str) -> None:
    def accepted(check: Callable[[], object]) -> bool:
        try:
            check()
        except (ContractError, msgspec.ValidationError):
            return False
        return True

    expected = 1 <= len(text) <= 32 and set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert accepted(lambda: names.check_name(text, "store")) is expected
    assert accepted(lambda: msgspec.convert(text, names.Name)) is expected


@given(store=good_names, device=good_names, kind=st.sampled_from(topics.DEVICE_KINDS))
def test_topics_are_taken_apart_as_they_were_put_together(store: str, device: str, kind: topics.DeviceKind) -> None:
    assert topics.parse(topics.status(store, kind, device)) == topics.TopicName(store, kind, device, "status")
    for make, owner, channel in (
        (topics.arrival, "kiosk", "arrival"),
        (topics.answer, "kiosk", "answer"),
        (topics.news, "kiosk", "news"),
        (topics.alert, "associate", "alert"),
    ):
        assert topics.parse(make(store, device)) == topics.TopicName(store, owner, device, channel)


@pytest.mark.parametrize("bad", ["+", "#", "a/b", "A", "", "x" * 33, "a b", "a\n", "ä", "$sys"])
@pytest.mark.parametrize("make", [topics.arrival, topics.answer, topics.news, topics.alert])
def test_no_topic_is_made_of_a_bad_name(make: Callable[[str, str], str], bad: str) -> None:
    for pair in ((bad, "door-1"), ("main-street", bad)):
        with pytest.raises(ContractError) as refused:
            make(*pair)
        assert refused.value.code == "name_invalid"


@given(st.text(max_size=80))
def test_any_topic_text_is_parsed_or_refused(text: str) -> None:
    try:
        topics.parse(text)
    except ContractError as error:
        assert error.code in {"topic_unknown", "name_invalid"}


def test_the_sets_of_outcomes_agree() -> None:
    assert set(get_args(outcomes.ArrivalOutcome)) == outcomes.ARRIVAL_OUTCOMES
    assert set(get_args(outcomes.Outcome)) >= outcomes.ARRIVAL_OUTCOMES
    assert set(get_args(outcomes.AlertState)) >= outcomes.ALERT_ENDS
    assert set(get_args(outcomes.Reason)) == set(outcomes.REASONS)


def test_fact_kinds_are_the_union() -> None:
    tags = {body.__struct_config__.tag for body in get_args(facts.FactBody)}
    assert tags == facts.FACT_KINDS
