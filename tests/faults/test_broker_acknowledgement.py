"""G1 against the broker: only the hub's answer removes an arrival, because the broker may forget what it acknowledged.

The kiosk's own records, link and line against a real Mosquitto and a real hub. The mutant drops the row on the broker's
acknowledgement (PUBACK); the checker then has to find losses.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.outbox.plan import Row
from edge.process.clock import SystemClock
from edge.process.health import Health
from edge.process.ids import SystemIds
from edge.transport.mqtt import MqttLine
from kiosk.answers import Answers
from kiosk.hub_link import HubLink
from kiosk.messages import Messages
from kiosk.records.book import open_book
from kiosk.visit.check_in import Door, Tap, ring
from kiosk.visit.moment import Moment
from tests.support.brokers import HOST, BrokerProcess, eventually, running
from tests.support.hub import DOOR, STORE
from tests.support.hub_process import DEVICES, HubProcess
from tests.support.ledger import Counters, Ledger

RINGS = 12
ACKNOWLEDGED_WITHIN_S = 10.0


class AcknowledgedLine(MqttLine):
    """Says True only when the broker has acknowledged: what the mutant believes in."""

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        client = self._client
        if client is None:
            return False
        info = client.publish(topic, payload, qos=1, retain=retain)
        info.wait_for_publish(ACKNOWLEDGED_WITHIN_S)
        return info.is_published()


class EarlyLink(HubLink):
    """The mutant: what the broker has acknowledged leaves the outbox."""

    def _hand_over(self, line: Any, rows: list[Row]) -> int:
        settled = super()._hand_over(line, rows)
        self._book.outbox.done([row.key for row in rows[:settled]])
        return settled


class DoorBench:
    """A kiosk's records, link and line, without reader and screen; guests ring."""

    def __init__(self, folder: Path, broker: BrokerProcess, *, mutant: bool) -> None:
        clock, ids, name = SystemClock(), SystemIds(), f"{STORE}.kiosk.{DOOR}"
        self.book, self.ledger, self._clock, self._ids = open_book(folder, STORE, DOOR, clock), Ledger(), clock, ids
        messages = Messages(STORE, DOOR, clock, ids, self.book.numbers)
        self.link = (EarlyLink if mutant else HubLink)(
            book=self.book,
            messages=messages,
            answers=Answers(self.book, STORE, lambda *_: None, clock),
            news=lambda _payload: None,
            health=Health("kiosk", "test"),
            clock=clock,
            salt="bench",
        )
        self.line = (AcknowledgedLine if mutant else MqttLine)(
            host=HOST,
            port=broker.port,
            username=name,
            password=broker.passwords[name],
            client_id=name,
            subscriptions=[messages.answer_topic],
            will=None,
            deliver=self.link.deliver,
            link=self.link.link,
        )
        self._thread = threading.Thread(target=self.link.run, args=(self.line,), daemon=True)

    def __enter__(self) -> DoorBench:
        self.line.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.link.stop()
        self._thread.join(10)
        self.line.stop()
        self.book.close()

    def ring(self) -> None:
        """A guest rings; the commit stands for the welcome on the screen."""
        now = Moment(self._clock.now(), self._clock.quality(), self._clock.boot(), self._clock.monotonic())
        self.ledger.attempted("guest")
        arrival = ring(Door(STORE, DOOR), Tap(self._ids.new(), now), heard=True).arrival
        assert arrival is not None
        self.book.record(arrival, now.monotonic)
        self.ledger.confirmed(arrival.arrival_id)
        self.link.wake()

    def handed_over(self) -> bool:
        """Whether the broker had everything once: nothing waits that was never tried."""
        return all(row.tries > 0 for row in self.book.outbox.rows())


def filed(hub: HubProcess) -> list[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(f"file:{hub.folder}/data/hub.db?mode=ro", uri=True)) as connection:
        return [(row[0], "guest") for row in connection.execute("SELECT arrival_id FROM arrivals")]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[BrokerProcess]:
    with running(tmp_path / "broker", "mosquitto", DEVICES) as process:
        yield process


def outage(folder: Path, broker: BrokerProcess, *, mutant: bool) -> Counters:
    """Guests ring with the hub there, then with the hub away; the broker is killed; then everything comes back."""
    hub = HubProcess(folder / "hub", broker).start()
    try:
        with DoorBench(folder / "kiosk", broker, mutant=mutant) as door:
            eventually(lambda: door.line.healthy(), "the kiosk's line is up")
            door.ring()
            eventually(lambda: len(filed(hub)) == 1, "the hub filed the first")
            hub.kill()
            for _ in range(RINGS):
                door.ring()
            eventually(door.handed_over, "the broker took everything")
            broker.kill()
            broker.start()
            hub.start()
            eventually(lambda: door.book.outbox.count() == 0, "the outbox is empty", 30)
            return door.ledger.check(filed(hub))
    finally:
        hub.stop()


@pytest.mark.mosquitto
def test_what_the_broker_acknowledged_and_forgot_is_sent_again(tmp_path: Path, broker: BrokerProcess) -> None:
    counters = outage(tmp_path, broker, mutant=False)
    assert (counters.sound, counters.confirmed, counters.recovered) == (True, RINGS + 1, 0), counters


@pytest.mark.mosquitto
def test_mutant_that_trusts_the_acknowledgement_is_caught(tmp_path: Path, broker: BrokerProcess) -> None:
    counters = outage(tmp_path, broker, mutant=True)
    assert not counters.sound, "the check cannot tell the mutant from the product"
    assert counters.lost == RINGS, counters
