"""Whatever comes over the wire: a code, an answer where one can be given, and a process that lives on."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.contracts import topics
from edge.contracts.envelope import encode
from edge.hub.worker import GROUP_MOST, QUEUE_MOST
from tests.support.hub import DOOR, MARIA, STORE, HubBench

TOPIC = topics.arrival(STORE, DOOR)


def raw(bench: HubBench, **changes: Any) -> bytes:
    plain = msgspec.to_builtins(bench.guest())
    return json.dumps(plain | changes).encode()


def count(bench: HubBench, result: str, code: str) -> float:
    return bench.hub.metrics.registry.get_sample_value("shopbell_arrivals_total", {"result": result, "code": code}) or 0.0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"v": "2.0"}, "version_unknown"),
        ({"v": "1"}, "malformed"),
        ({"kind": "alert"}, "kind_unknown"),
        ({"outcome": "phone_uid"}, "malformed"),
        ({"source": "elsewhere/kiosk/door-1"}, "store_wrong"),
        ({"source": "main-street/kiosk/door-2"}, "source_mismatch"),
        ({"source": "main-street/kiosk/Door 1"}, "malformed"),
        ({"member": MARIA}, "identity_not_allowed"),
        ({"language": "english, please"}, "malformed"),
        ({"evidence": "x" * 1200, "boot": "b" * 64, "padding": "y" * 900}, "too_large"),
        ({"age_s": -1}, "malformed"),
    ],
)
def test_refused_with_a_code_and_a_sentence(bench: HubBench, changes: dict[str, Any], code: str) -> None:
    [result] = bench.take_raw((TOPIC, raw(bench, arrival_id="bad", **changes)))
    assert (result.arrival_id, result.result, result.code) == ("bad", "refused", code)
    assert result.hint
    assert result.hint.endswith(".")
    assert bench.rows("arrivals") == []
    assert count(bench, "refused", code) == 1


@pytest.mark.parametrize(
    ("topic", "code"),
    [
        ("shopbell/v1/elsewhere/kiosk/door-1/arrival", "store_wrong"),
        ("shopbell/v1/main-street/associate/ann/arrival", "topic_unknown"),
        ("shopbell/v1/main-street/kiosk/UPPER/arrival", "name_invalid"),
        ("shopbell/v2/main-street/kiosk/door-1/arrival", "topic_unknown"),
        ("nonsense", "topic_unknown"),
    ],
)
def test_where_nobody_can_be_answered_it_is_counted(bench: HubBench, topic: str, code: str) -> None:
    assert bench.take_raw((topic, raw(bench))) == []
    assert count(bench, "refused", code) == 1


def test_an_unknown_kiosk_is_told_what_to_do(bench: HubBench) -> None:
    arrival = bench.guest(source=f"{STORE}/kiosk/door-9")
    [result] = bench.take_raw((topics.arrival(STORE, "door-9"), encode(arrival)))
    assert (result.result, result.code) == ("refused", "kiosk_unknown")
    assert [topic for topic, _ in bench.broker.sent if topic.endswith("/answer")] == [topics.answer(STORE, "door-9")]


def test_bad_ones_do_not_hold_up_good_ones(bench: HubBench) -> None:
    good = encode(bench.guest(arrival_id="good"))
    results = bench.take_raw((TOPIC, b"{"), (TOPIC, raw(bench, v="9.9", arrival_id="new")), (TOPIC, good))
    assert {(result.arrival_id, result.result) for result in results} == {("new", "refused"), ("good", "new")}


def test_a_newer_minor_version_is_accepted(bench: HubBench) -> None:
    [result] = bench.take_raw((TOPIC, raw(bench, v="1.7", something_new=[1, 2])))
    assert result.result == "new"


def mangled(bench: HubBench, dice: random.Random) -> bytes:
    """A good arrival after an accident."""
    payload = bytearray(encode(bench.stranger() if dice.random() < 0.5 else bench.guest()))
    for _ in range(dice.randint(1, 6)):
        place = dice.randrange(len(payload))
        accident = dice.randrange(4)
        if accident == 0:
            payload[place] = dice.randrange(256)
        elif accident == 1:
            del payload[place : place + dice.randint(1, 30)]
        elif accident == 2:
            payload[place:place] = dice.randbytes(dice.randint(1, 20))
        else:
            payload = payload * 2 if dice.random() < 0.2 else payload[:place] + b'"}]'
        if not payload:
            return b""
    return bytes(payload)


def test_three_thousand_mangled_payloads_harm_nothing(bench: HubBench) -> None:
    dice = random.Random(20261120)
    for _ in range(60):
        bench.take_raw(*((TOPIC, mangled(bench, dice)) for _ in range(GROUP_MOST)))
    failed = bench.hub.metrics.registry.get_sample_value("shopbell_arrivals_failed_total", {"fault": "fault"})
    assert not failed, "a payload reached code that was not ready for it"
    [result] = bench.take(bench.guest(arrival_id="still-alive"))
    assert result.result == "new"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.text(max_size=60))
def test_any_bytes_on_any_topic(bench: HubBench, payload: bytes, topic: str) -> None:
    arrivals = len(bench.rows("arrivals"))
    bench.take_raw((TOPIC, payload), (topic, payload), (topics.status(STORE, "kiosk", DOOR), payload))
    assert len(bench.rows("arrivals")) == arrivals


def test_the_queue_is_bounded_and_says_so(bench: HubBench) -> None:
    for _ in range(QUEUE_MOST + 7):
        bench.hub.worker.deliver(TOPIC, b"{}")
    assert bench.hub.metrics.registry.get_sample_value("shopbell_arrivals_dropped_total") == 7


def test_many_results_fit_the_brokers_packets(bench: HubBench) -> None:
    bench.put_maria(call_me="Ж" * 40)
    results = bench.take(*(bench.arrival(arrival_id=f"{'x' * 50}-{number}", member=MARIA) for number in range(50)))
    assert len(results) == 50
    assert max(len(payload) for _, payload in bench.broker.sent) <= 16_000


def test_a_status_becomes_a_device_and_a_fact_once(bench: HubBench) -> None:
    status = {
        "kind": "status", "v": "1.0", "id": "s1", "source": f"{STORE}/kiosk/{DOOR}", "at": "2026-11-20T09:00:00Z",
        "clock": "free", "boot": "b", "seq": 1, "age_s": 0, "online": True, "since": "2026-11-20T08:00:00Z", "version": "0.1.0",
        "problems": [{"code": "reader_gone", "hint": "Look at the cable."}],
    }  # fmt: skip
    topic = topics.status(STORE, "kiosk", DOOR)
    bench.take_raw((topic, json.dumps(status).encode()), (topic, json.dumps(status | {"seq": 2}).encode()))
    [device] = bench.facts("device")
    assert (device.name, device.online, device.problems) == (DOOR, True, ["reader_gone"])
    bench.take_raw((topic, json.dumps(status | {"online": False}).encode()))
    assert [fact.online for fact in bench.facts("device")] == [True, False]
    forged = json.dumps(status | {"source": f"{STORE}/kiosk/door-2"}).encode()
    bench.take_raw((topic, forged))
    assert len(bench.facts("device")) == 2
