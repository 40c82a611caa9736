"""One behaviour, two brokers: whatever Shopbell relies on holds for Mosquitto and for the embedded broker alike."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections.abc import Iterator

import msgspec
import pytest

from edge.broker import embedded, mosquitto_accounts
from edge.broker.accounts import Accounts, AccountsConfig, open_accounts
from edge.broker.config import read_config
from edge.broker.embedded import Embedded
from edge.broker.errors import AccountsError
from edge.broker.rights import Rights, rights_of
from tests.support.brokers import (
    HOST,
    BrokerProcess,
    Probe,
    connack,
    connect_packet,
    eventually,
    lets_in,
    packet,
    running,
    text_field,
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


@pytest.fixture(scope="module", params=KINDS)
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerProcess]:
    with running(tmp_path_factory.mktemp("broker"), request.param, DEVICES) as started:
        yield started


@pytest.fixture(scope="module")
def accounts(broker: BrokerProcess) -> Iterator[Accounts]:
    opened = accounts_of(broker)
    yield opened
    opened.close()


def accounts_of(broker: BrokerProcess) -> Accounts:
    return open_accounts(msgspec.convert(broker.accounts_config(), AccountsConfig), host=HOST, port=broker.port)


@pytest.fixture(scope="module")
def people(broker: BrokerProcess, accounts: Accounts) -> dict[str, str]:
    """User name to password: the devices, two associates, another store's associate."""
    associates = {
        f"{store}.associate.{name}": f"{store}-{name}" * 8 for store, name in (("a", "maria"), ("a", "omar"), ("b", "maria"))
    }
    for username, password in associates.items():
        store, _, name = username.split(".")
        accounts.put(username, password, rights_of(store, "associate", name))
    return {**broker.passwords, **associates}


@pytest.fixture(scope="module")
def observer(broker: BrokerProcess, accounts: Accounts) -> Iterator[Probe]:
    """Sees every message with six levels; nobody in the product has such rights."""
    accounts.put("observer", "o" * 32, Rights(write=["test/test/test/test/test/mark"], read=[EVERYTHING]))
    with Probe(broker.port, "observer", "o" * 32) as probe:
        assert probe.subscribe(EVERYTHING) == [True]
        yield probe


def enter(broker: BrokerProcess, username: str, **more: object) -> Probe:
    probe = Probe(broker.port, username, broker.passwords[username], **more)  # type: ignore[arg-type]  # keywords of Probe
    assert probe.accepted
    return probe


def settle(observer: Probe) -> None:
    """Everything published before this call has reached the observer, as far as it may."""
    mark = f"mark {time.monotonic_ns()}".encode()
    observer.publish("test/test/test/test/test/mark", mark)
    eventually(lambda: mark in observer.payloads(), "the mark")


# --- entering ---------------------------------------------------------------------------------------------------------


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


# --- rights -----------------------------------------------------------------------------------------------------------

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


# --- messages ---------------------------------------------------------------------------------------------------------


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


# --- what it must withstand -------------------------------------------------------------------------------------------


def works(broker: BrokerProcess) -> None:
    eventually(lambda: lets_in(broker.port, HUB, broker.passwords[HUB]), "room again after a burst")
    with enter(broker, HUB) as hub, enter(broker, KIOSK) as kiosk:
        hub.subscribe(f"{A}/kiosk/+/arrival")
        kiosk.publish(ARRIVAL, b"works")
        eventually(lambda: hub.payloads() == [b"works"], "the broker works")


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


# --- accounts that come and go ----------------------------------------------------------------------------------------


