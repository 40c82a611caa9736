"""MqttLine against real brokers: it comes back, it never dies of a callback, it leaves nothing behind."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho

from edge.transport import mqtt as mqtt_module
from edge.transport.mqtt import MOST_BYTES, MqttLine
from tests.support.brokers import HOST, BrokerKind, BrokerProcess, Probe, eventually, free_port, handles, running, threads_of

DEVICES = [("a", "kiosk", "door-1"), ("a", "kiosk", "door-2"), ("a", "hub", "main")]
ARRIVAL = "shopbell/v1/a/kiosk/door-1/arrival"
ANSWER = "shopbell/v1/a/kiosk/door-1/answer"
STATUS = "shopbell/v1/a/kiosk/door-1/status"
KIOSK, HUB = "a.kiosk.door-1", "a.hub.main"


@pytest.fixture(scope="module", params=["embedded", pytest.param("mosquitto", marks=pytest.mark.mosquitto)])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerProcess]:
    with running(tmp_path_factory.mktemp("line"), request.param, DEVICES) as started:
        yield started


@pytest.fixture
def lines() -> Iterator[list[MqttLine]]:
    """Lines a test starts; stopped at its end."""
    started: list[MqttLine] = []
    yield started
    for line in started:
        line.stop()


class Heard:
    """What a line's callbacks note."""

    def __init__(self) -> None:
        self.messages: queue.Queue[tuple[str, bytes]] = queue.Queue(1000)
        self.links: list[bool] = []

    def deliver(self, topic: str, payload: bytes) -> None:
        self.messages.put_nowait((topic, payload))

    def next(self) -> tuple[str, bytes]:
        return self.messages.get(timeout=10)


def make(broker: BrokerProcess, heard: Heard, lines: list[MqttLine], **changes: Any) -> MqttLine:
    settings: dict[str, Any] = {
        "host": HOST,
        "port": broker.port,
        "username": KIOSK,
        "password": broker.passwords[KIOSK],
        "client_id": KIOSK,
        "subscriptions": [ANSWER],
        "will": (STATUS, b"gone"),
        "deliver": heard.deliver,
        "link": heard.links.append,
        "check_every_s": 0.1,
        **changes,
    }
    line = MqttLine(**settings)
    lines.append(line)
    line.start()
    return line


def hub(broker: BrokerProcess) -> Probe:
    probe = Probe(broker.port, HUB, broker.passwords[HUB])
    assert probe.subscribe("shopbell/v1/a/kiosk/+/arrival", "shopbell/v1/a/+/+/status") == [True, True]
    return probe


def up(line: MqttLine) -> Callable[[], bool]:
    return line.healthy


def test_messages_pass_both_ways(broker: BrokerProcess, lines: list[MqttLine]) -> None:
    heard = Heard()
    with hub(broker) as listener:
        line = make(broker, heard, lines)
        eventually(up(line), "line up")
        assert line.publish(ARRIVAL, b"tap")
        eventually(lambda: (ARRIVAL, b"tap") in listener.messages, "arrival at the hub")
        listener.publish(ANSWER, b"known")
        assert heard.next() == (ANSWER, b"known")
    assert heard.links == [True]
    assert line.problem() is None


def test_websocket_transport(broker: BrokerProcess, lines: list[MqttLine]) -> None:
    heard = Heard()
    line = make(broker, heard, lines, port=broker.ws_port, transport="websockets")
    eventually(up(line), "line up")
    with hub(broker) as listener:
        listener.publish(ANSWER, b"known")
        assert heard.next() == (ANSWER, b"known")


@pytest.mark.parametrize("kind", ["embedded", pytest.param("mosquitto", marks=pytest.mark.mosquitto)])
def test_comes_back_and_hears_again_after_the_broker_was_killed(tmp_path: Path, lines: list[MqttLine], kind: BrokerKind) -> None:
    heard = Heard()
    with running(tmp_path, kind, DEVICES) as broker:
        line = make(broker, heard, lines)
        eventually(up(line), "line up")
        broker.kill()
        eventually(lambda: not line.healthy(), "line notices")
        assert not line.publish(ARRIVAL, b"lost"), "without a link nothing is handed over"
        assert line.problem() is not None
        broker.start()
        eventually(up(line), "line up again", 20)
        with hub(broker) as listener:
            listener.publish(ANSWER, b"after restart")
            assert heard.next() == (ANSWER, b"after restart")
            assert line.publish(ARRIVAL, b"after restart")
            eventually(lambda: listener.messages == [(ARRIVAL, b"after restart")], "only what was sent after")
        assert heard.links == [True, False, True]


