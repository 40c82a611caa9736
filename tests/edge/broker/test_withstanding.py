"""What a broker must withstand: large packets, garbage, flipped bits, forbidden topics, silence."""

from __future__ import annotations

import contextlib
import random
import socket

from tests.edge.broker.house import (
    ARRIVAL,
    HUB,
    KIOSK,
    STATUS,
    A,
    enter,
    settle,
    works,
)
from tests.support.brokers import (
    HOST,
    BrokerProcess,
    Probe,
    connack,
    connect_packet,
    eventually,
    packet,
    text_field,
)


def test_too_large_a_packet_ends_its_connection_and_nothing_else(broker: BrokerProcess, observer: Probe) -> None:
    observer.messages.clear()
    body = text_field(ARRIVAL.encode()) + b"\x00\x01" + b"x" * 17000
    for data in (packet(0x32, body), b"\x32\xff\xff\xff\x7f"):  # the second announces 256 MB and sends nothing more
        with socket.create_connection((HOST, broker.port), timeout=10) as sock:
            sock.sendall(connect_packet("large", KIOSK, broker.passwords[KIOSK]))
            assert connack(sock) == 0
            sock.sendall(data)
            assert ended(sock)
    settle(observer)
    assert all(topic != ARRIVAL for topic, _ in observer.messages)
    works(broker)


def ended(sock: socket.socket) -> bool:
    """Whether the other side ends the connection (within the socket's timeout)."""
    try:
        while sock.recv(4096):
            continue
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


def test_garbage_is_survived(broker: BrokerProcess) -> None:
    dice = random.Random(20261121)
    good = connect_packet("g", KIOSK, broker.passwords[KIOSK])
    get = b"GET / HTTP/1.1\r\n\r\n"
    upgrade = b"GET /mqtt HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    starts = [
        b"",
        good[:5],
        good[:20],
        good,
        b"\x10\xff\xff\xff\xff\xff",
        get,
        upgrade,
        b"\xf0\x00",
        b"\x30\x00",
    ]
    for number in range(120):
        port = broker.port if number % 3 else broker.ws_port
        with socket.create_connection((HOST, port), timeout=10) as sock, contextlib.suppress(OSError):
            sock.sendall(dice.choice(starts) + dice.randbytes(dice.choice([0, 1, 2, 7, 64, 1000])))
    works(broker)
    assert "Traceback" not in broker.log()


def test_flipped_bits_in_connects_are_survived(broker: BrokerProcess) -> None:
    good = connect_packet("f", KIOSK, broker.passwords[KIOSK], (STATUS, b"will"))
    for place in range(8 * min(len(good), 40)):
        bad = bytearray(good)
        bad[place // 8] ^= 1 << (place % 8)
        with socket.create_connection((HOST, broker.port), timeout=10) as sock, contextlib.suppress(OSError):
            sock.sendall(bytes(bad))
    works(broker)


def test_a_forbidden_topic_ends_at_most_its_own_connection(broker: BrokerProcess, observer: Probe) -> None:
    observer.messages.clear()
    for topic in (b"$SYS/broker/x", b"a/+/b", b"#", b"", b"$CONTROL/dynamic-security/v1", b"\xff\xfe", b"a\x00b"):
        with socket.create_connection((HOST, broker.port), timeout=10) as sock, contextlib.suppress(OSError):
            sock.sendall(connect_packet("forbidden", KIOSK, broker.passwords[KIOSK]))
            assert connack(sock) == 0
            sock.sendall(packet(0x32, text_field(topic) + b"\x00\x01" + b"x"))
    works(broker)


def test_silence_beyond_the_keepalive_ends_with_the_last_will(broker: BrokerProcess) -> None:
    with enter(broker, HUB) as hub:
        hub.subscribe(f"{A}/+/+/status")
        connect = bytearray(connect_packet("silent", KIOSK, broker.passwords[KIOSK], (STATUS, b"silent")))
        keepalive = connect.index(b"MQTT") + 6
        connect[keepalive : keepalive + 2] = b"\x00\x01"
        with socket.create_connection((HOST, broker.port), timeout=10) as sock:
            sock.sendall(bytes(connect))
            assert connack(sock) == 0
            eventually(lambda: b"silent" in hub.payloads(), "the last will of who fell silent")
