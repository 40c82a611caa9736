"""Who may enter a broker, and that entering is quick and disturbs nobody inside."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from tests.edge.broker.house import (
    ANSWER,
    HUB,
    KIOSK,
    OTHER_KIOSK,
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


@pytest.mark.parametrize("transport", ["tcp", "websockets"])
def test_only_known_accounts_with_their_password_enter(broker: BrokerProcess, transport: str) -> None:
    port = broker.port if transport == "tcp" else broker.ws_port
    good = broker.passwords[KIOSK]
    attempts: list[tuple[str | None, str | None]] = [
        (None, None),
        (KIOSK, None),
        (KIOSK, ""),
        (KIOSK, good[:-1]),
        (KIOSK, good + "x"),
        (KIOSK, broker.passwords[OTHER_KIOSK]),
        ("nobody", good),
        ("", good),
        ("a.kiosk.+", good),
        ("#", good),
        (KIOSK.upper(), good),
    ]
    for username, password in attempts:
        with Probe(port, username, password, transport=transport) as probe:  # type: ignore[arg-type]  # one of two words
            assert not probe.accepted, (username, password)
    with Probe(port, KIOSK, good, transport=transport) as probe:  # type: ignore[arg-type]  # one of two words
        assert probe.accepted


def test_the_refused_do_not_disturb_those_inside(broker: BrokerProcess) -> None:
    with enter(broker, KIOSK, client_id=KIOSK) as inside, enter(broker, HUB) as hub:
        inside.subscribe(ANSWER)
        with Probe(broker.port, KIOSK, "wrong", client_id=KIOSK) as outside:
            assert not outside.accepted
        hub.publish(ANSWER, b"still here?")
        eventually(lambda: b"still here?" in inside.payloads(), "the session of the right one lives")
        assert inside.losses == 0


def test_taking_over_ends_the_older_connection(broker: BrokerProcess) -> None:
    with enter(broker, HUB) as hub:
        older = enter(broker, KIOSK, client_id=KIOSK)
        older.subscribe(ANSWER)
        with enter(broker, KIOSK, client_id=KIOSK) as newer:
            newer.subscribe(ANSWER)
            eventually(lambda: older.losses == 1, "the older one is out")
            hub.publish(ANSWER, b"to the newer")
            eventually(lambda: newer.payloads() == [b"to the newer"], "the newer one hears")
            assert older.payloads() == []
        older.close()


def test_many_taking_over_at_once_leave_one(broker: BrokerProcess) -> None:
    probes: list[Probe] = []
    threads = [threading.Thread(target=lambda: probes.append(enter(broker, KIOSK, client_id=KIOSK))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    eventually(lambda: sum(probe.losses == 0 for probe in probes) == 1, "one is left")
    for probe in probes:
        probe.close()


def test_three_hundred_connects_do_not_wait_for_a_slow_hash(broker: BrokerProcess) -> None:
    """With a password hash meant for people this takes more than half a minute; nothing else is judged here."""
    began = time.monotonic()
    for number in range(300):
        with socket.create_connection((HOST, broker.port), timeout=10) as sock:
            sock.sendall(connect_packet(f"quick-{number}", KIOSK, broker.passwords[KIOSK]))
            assert connack(sock) == 0
            sock.sendall(b"\xe0\x00")
    assert time.monotonic() - began < 20