def test_nothing_that_waited_in_memory_is_sent_after_a_reconnect(lines: list[MqttLine]) -> None:
    """A message of before the cut would carry an age that is no longer true (guarantee: nothing old is announced as new)."""
    received: list[bytes] = []
    with _SilentBroker(received) as silent:
        heard = Heard()
        line = make(silent, heard, lines, subscriptions=[])  # type: ignore[arg-type]  # as much of a broker as the line needs
        eventually(up(line), "line up")
        assert line.publish(ARRIVAL, b"before the cut")
        eventually(lambda: any(b"before the cut" in data for data in received), "the first connection saw it")
        received.clear()
        silent.cut()
        eventually(lambda: heard.links == [True, False, True], "the line is back")
        assert line.publish(ARRIVAL, b"after the cut")
        eventually(lambda: any(b"after the cut" in data for data in received), "the second connection saw the new one")
        assert not any(b"before the cut" in data for data in received)


class _SilentBroker:
    """Accepts everybody, acknowledges no message: a broker that is cut off before its PUBACK."""

    def __init__(self, received: list[bytes]) -> None:
        self.passwords = {KIOSK: "any"}
        self._received = received
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        self._connections: list[socket.socket] = []

    def __enter__(self) -> _SilentBroker:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        while self._connections:
            connection = self._connections.pop()
            connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.recv(4096)
            connection.sendall(b"\x20\x02\x00\x00")
            self._connections.append(connection)
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        try:
            while data := connection.recv(4096):
                self._received.append(data)
        except OSError:
            return


def test_a_raising_callback_kills_nothing(broker: BrokerProcess, lines: list[MqttLine]) -> None:
    heard = Heard()

    def deliver(topic: str, payload: bytes) -> None:
        if payload == b"bad":
            raise ValueError("a consumer's fault")
        heard.deliver(topic, payload)

    def link(_up: bool) -> None:
        raise RuntimeError("another one")

    line = make(broker, heard, lines, deliver=deliver, link=link)
    eventually(up(line), "line up")
    with hub(broker) as listener:
        for payload in (b"bad", b"bad", b"good"):
            listener.publish(ANSWER, payload)
    assert heard.next() == (ANSWER, b"good")
    assert line.healthy()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # it dies on purpose
def test_a_dead_network_thread_is_replaced(broker: BrokerProcess, lines: list[MqttLine]) -> None:
    heard, died = Heard(), threading.Event()

    def deliver(topic: str, payload: bytes) -> None:
        if payload == b"die":
            died.set()
            raise SystemExit  # not an Exception: ends the thread itself
        heard.deliver(topic, payload)

    line = make(broker, heard, lines, deliver=deliver)
    eventually(up(line), "line up")
    with hub(broker) as listener:
        listener.publish(ANSWER, b"die")
        assert died.wait(10)
        eventually(lambda: len(heard.links) > 1 and line.healthy(), "a new thread, connected")
        listener.publish(ANSWER, b"alive")
        assert heard.next() == (ANSWER, b"alive")
    assert len(threads_of(KIOSK)) == 2  # the new network thread and its watcher