def test_an_account_comes_changes_and_goes(broker: BrokerProcess, accounts: Accounts) -> None:
    name, topic = "a.associate.rosa", f"{A}/associate/rosa/alert"
    rights = rights_of("a", "associate", "rosa")
    accounts.remove(name)  # was never there: nothing to worry about
    assert not lets_in(broker.port, name, "1" * 32)
    accounts.put(name, "1" * 32, rights)
    phone = Probe(broker.ws_port, name, "1" * 32, transport="websockets")
    assert phone.accepted
    assert phone.subscribe(topic) == [True]
    accounts.put(name, "2" * 32, rights)
    eventually(lambda: phone.losses == 1, "the old password's client is cut off")
    assert not lets_in(broker.port, name, "1" * 32)
    phone.close()
    phone = Probe(broker.port, name, "2" * 32)
    assert phone.accepted
    phone.subscribe(topic)
    accounts.keep(name, "2" * 32, rights)
    with enter(broker, HUB) as hub:
        hub.publish(topic, b"kept")
    eventually(lambda: phone.payloads() == [b"kept"], "who is connected with a kept account stays")
    assert phone.losses == 0
    accounts.remove(name)
    eventually(lambda: phone.losses == 1, "a removed client is cut off")
    phone.close()
    with enter(broker, HUB) as hub:
        hub.publish(topic, b"for nobody")
    assert phone.payloads() == [b"kept"]
    assert not lets_in(broker.port, name, "2" * 32)


@pytest.mark.parametrize("kind", KINDS)
def test_accounts_outlive_a_broker_that_was_killed(tmp_path_factory: pytest.TempPathFactory, kind: str) -> None:
    with running(tmp_path_factory.mktemp("killed"), kind, DEVICES) as broker:  # type: ignore[arg-type]  # one of two words
        accounts = accounts_of(broker)
        try:
            for name in ("maria", "omar"):
                accounts.put(f"a.associate.{name}", name * 8, rights_of("a", "associate", name))
            accounts.remove("a.associate.omar")
            broker.kill()
            broker.start()
            eventually(lambda: lets_in(broker.port, "a.associate.maria", "maria" * 8), "maria may enter again")
            assert not lets_in(broker.port, "a.associate.omar", "omar" * 8)
            assert lets_in(broker.port, KIOSK, broker.passwords[KIOSK])
        finally:
            accounts.close()


@pytest.mark.mosquitto
def test_a_change_while_the_broker_is_away_is_made_when_it_is_back(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path_factory.mktemp("away"), "mosquitto", DEVICES) as broker:
        accounts = accounts_of(broker)
        try:
            accounts.put("a.associate.omar", "omar" * 8, rights_of("a", "associate", "omar"))
            broker.kill()
            monkeypatch.setattr(mosquitto_accounts, "ANSWER_WITHIN_S", 0.2)
            with pytest.raises(AccountsError) as refused:
                accounts.put("a.associate.maria", "maria" * 8, rights_of("a", "associate", "maria"))
            assert refused.value.code == "broker_unreachable"
            with pytest.raises(AccountsError):
                accounts.remove("a.associate.omar")
            monkeypatch.undo()
            broker.start()
            eventually(lambda: lets_in(broker.port, "a.associate.maria", "maria" * 8), "maria may enter", 20)
            assert not lets_in(broker.port, "a.associate.omar", "omar" * 8)
        finally:
            accounts.close()


@pytest.mark.mosquitto
def test_mosquitto_says_no_to_a_wrong_admin(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mosquitto_accounts, "ANSWER_WITHIN_S", 0.5)
    with running(tmp_path_factory.mktemp("admin"), "mosquitto", DEVICES) as broker:
        for username, password in (("broker-admin", "wrong"), (HUB, broker.passwords[HUB])):
            accounts = mosquitto_accounts.MosquittoAccounts(
                host=HOST, port=broker.port, username=username, password=password, client_id="no-admin"
            )
            try:
                with pytest.raises(AccountsError) as refused:
                    accounts.put("a.associate.maria", "m" * 32, rights_of("a", "associate", "maria"))
                assert refused.value.code in ("broker_unreachable", "accounts_unanswered")
            finally:
                accounts.close()
        assert not lets_in(broker.port, "a.associate.maria", "m" * 32)


# --- mutants: the guard is what makes the difference ---------------------------------------------------------------------


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
