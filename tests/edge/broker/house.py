"""A broker with the devices of two stores, as the tests of this folder enter it."""

from __future__ import annotations

import time

import msgspec
import pytest

from edge.broker.accounts import Accounts, AccountsConfig, open_accounts
from tests.support.brokers import (
    HOST,
    BrokerProcess,
    Probe,
    eventually,
    lets_in,
)

DEVICES = [
    ("a", "kiosk", "door-1"),
    ("a", "kiosk", "door-2"),
    ("a", "hub", "main"),
    ("b", "kiosk", "door-1"),
    ("b", "hub", "main"),
]
KIOSK, OTHER_KIOSK, HUB = "a.kiosk.door-1", "a.kiosk.door-2", "a.hub.main"
A, B = "shopbell/v1/a", "shopbell/v1/b"
ARRIVAL, ANSWER, STATUS = f"{A}/kiosk/door-1/arrival", f"{A}/kiosk/door-1/answer", f"{A}/kiosk/door-1/status"
EVERYTHING = "+/+/+/+/+/+"
KINDS = ["embedded", pytest.param("mosquitto", marks=pytest.mark.mosquitto)]


def accounts_of(broker: BrokerProcess) -> Accounts:
    return open_accounts(msgspec.convert(broker.accounts_config(), AccountsConfig), host=HOST, port=broker.port)


def enter(broker: BrokerProcess, username: str, **more: object) -> Probe:
    probe = Probe(broker.port, username, broker.passwords[username], **more)  # type: ignore[arg-type]  # keywords of Probe
    assert probe.accepted
    return probe


def settle(observer: Probe) -> None:
    """Everything published before this call has reached the observer, as far as it may."""
    mark = f"mark {time.monotonic_ns()}".encode()
    observer.publish("test/test/test/test/test/mark", mark)
    eventually(lambda: mark in observer.payloads(), "the mark")


def works(broker: BrokerProcess) -> None:
    eventually(lambda: lets_in(broker.port, HUB, broker.passwords[HUB]), "room again after a burst")
    with enter(broker, HUB) as hub, enter(broker, KIOSK) as kiosk:
        hub.subscribe(f"{A}/kiosk/+/arrival")
        kiosk.publish(ARRIVAL, b"works")
        eventually(lambda: hub.payloads() == [b"works"], "the broker works")