def test_a_failing_library_does_not_end_the_line(
    broker: BrokerProcess, lines: list[MqttLine], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = paho.Client.loop, iter([RuntimeError("paho"), OSError(9, "bad file descriptor"), KeyError("mid")])

    def loop(client: paho.Client, timeout: float = 1.0) -> Any:
        failure = next(failures, None)
        if failure is not None:
            raise failure
        return real(client, timeout)

    monkeypatch.setattr(mqtt_module, "_FIRST_WAIT_S", 0.05)
    monkeypatch.setattr(paho.Client, "loop", loop)
    line = make(broker, Heard(), lines)
    eventually(up(line), "line up after three failures")


def test_a_stuck_consumer_is_noticed_and_the_line_replaced(
    broker: BrokerProcess, lines: list[MqttLine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_module, "_STUCK_AFTER_S", 2.0)
    heard, release = Heard(), threading.Event()

    def deliver(topic: str, payload: bytes) -> None:
        if payload == b"block":
            release.wait(60)
        else:
            heard.deliver(topic, payload)

    line = make(broker, heard, lines, deliver=deliver, check_every_s=0.5)
    eventually(up(line), "line up")
    with hub(broker) as listener:
        listener.publish(ANSWER, b"block")
        eventually(lambda: heard.links == [True, False, True], "noticed and replaced")
        listener.publish(ANSWER, b"alive")
        assert heard.next() == (ANSWER, b"alive")
        release.set()
        eventually(lambda: len(threads_of(KIOSK)) == 2, "the old thread leaves when it can")
        assert line.healthy()


@pytest.mark.parametrize("transport", ["tcp", "websockets"])
def test_stop_says_goodbye_and_leaves_no_thread_and_no_handle(broker: BrokerProcess, transport: str) -> None:
    port = broker.port if transport == "tcp" else broker.ws_port
    with hub(broker) as listener:
        before = handles()
        for _ in range(3):
            line = make(broker, Heard(), [], port=port, transport=transport)
            eventually(up(line), "line up")
            line.stop(goodbye=(STATUS, b"goodbye"))
            assert threads_of(KIOSK) == []
            assert not line.healthy()
            assert not line.publish(ARRIVAL, b"late")
        eventually(lambda: listener.payloads().count(b"goodbye") == 3, "goodbyes")
        assert b"gone" not in listener.payloads(), "a goodbye is no death: the last will stays unsaid"
        eventually(lambda: handles() <= before, "handles are given back")
    with hub(broker) as later:
        eventually(lambda: (STATUS, b"goodbye") in later.retained, "the goodbye is retained")


@pytest.mark.parametrize("transport", ["tcp", "websockets"])
def test_stop_without_a_word_is_no_death_either(broker: BrokerProcess, transport: str) -> None:
    port = broker.port if transport == "tcp" else broker.ws_port
    with hub(broker) as listener:
        for _ in range(10):
            line = make(broker, Heard(), [], port=port, transport=transport)
            eventually(up(line), "line up")
            line.stop()
        marker = make(broker, Heard(), [])
        eventually(lambda: marker.publish(ARRIVAL, b"later"), "line up")
        eventually(lambda: b"later" in listener.payloads(), "what comes later")
        marker.stop()
        assert b"gone" not in listener.payloads()


def test_stop_before_and_without_a_broker() -> None:
    line = MqttLine(
        host=HOST,
        port=free_port(),
        username="u",
        password="p",
        client_id="lonely",
        subscriptions=[],
        will=None,
        deliver=lambda _t, _p: None,
        link=lambda _up: None,
    )
    line.stop()
    line.start()
    line.stop(goodbye=("x", b"y"))
    assert threads_of("lonely") == []


def test_says_why_it_is_not_healthy(broker: BrokerProcess, lines: list[MqttLine]) -> None:
    def code(line: MqttLine) -> str | None:
        problem = line.problem()
        return problem.code if problem else None

    refused = make(broker, Heard(), lines, password="wrong", client_id="wrong")
    away = make(broker, Heard(), lines, port=free_port(), client_id="away")
    foreign = make(broker, Heard(), lines, subscriptions=["shopbell/v1/b/kiosk/door-1/answer"])
    eventually(lambda: code(refused) == "broker_refused", "wrong password")
    eventually(lambda: code(away) == "broker_unreachable", "nobody there")
    eventually(lambda: code(foreign) == "subscription_refused", "another store's topic")
    assert not any(line.healthy() for line in (refused, away, foreign))
    hint = away.problem()
    assert hint is not None
    assert "See that the broker runs" in hint.hint


def test_two_devices_with_one_identity_are_noticed(
    broker: BrokerProcess, lines: list[MqttLine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault F08: a cloned SD card. One of the two stops fighting, says so, and the other can work."""
    monkeypatch.setattr(mqtt_module, "_FIRST_WAIT_S", 0.05)
    twins = [make(broker, Heard(), lines) for _ in range(2)]

    def taken_over() -> list[MqttLine]:
        return [line for line in twins if (problem := line.problem()) and problem.code == "client_taken_over"]

    eventually(taken_over, "the takeover is named", 20)
    quiet = taken_over()[0]
    other = twins[1 - twins.index(quiet)]
    eventually(lambda: other.publish(ARRIVAL, b"from the one that is left") or len(taken_over()) == 2, "the line is free")


def test_too_large_is_not_handed_over_and_hurts_nobody(broker: BrokerProcess, lines: list[MqttLine]) -> None:
    line = make(broker, Heard(), lines)
    eventually(up(line), "line up")
    with hub(broker) as listener:
        largest = b"x" * (MOST_BYTES - 9 - len(ARRIVAL))
        assert not line.publish(ARRIVAL, largest + b"x")
        assert line.publish(ARRIVAL, largest)
        eventually(lambda: listener.payloads() == [largest], "the largest that goes")
    assert line.healthy()


def test_small_packets_are_sent_at_once(broker: BrokerProcess, lines: list[MqttLine], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    real = mqtt_module._no_delay

    def look(client: paho.Client, data: Any, sock: Any) -> None:
        real(client, data, sock)
        with socket.socket(fileno=socket.dup(sock.fileno())) as same:
            seen.append(same.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    monkeypatch.setattr(mqtt_module, "_no_delay", look)
    plain = make(broker, Heard(), lines)
    phone = make(broker, Heard(), lines, port=broker.ws_port, transport="websockets", client_id="phone")
    eventually(lambda: plain.healthy() and phone.healthy(), "lines up")
    assert seen == [1, 1]


def test_many_messages_from_many_threads(broker: BrokerProcess, lines: list[MqttLine]) -> None:
    line = make(broker, Heard(), lines)
    eventually(up(line), "line up")
    with hub(broker) as listener:
        handed: list[bytes] = []

        def send(who: int) -> None:
            for n in range(50):
                payload = f"{who}:{n}".encode() + b"." * 200
                eventually(lambda payload=payload: line.publish(ARRIVAL, payload), "handed over")
                handed.append(payload)

        threads = [threading.Thread(target=send, args=(who,)) for who in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        eventually(lambda: sorted(listener.payloads()) == sorted(handed), "all there, none torn", 20)
        for who in range(4):
            mine = [payload for payload in listener.payloads() if payload.startswith(f"{who}:".encode())]
            assert mine == [payload for payload in handed if payload.startswith(f"{who}:".encode())]
