"""What is delivered, how often, in which order, and what stays."""

from __future__ import annotations

import socket

from tests.edge.broker.house import (
    ARRIVAL,
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


def test_status_is_retained_and_replaced_by_the_last_will(broker: BrokerProcess) -> None:
    with enter(broker, HUB) as hub:
        hub.subscribe(f"{A}/+/+/status")
        sock = socket.create_connection((HOST, broker.port), timeout=10)
        sock.sendall(connect_packet("status", KIOSK, broker.passwords[KIOSK]))
        assert connack(sock) == 0
        sock.close()
        device = enter(broker, KIOSK, client_id=KIOSK, will=(STATUS, b"offline"))
        device.publish(STATUS, b"online", retain=True)
        eventually(lambda: b"online" in hub.payloads(), "online")
        with enter(broker, HUB) as later:
            later.subscribe(f"{A}/+/+/status")
            eventually(lambda: (STATUS, b"online") in later.retained, "retained for whoever comes later")
        raw = device.client.socket()
        assert raw is not None
        raw.shutdown(socket.SHUT_RDWR)  # the cable is pulled
        eventually(lambda: b"offline" in hub.payloads(), "the last will")
        device.close()
    with enter(broker, HUB) as later:
        later.subscribe(f"{A}/+/+/status")
        eventually(lambda: (STATUS, b"offline") in later.retained, "the last will is retained")
    with enter(broker, KIOSK) as tidy:
        tidy.publish(STATUS, b"", retain=True)


def test_a_client_that_subscribed_to_nothing_gets_nothing(broker: BrokerProcess) -> None:
    """amqtt sends retained messages that match other clients' subscriptions to whoever connects."""
    with enter(broker, KIOSK) as device, enter(broker, HUB) as hub:
        hub.subscribe(f"{A}/+/+/status")
        device.publish(STATUS, b"online", retain=True)
        eventually(lambda: b"online" in hub.payloads(), "the hub knows")
        with enter(broker, OTHER_KIOSK) as newcomer:
            newcomer.subscribe(f"{A}/kiosk/door-2/answer")
            hub.publish(f"{A}/kiosk/door-2/answer", b"for you")
            eventually(lambda: newcomer.payloads() == [b"for you"], "what it asked for")
            assert newcomer.retained == []
        device.publish(STATUS, b"", retain=True)


def test_qos_1_is_delivered_once_and_in_order_and_survives_the_senders_leaving(broker: BrokerProcess) -> None:
    sent = [f"{n}".encode() + b"." * 300 for n in range(200)]
    with enter(broker, HUB) as hub:
        hub.subscribe(f"{A}/kiosk/+/arrival")
        with enter(broker, KIOSK) as kiosk:
            for payload in sent:
                kiosk.client.publish(ARRIVAL, payload, qos=1)
            kiosk.publish(ARRIVAL, b"last")
        eventually(lambda: hub.payloads() == [*sent, b"last"], "all, once, in order")


def test_phones_hear_through_the_websocket(broker: BrokerProcess, people: dict[str, str]) -> None:
    with Probe(broker.ws_port, "a.associate.maria", people["a.associate.maria"], transport="websockets") as phone:
        assert phone.subscribe(f"{A}/associate/maria/alert") == [True]
        with enter(broker, HUB) as hub:
            hub.publish(f"{A}/associate/maria/alert", b"somebody is here" * 500)
        eventually(lambda: phone.payloads() == [b"somebody is here" * 500], "the alert")
