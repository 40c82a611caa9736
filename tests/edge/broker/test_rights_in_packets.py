"""Every right, per account, topic and direction: publish, retain, last will, subscribe, receive."""

from __future__ import annotations

import contextlib
import socket

import pytest

from edge.broker.accounts import Accounts
from edge.broker.rights import Rights
from tests.edge.broker.house import (
    ANSWER,
    ARRIVAL,
    EVERYTHING,
    HUB,
    KIOSK,
    OTHER_KIOSK,
    STATUS,
    A,
    B,
    settle,
)
from tests.support.brokers import (
    HOST,
    BrokerProcess,
    Probe,
    connack,
    connect_packet,
    eventually,
)

TOPICS = [
    *(f"{root}/kiosk/{door}/{channel}" for root in (A, B) for door in ("door-1", "door-2") for channel in ("arrival", "answer")),
    f"{A}/kiosk/door-1/news",
    f"{A}/kiosk/door-2/news",
    *(f"{root}/{who}/status" for root in (A, B) for who in ("kiosk/door-1", "hub/main", "associate/maria")),
    f"{A}/kiosk/door-2/status",
    *(f"{A}/associate/{name}/alert" for name in ("maria", "omar")),
    f"{B}/associate/maria/alert",
    f"{A}/kiosk/door-1/command",
    "shopbell/v2/a/kiosk/door-1/arrival",
]
# Written out by hand from DESIGN section 4, so that nothing here asks the code under test what is right.
MAY_WRITE = {
    KIOSK: {ARRIVAL, STATUS},
    OTHER_KIOSK: {f"{A}/kiosk/door-2/arrival", f"{A}/kiosk/door-2/status"},
    HUB: {
        f"{A}/kiosk/door-1/answer",
        f"{A}/kiosk/door-2/answer",
        f"{A}/kiosk/door-1/news",
        f"{A}/kiosk/door-2/news",
        f"{A}/associate/maria/alert",
        f"{A}/associate/omar/alert",
        f"{A}/hub/main/status",
    },
    "b.kiosk.door-1": {f"{B}/kiosk/door-1/arrival", f"{B}/kiosk/door-1/status"},
    "a.associate.maria": set[str](),
    "a.associate.omar": set[str](),
    "b.associate.maria": set[str](),
}
MAY_READ = {
    KIOSK: {ANSWER, f"{A}/kiosk/door-1/news"},
    OTHER_KIOSK: {f"{A}/kiosk/door-2/answer", f"{A}/kiosk/door-2/news"},
    HUB: {
        ARRIVAL,
        f"{A}/kiosk/door-2/arrival",
        STATUS,
        f"{A}/kiosk/door-2/status",
        f"{A}/hub/main/status",
        f"{A}/associate/maria/status",
    },
    "b.kiosk.door-1": {f"{B}/kiosk/door-1/answer"},
    "a.associate.maria": {f"{A}/associate/maria/alert", f"{A}/hub/main/status"},
    "a.associate.omar": {f"{A}/associate/omar/alert", f"{A}/hub/main/status"},
    "b.associate.maria": {f"{B}/associate/maria/alert", f"{B}/hub/main/status"},
}
WILDCARDS = [
    "#",
    "+/#",
    "shopbell/#",
    f"{A}/#",
    EVERYTHING,
    f"{A}/kiosk/+/arrival",
    f"{A}/kiosk/+/answer",
    f"{A}/associate/+/alert",
    f"{A}/+/+/status",
    f"{A}/hub/+/status",
    f"{A}/kiosk/door-1/+",
    f"{A}/kiosk/door-1/#",
    f"{A}/+/+/+",
    f"{B}/+/+/status",
    "shopbell/v1/+/kiosk/+/arrival",
    "shopbell/v1/+/+/maria/alert",
    "$SYS/#",
    "$CONTROL/#",
    "$CONTROL/dynamic-security/v1/response",
]
MAY_SUBSCRIBE_WIDELY = {
    HUB: {f"{A}/kiosk/+/arrival", f"{A}/+/+/status", f"{A}/hub/+/status"},
    "a.associate.maria": {f"{A}/hub/+/status"},
    "a.associate.omar": {f"{A}/hub/+/status"},
}


def test_the_matrix_is_large_enough() -> None:
    cells = len(MAY_WRITE) * (4 * len(TOPICS) + len(WILDCARDS))
    assert cells >= 300
    assert len(TOPICS) == len(set(TOPICS))


