"""Rights, pure: the table of the design by example, and that a subscription never reaches further than a right."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.broker.rights import Rights, may_read, may_subscribe, may_write, rights_of, username_of
from edge.contracts.errors import ContractError

KIOSK, HUB, ASSOCIATE = rights_of("a", "kiosk", "door-1"), rights_of("a", "hub", "main"), rights_of("a", "associate", "maria")
ROOT = "shopbell/v1/a"


def test_kiosk() -> None:
    assert may_write(KIOSK, f"{ROOT}/kiosk/door-1/arrival")
    assert may_write(KIOSK, f"{ROOT}/kiosk/door-1/status")
    assert may_read(KIOSK, f"{ROOT}/kiosk/door-1/answer")
    assert may_subscribe(KIOSK, f"{ROOT}/kiosk/door-1/news")
    assert not may_write(KIOSK, f"{ROOT}/kiosk/door-1/answer")
    assert not may_write(KIOSK, f"{ROOT}/kiosk/door-2/arrival")
    assert not may_read(KIOSK, f"{ROOT}/kiosk/door-1/arrival")
    assert not may_subscribe(KIOSK, f"{ROOT}/kiosk/+/answer")


def test_hub() -> None:
    assert may_write(HUB, f"{ROOT}/kiosk/door-9/answer")
    assert may_write(HUB, f"{ROOT}/associate/omar/alert")
    assert may_subscribe(HUB, f"{ROOT}/kiosk/+/arrival")
    assert may_subscribe(HUB, f"{ROOT}/+/+/status")
    assert may_subscribe(HUB, f"{ROOT}/kiosk/+/status")
    assert not may_write(HUB, f"{ROOT}/kiosk/+/answer")
    assert not may_write(HUB, f"{ROOT}/kiosk/door-1/arrival")
    assert not may_subscribe(HUB, f"{ROOT}/#")
    assert not may_subscribe(HUB, "shopbell/v1/b/kiosk/+/arrival")


def test_an_associate_writes_nothing() -> None:
    assert ASSOCIATE.write == []
    assert may_subscribe(ASSOCIATE, f"{ROOT}/associate/maria/alert")
    assert may_subscribe(ASSOCIATE, f"{ROOT}/hub/main/status")
    assert not may_subscribe(ASSOCIATE, f"{ROOT}/associate/omar/alert")
    assert not may_subscribe(ASSOCIATE, f"{ROOT}/kiosk/door-1/status")


@pytest.mark.parametrize("name", ["", "+", "#", "a/b", "A", "ä", "x" * 33, "a.b", "door-1\n", "$SYS"])
def test_names_that_could_act_as_wildcards_get_no_rights(name: str) -> None:
    for kind in ("kiosk", "hub", "associate"):
        for store, who in (("a", name), (name, "a")):
            with pytest.raises(ContractError):
                rights_of(store, kind, who)
            with pytest.raises(ContractError):
                username_of(store, kind, who)


def test_user_names_of_different_accounts_differ() -> None:
    names = ["a", "a-b", "b"]
    everybody = [username_of(store, kind, name) for store in names for kind in ("kiosk", "hub", "associate") for name in names]
    assert len(set(everybody)) == len(everybody)


TOPIC = st.lists(st.sampled_from(["a", "b", "", "$x"]), min_size=1, max_size=4).map("/".join)
FILTER = st.lists(st.sampled_from(["a", "b", "", "+", "#", "a+"]), min_size=1, max_size=4).map("/".join)
PATTERN = st.lists(st.sampled_from(["a", "b", "+"]), min_size=1, max_size=4).map("/".join)


def matches(topic_filter: str, topic: str) -> bool:
    """MQTT 3.1.1, 4.7, written from the standard."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if levels[0].startswith("$") and wanted[0] in ("+", "#"):
        return False
    for place, want in enumerate(wanted):
        if want == "#":
            return place == len(wanted) - 1
        if place >= len(levels) or want not in ("+", levels[place]):
            return False
    return len(wanted) == len(levels)


@given(pattern=PATTERN, topic_filter=FILTER)
def test_a_subscription_within_rights_brings_nothing_else(pattern: str, topic_filter: str) -> None:
    rights = Rights(write=[], read=[pattern])
    if not may_subscribe(rights, topic_filter):
        return
    for size in range(1, 5):
        for levels in itertools.product(["a", "b", "c"], repeat=size):
            topic = "/".join(levels)
            if matches(topic_filter, topic):
                assert may_read(rights, topic)


@given(pattern=PATTERN, topic=TOPIC)
def test_a_right_means_what_mqtt_means(pattern: str, topic: str) -> None:
    rights = Rights(write=[pattern], read=[pattern])
    assert may_write(rights, topic) == may_read(rights, topic)
    if may_read(rights, topic):
        assert matches(pattern, topic) or topic.startswith("$")


@given(FILTER)
def test_nobody_publishes_on_a_filter(topic: str) -> None:
    rights = Rights(write=["+", "+/+", "+/+/+", "+/+/+/+"], read=[])
    assert not ("+" in topic or "#" in topic) or not may_write(rights, topic)
