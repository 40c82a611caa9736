"""One line to the broker: MQTT 3.1.1 over TCP or WebSocket, by paho.

Every connection is a new paho client. So nothing that stood in paho's memory is sent again after a reconnect with an age that
is no longer true, no half-broken state survives, and building anew is done all the time instead of only in a catastrophe.
What must not be lost waits in an outbox; this line promises only to hand over or to say that it did not.
"""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

from msgspec import Struct
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from edge.process.logs import get_logger
from edge.transport.takeover import WITHIN_S, TakeoverWatch

KEEPALIVE_S = 15
MOST_BYTES = 16384  # of a packet: the broker cuts the link of whoever sends more
_PACKET_HEAD = 9  # fixed header, topic length, packet id
_MOST_QUEUED = 1000
_FIRST_WAIT_S, _MOST_WAIT_S = 1.0, 30.0
_ACCEPT_WITHIN_S = 10.0
_TURN_S = 0.5
_LAST_TURNS = 4
_STUCK_AFTER_S = 30.0
_MOST_STUCK = 3
_GOODBYE_WITHIN_S = 2.0

log = get_logger(part="mqtt")


class LineProblem(Struct, frozen=True):
    """Why the line is not healthy: a stable code and what to do."""

    code: str
    hint: str


class MqttLine:
    """Keeps one connection, subscribes on every connect, and comes back by itself for ever (1 s doubling to 30 s, jittered).

    subscriptions: filters, each with QoS 1. will: topic and payload the broker publishes, retained, when this client dies.
    deliver(topic, payload) and link(up) are called on the line's own thread and must only enqueue; what they raise is logged
    by its type and harms nothing.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        username: str,
        password: str,
        client_id: str,
        subscriptions: Sequence[str],
        will: tuple[str, bytes] | None,
        deliver: Callable[[str, bytes], None],
        link: Callable[[bool], None],
        transport: Literal["tcp", "websockets"] = "tcp",
        clock: Callable[[], float] = time.monotonic,
        check_every_s: float = 5.0,
    ) -> None:
        self._host, self._port, self._transport = host, port, transport
        self._username, self._password, self._client_id = username, password, client_id
        self._subscriptions, self._will = list(subscriptions), will
        self._deliver, self._link = deliver, link
        self._clock, self._check_every_s = clock, check_every_s
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._client: paho.Client | None = None  # only while connected and subscribed
        self._problem: LineProblem | None = None
        self._takeover = TakeoverWatch()
        self._failures = 0
        self._beat = 0.0
        self._runner: threading.Thread | None = None
        self._watcher: threading.Thread | None = None
        self._stuck: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to connect in the background; never raises for a broker that is away."""
        self._start_runner()
        self._watcher = threading.Thread(target=self._watch, name=f"mqtt-watch-{self._client_id}", daemon=True)
        self._watcher.start()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Hand a message over with QoS 1. False: not handed over (no link, queue full, too large). Never waits for the network.

        True is not a promise of delivery: what matters is kept until an application-level answer comes.
        """
        if len(topic) + len(payload) + _PACKET_HEAD > MOST_BYTES:
            log.warning("message_too_large", code="too_large", size=len(payload))
            return False
        client = self._client
        if client is None:
            return False
        return client.publish(topic, payload, qos=1, retain=retain).rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def healthy(self) -> bool:
        """Accepted by the broker, subscribed, and its thread turning."""
        return self._client is not None and self.problem() is None

    def problem(self) -> LineProblem | None:
        """What is wrong, or None: broker_unreachable, broker_refused, client_taken_over, subscription_refused, line_stuck."""
        if self._is_stuck():
            return LineProblem("line_stuck", "The network thread stands still; restart this process if it does not recover.")
        return self._problem

    def stop(self, goodbye: tuple[str, bytes] | None = None) -> None:
        """Say goodbye (topic and payload, published retained), close, and leave no thread."""
        client = self._client
        if client is not None and goodbye is not None:
            info = client.publish(goodbye[0], goodbye[1], qos=1, retain=True)
            if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
                _wait_published(info)
        self._stopping.set()
        if client is not None:
            client.disconnect()
        for thread in (self._runner, self._watcher):
            if thread is not None and thread is not threading.current_thread():
                thread.join(timeout=_ACCEPT_WITHIN_S)

    # --- the watcher's thread -------------------------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._stopping.wait(self._check_every_s):
            runner = self._runner
            if runner is None or not self._is_stuck():
                continue
            if runner.is_alive():
                self._stuck = [thread for thread in self._stuck if thread.is_alive()]
                if len(self._stuck) >= _MOST_STUCK:  # a new thread would stick as well; the process must be restarted
                    continue
                self._stuck.append(runner)
            log.error("mqtt_thread_replaced", code="line_stuck", alive=runner.is_alive())
            if self._client is not None:
                self._guarded(self._link, False)
            self._start_runner()

    def _is_stuck(self) -> bool:
        runner = self._runner
        if runner is None or self._stopping.is_set():
            return False
        return not runner.is_alive() or self._clock() - self._beat > _STUCK_AFTER_S

    def _start_runner(self) -> None:
        self._beat = self._clock()
        self._client = None
        self._runner = threading.Thread(target=self._run, name=f"mqtt-{self._client_id}", daemon=True)
        self._runner.start()

    # --- the runner's thread --------------------------------------------------------------------------------------

    def _run(self) -> None:
        while self._mine():
            try:
                accepted = self._one_connection()
            except Exception as error:  # whatever paho raises, the line must come back
                log.warning("mqtt_failed", exc_info=error)
                accepted = False
            if self._mine():
                self._stopping.wait(self._wait_s(accepted))

    def _mine(self) -> bool:
        """Whether this thread is still the line's thread; beats at the same time."""
        if self._stopping.is_set() or threading.current_thread() is not self._runner:
            return False
        self._beat = self._clock()
        return True

    def _one_connection(self) -> bool:
        """Connect, turn until the connection ends; returns whether the broker had accepted it."""
        client = self._build()
        try:
            client.connect(self._host, self._port, KEEPALIVE_S)
        except (OSError, ValueError) as error:
            self._unreachable(error)
            return False
        begun = self._clock()
        try:
            while self._mine() and client.loop(_TURN_S) == MQTTErrorCode.MQTT_ERR_SUCCESS:
                if self._client is not client and self._clock() - begun > _ACCEPT_WITHIN_S:
                    self._set_problem("broker_unreachable", "The broker's port is open but it does not answer; restart it.")
                    break
        finally:
            accepted = self._ended(client)
        return accepted

    def _build(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=True,
            protocol=paho.MQTTv311,
            transport=self._transport,
            reconnect_on_failure=False,
        )
        client.suppress_exceptions = True
        client.username_pw_set(self._username, self._password)
        client.max_queued_messages_set(_MOST_QUEUED)
        client.ws_set_options(path="/mqtt")
        if self._will is not None:
            client.will_set(self._will[0], self._will[1], qos=1, retain=True)
        client.on_socket_open = _no_delay
        # With this hook set, publish() on another thread only queues and wakes the loop; it never writes to the socket itself.
        client.on_socket_register_write = _nothing
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if threading.current_thread() is not self._runner:
            return
        if reason.is_failure:
            self._set_problem("broker_refused", "The broker does not know this account: see its username and password file.")
            return
        self._failures = 0
        if not self._takeover.suspected(self._clock()):
            self._problem = None
        if self._subscriptions:
            client.subscribe([(topic, 1) for topic in self._subscriptions])
        else:
            self._is_up(client)

    def _on_subscribe(self, client: paho.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _properties: Any) -> None:
        if threading.current_thread() is not self._runner:
            return
        refused = sum(reason.is_failure for reason in reasons)
        if refused:
            self._set_problem(
                "subscription_refused", f"The broker refuses {refused} of this account's topics: see its rights and its store."
            )
        self._is_up(client)

    def _is_up(self, client: paho.Client) -> None:
        """Only now, with its subscriptions in place: an answer to what is published from here on cannot be missed."""
        self._client = client
        log.info("mqtt_up")
        self._guarded(self._link, True)

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            log.warning("message_refused", code="topic_unknown")
            return
        self._guarded(self._deliver, topic, bytes(message.payload))

    def _guarded(self, call: Callable[..., None], *arguments: Any) -> None:
        try:
            call(*arguments)
        except Exception as error:  # a consumer's fault must not end the network thread
            log.error("callback_failed", code="callback_failed", exc_info=error)

    def _ended(self, client: paho.Client) -> bool:
        accepted = self._client is client
        if accepted:
            self._client = None
        if client.is_connected():
            client.disconnect()
        for _ in range(_LAST_TURNS):  # a DISCONNECT that waits must go out, else the broker speaks our last will
            if client.loop(_TURN_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                break
        if accepted and not self._stopping.is_set():
            self._takeover.lost(self._clock())
            log.info("mqtt_down")
        if accepted:
            self._guarded(self._link, False)
        return accepted

    def _wait_s(self, accepted: bool) -> float:
        if not accepted:
            self._failures += 1
        elif self._takeover.suspected(self._clock()):
            self._set_problem(
                "client_taken_over",
                "Another client uses this device's id (a cloned SD card?), or the broker restarts again and again: find it.",
            )
            return WITHIN_S  # stop fighting; whoever is left alone in the meantime keeps the line
        elif self._problem is None:
            self._set_problem("broker_unreachable", "The link was lost; it is being made again.")
        wait = min(_MOST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(max(self._failures - 1, 0), 10))
        return wait * (0.75 + 0.5 * random.random())  # noqa: S311 - spreads reconnects, guards nothing

    def _unreachable(self, error: Exception) -> None:
        self._takeover.refused()
        hint = (
            f"See that the broker runs at {self._host}:{self._port} and that this device has a network ({type(error).__name__})."
        )
        self._set_problem("broker_unreachable", hint)

    def _set_problem(self, code: str, hint: str) -> None:
        with self._lock:
            changed = self._problem is None or self._problem.code != code
            self._problem = LineProblem(code, hint)
        if changed:
            log.warning("mqtt_problem", code=code)


def _no_delay(_client: paho.Client, _data: Any, sock: Any) -> None:
    """Send each small packet at once: Nagle's algorithm and delayed acknowledgements add 40 ms per hop.

    paho's WebSocket wrapper has no setsockopt, so its socket is found by its number; a copy of the number is the same socket.
    """
    with socket.socket(fileno=os.dup(sock.fileno())) as same:
        same.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _nothing(_client: paho.Client, _data: Any, _sock: Any) -> None:
    """The loop looks for itself what there is to write."""


def _wait_published(info: paho.MQTTMessageInfo) -> None:
    try:
        info.wait_for_publish(_GOODBYE_WITHIN_S)
    except (RuntimeError, ValueError) as error:
        log.info("goodbye_not_sent", exc_info=error)