@pytest.mark.parametrize("transport", ["tcp", "websockets"])
def test_rights_to_publish(broker: BrokerProcess, people: dict[str, str], observer: Probe, transport: str) -> None:
    """Associates included: through the WebSocket listener too, a phone's publish reaches nobody."""
    observer.messages.clear()
    for username, password in people.items():
        port = broker.port if transport == "tcp" else broker.ws_port
        if username not in MAY_WRITE:
            continue
        with Probe(port, username, password, transport=transport) as probe:  # type: ignore[arg-type]  # one of two words
            for topic in TOPICS:
                probe.publish(topic, username.encode())
    settle(observer)
    assert granted(observer.messages, TOPICS) == {user: topics for user, topics in MAY_WRITE.items() if topics}


def test_rights_to_retain(broker: BrokerProcess, people: dict[str, str], accounts: Accounts, observer: Probe) -> None:
    observer.messages.clear()
    for username in MAY_WRITE:
        with Probe(broker.port, username, people[username]) as probe:
            for topic in TOPICS:
                probe.publish(topic, username.encode(), retain=True)
    settle(observer)
    accounts.put("observer2", "p" * 32, Rights(write=list(TOPICS), read=[EVERYTHING]))
    with Probe(broker.port, "observer2", "p" * 32) as later:
        later.subscribe(EVERYTHING)
        expected = {user: topics for user, topics in MAY_WRITE.items() if topics}
        eventually(lambda: len(later.retained) >= sum(map(len, expected.values())), "what was retained")
        assert granted(later.retained, TOPICS) == expected
        for topic, _payload in list(later.retained):
            later.publish(topic, b"", retain=True)
    settle(observer)


def test_rights_of_last_wills(broker: BrokerProcess, people: dict[str, str], observer: Probe) -> None:
    observer.messages.clear()
    let_in = set()
    for username in MAY_WRITE:
        for topic in TOPICS:
            with socket.create_connection((HOST, broker.port), timeout=10) as sock:
                sock.sendall(connect_packet(f"will-{username}", username, people[username], (topic, username.encode())))
                if connack(sock) == 0:
                    let_in.add((username, topic))
    allowed = {(username, topic) for username, topics in MAY_WRITE.items() for topic in topics}
    assert let_in >= allowed
    expected = {user: topics for user, topics in MAY_WRITE.items() if topics}
    eventually(lambda: granted(observer.messages, TOPICS) == expected, "the wills that may be")
    settle(observer)
    assert granted(observer.messages, TOPICS) == expected


def test_rights_to_subscribe(broker: BrokerProcess, people: dict[str, str]) -> None:
    unexpected = []
    for username in MAY_WRITE:
        with Probe(broker.port, username, people[username]) as probe:
            exact = dict(zip(TOPICS, probe.subscribe(*TOPICS), strict=True))
            widely = dict(zip(WILDCARDS, probe.subscribe(*WILDCARDS), strict=True))
            unexpected += [(username, topic) for topic, yes in exact.items() if yes != (topic in MAY_READ[username])]
            wide = MAY_SUBSCRIBE_WIDELY.get(username, set())
            unexpected += [(username, topic) for topic, yes in widely.items() if yes != (topic in wide)]
    assert unexpected == []


def test_shared_subscriptions_are_no_way_round(broker: BrokerProcess, people: dict[str, str]) -> None:
    for username in (KIOSK, "a.associate.maria", "b.kiosk.door-1"):
        with Probe(broker.port, username, people[username]) as probe:
            assert probe.subscribe(f"$share/g/{A}/kiosk/+/arrival", f"$share/g/{A}/associate/omar/alert") == [False, False]


def test_rights_to_receive(broker: BrokerProcess, people: dict[str, str]) -> None:
    """What the hub writes reaches whom it is for, and nobody else, whatever they have asked for."""
    with contextlib.ExitStack() as stack:
        probes = {user: stack.enter_context(Probe(broker.port, user, people[user])) for user in MAY_READ if user != HUB}
        for probe in probes.values():
            probe.subscribe(*TOPICS, *WILDCARDS)
        hub = stack.enter_context(Probe(broker.port, HUB, people[HUB]))
        for topic in sorted(MAY_WRITE[HUB]):
            hub.publish(topic, topic.encode())
        expected = {user: MAY_READ[user] & MAY_WRITE[HUB] for user in probes}

        def heard() -> dict[str, set[str]]:
            """Overlapping subscriptions may bring a message twice; the standard leaves that to the broker."""
            return {user: {topic for topic, _payload in probe.messages} for user, probe in probes.items()}

        eventually(lambda: heard() == expected, "each its own")


def granted(messages: list[tuple[str, bytes]], topics: list[str]) -> dict[str, set[str]]:
    """Sender (the payload says who) to topics that came through."""
    found: dict[str, set[str]] = {}
    for topic, payload in messages:
        if topic in topics and payload:
            found.setdefault(payload.decode(), set()).add(topic)
    return found
