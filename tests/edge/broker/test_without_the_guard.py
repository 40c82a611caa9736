"""Mutants: the guard of the embedded broker is what makes the difference."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from edge.broker import embedded
from edge.broker.config import read_config
from edge.broker.embedded import Embedded
from tests.edge.broker.house import (
    ANSWER,
    DEVICES,
    HUB,
    KIOSK,
    OTHER_KIOSK,
    STATUS,
    A,
    enter,
)
from tests.support.brokers import (
    HOST,
    BrokerProcess,
    Probe,
    connack,
    connect_packet,
    eventually,
)


@pytest.fixture
def plain_amqtt(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[BrokerProcess]:
    """The embedded broker with amqtt's own Broker in place of the guarded one, in this process."""
    from amqtt.broker import Broker

    described = BrokerProcess(tmp_path_factory.mktemp("plain"), "embedded", DEVICES)
    monkeypatch.setattr(embedded, "GuardedBroker", lambda settings, _accounts: Broker(settings))
    started = Embedded(read_config(described.config))
    started.start()
    yield described
    started.stop()


def test_without_the_guard_retained_messages_leak(plain_amqtt: BrokerProcess) -> None:
    """When this fails, amqtt has mended its leak: look whether the guard can go."""
    with enter(plain_amqtt, KIOSK) as device, enter(plain_amqtt, HUB) as hub:
        hub.subscribe(f"{A}/+/+/status")
        device.publish(STATUS, b"online", retain=True)
        eventually(lambda: b"online" in hub.payloads(), "the hub knows")
        with enter(plain_amqtt, OTHER_KIOSK) as newcomer:
            eventually(lambda: (STATUS, b"online") in newcomer.retained, "the leak")


def test_without_the_guard_a_stranger_ends_sessions(plain_amqtt: BrokerProcess) -> None:
    """amqtt forgets the subscriptions of a client id before it looks at the password of who claims it."""
    with enter(plain_amqtt, KIOSK, client_id=KIOSK) as inside, enter(plain_amqtt, HUB) as hub:
        inside.subscribe(ANSWER)
        with Probe(plain_amqtt.port, KIOSK, "wrong", client_id=KIOSK) as outside:
            assert not outside.accepted
        hub.publish(ANSWER, b"still here?")
        hub.subscribe(f"{A}/hub/+/status")
        hub.publish(f"{A}/hub/main/status", b"after it")
        eventually(lambda: b"after it" in hub.payloads(), "later messages have passed")
        assert inside.payloads() == []


def test_without_the_guard_last_wills_go_anywhere(plain_amqtt: BrokerProcess) -> None:
    with enter(plain_amqtt, HUB) as hub:
        hub.subscribe(f"{A}/+/+/status")
        with socket.create_connection((HOST, plain_amqtt.port), timeout=10) as sock:
            will = (f"{A}/hub/main/status", b"forged")
            sock.sendall(connect_packet("forger", KIOSK, plain_amqtt.passwords[KIOSK], will))
            assert connack(sock) == 0
        eventually(lambda: b"forged" in hub.payloads(), "the forged will")
