"""Several kiosks' worth of arrivals from one process: sends, takes the hub's answers, says how long all took.

`python -m tests.bench.parts_senders --port PORT`, then on stdin one line of JSON: [{"username", "password", "kiosk"}, ...] and,
for each run, one line `FIRST COUNT`: every kiosk sends COUNT arrivals, of members from number FIRST on. Prints `ready`, then for
each run the seconds from the first arrival sent to the last one answered.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edge.contracts import topics
from edge.contracts.answer import read_answer
from edge.contracts.arrival import Arrival
from edge.contracts.card_id import canonical, card_token
from edge.contracts.envelope import VERSION, encode
from edge.process.clock import SystemClock
from edge.process.ids import SystemIds
from tests.bench.peers.home_made import uid_of
from tests.bench.peers.two_hop import send_at_once
from tests.support.hub import CARD_KEY, STORE

WINDOW = 50  # sent and not yet answered, of each kiosk
PATIENCE_S = 60.0


class Account(msgspec.Struct):
    """One kiosk at the broker."""

    username: str
    password: str
    kiosk: str


class Sender:
    """One kiosk: hands over arrivals, at most WINDOW ahead of the answers."""

    def __init__(self, port: int, account: Account) -> None:
        self._kiosk, self._clock, self._ids = account.kiosk, SystemClock(), SystemIds()
        self._lock, self._open = threading.Lock(), 0
        self._todo: Iterator[bytes] = iter(())
        self._all_answered = threading.Event()
        self._client, ready = paho.Client(CallbackAPIVersion.VERSION2, client_id=account.username), threading.Event()
        self._client.on_socket_open = send_at_once
        self._client.username_pw_set(account.username, account.password)
        self._client.on_connect = self._joined
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.on_message = self._answered
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert ready.wait(10), "no SUBACK"

    def prepare(self, numbers: Sequence[int]) -> None:
        """Make the messages of a run."""
        self._todo = iter([self._arrival(number) for number in numbers])
        self._all_answered.clear()

    def begin(self) -> None:
        """Send as many as may be under way."""
        self._send(WINDOW)

    def wait(self) -> None:
        """Until every arrival of the run is answered."""
        assert self._all_answered.wait(PATIENCE_S), f"{self._open} arrivals of {self._kiosk} were not answered"

    def _send(self, room: int) -> None:
        for _ in range(room):
            payload = next(self._todo, None)
            if payload is None:
                return
            with self._lock:
                self._open += 1
            self._client.publish(topics.arrival(STORE, self._kiosk), payload, qos=1)

    def _joined(self, *_: Any) -> None:
        self._client.subscribe(topics.answer(STORE, self._kiosk), qos=1)

    def _answered(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        results = read_answer(bytes(message.payload)).results
        assert all(result.result == "new" for result in results), results
        with self._lock:
            self._open -= len(results)
        self._send(len(results))
        if self._open == 0:
            self._all_answered.set()

    def _arrival(self, number: int) -> bytes:
        clock, arrival_id = self._clock, self._ids.new()
        return encode(
            Arrival(
                v=VERSION,
                id=arrival_id,
                source=f"{STORE}/kiosk/{self._kiosk}",
                at=clock.now(),
                clock="synchronised",
                boot=clock.boot(),
                seq=number,
                age_s=0.1,
                arrival_id=arrival_id,
                rev=0,
                outcome="welcome",
                member=f"m-{number}",
                card_token=card_token(CARD_KEY, canonical("nfc", uid_of(number))),
            )
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="kiosks that only send")
    parser.add_argument("--port", type=int, required=True)
    asked = parser.parse_args()
    accounts = msgspec.json.decode(sys.stdin.readline(), type=list[Account])
    senders = [Sender(asked.port, account) for account in accounts]
    print("ready", flush=True)
    for line in sys.stdin:
        first, count = map(int, line.split())
        for number, sender in enumerate(senders):
            start = first + number * count
            sender.prepare(range(start, start + count))
        began = time.perf_counter()
        for sender in senders:
            sender.begin()
        for sender in senders:
            sender.wait()
        print(repr(time.perf_counter() - began), flush=True)


if __name__ == "__main__":
    main()
