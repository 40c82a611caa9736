"""From the key ceremony to the alarm: a hub's own process beside a real broker, the kiosk's core, a card of the tests' own."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from click.testing import CliRunner

from edge.contracts import topics
from edge.contracts.answer import ArrivalResult
from edge.hub.__main__ import main
from firmware_bridge.card_read import CardRead
from tests.edge.hub.test_hub_process import Line
from tests.support import kiosk_core
from tests.support.brokers import BrokerProcess, eventually, running
from tests.support.hub import DOOR, KIOSK_TOKEN, PIN_HASH, STORE
from tests.support.hub_process import DEVICES, HubProcess
from tests.support.kiosk_core import MARIA, MARIA_UID, KioskProcess
from tests.support.sun_tag import SunTag, diversified

pytestmark = pytest.mark.mosquitto
UID = bytes.fromhex(MARIA_UID)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[BrokerProcess]:
    with running(tmp_path / "broker", "mosquitto", DEVICES) as process:
        yield process


@pytest.fixture
def hub(broker: BrokerProcess, tmp_path: Path) -> Iterator[HubProcess]:
    process = HubProcess(tmp_path / "hub", broker, more=f'[proof]\nkeys_file = "{tmp_path / "proof-keys.json"}"')
    store = process.open_store()
    with store.file.write() as connection:
        store.members.put_member(connection, MARIA, name="Maria Keller", call_me="Maria", greeting="name")
        store.members.put_card(connection, f"nfc:{MARIA_UID}", MARIA)
        store.members.put_associate(connection, "ann", display_name="Ann", pin_hash=PIN_HASH, languages=["en"])
    store.file.close()
    yield process
    process.stop()


class Door:
    """The kiosk's core, and a line that carries what its outbox holds."""

    def __init__(self, core: kiosk_core.Bench, line: Line) -> None:
        self.core, self.line = core, line
        self.last = b""

    def tap(self, uri: str) -> ArrivalResult:
        """Present the card that gives this address; what the hub answers."""
        self.core.clock.advance(700)  # not the same visit at the kiosk
        before = {row.key for row in self.core.book.outbox.rows()}
        self.core.reception.tap(CardRead("nfc", MARIA_UID, "nfc-1", self.core.clock.monotonic(), evidence=f"uri:{uri}"))
        [self.last] = [row.payload for row in self.core.book.outbox.rows() if row.key not in before]
        return self.send()

    def send(self) -> ArrivalResult:
        """The newest arrival, once or once more."""
        count = len(self.line.results())
        eventually(lambda: self.line.line.publish(topics.arrival(STORE, DOOR), self.last), "handed over")
        eventually(lambda: len(self.line.results()) > count, "answered")
        return self.line.results()[-1]


@pytest.fixture
def door(broker: BrokerProcess, tmp_path: Path) -> Iterator[Door]:
    name = f"{STORE}.kiosk.{DOOR}"
    line = Line(broker, name, broker.passwords[name], [topics.answer(STORE, DOOR)], name, ws=False)
    with kiosk_core.bench(tmp_path / "kiosk") as core:
        yield Door(core, line)
    line.line.stop()


def ceremony(hub: HubProcess, *words: str) -> str:
    result = CliRunner().invoke(main, ["keys", *words, "--config", str(hub.config)])
    assert result.exit_code == 0, result.output
    return result.output


def seen(result: ArrivalResult) -> tuple[str, str | None, str | None]:
    assert result.greeting is not None
    return result.result, result.greeting.name, result.greeting.assurance


def test_from_the_ceremony_to_the_alarm(hub: HubProcess, door: Door, tmp_path: Path) -> None:
    paper = tmp_path / "for-the-card-maker"
    ceremony(hub, "make", "--hand-over", str(paper))
    key = tomllib.loads(paper.read_text())
    card = SunTag(UID, diversified(bytes.fromhex(key["master"]), UID, bytes.fromhex(key["suffix"])), bytes.fromhex(key["meta"]))
    hub.start()

    recorded = card.read()
    assert seen(door.tap(recorded)) == ("new", "Maria", "proven")
    hub.kill()
    hub.start()
    assert seen(door.send()) == ("duplicate", "Maria", "proven"), "the same arrival again is no replay, even after kill -9"

    assert seen(door.tap(recorded)) == ("new", None, "plain")
    assert seen(door.tap(card.uri(0))) == ("new", None, "plain")
    ceremony(hub, "rotate")
    assert seen(door.tap(card.read())) == ("new", "Maria", "proven"), "a new key beside the old, without a restart"

    metrics = urllib3.request("GET", f"{hub.url}/metrics").data.decode()
    for line in ('clone_alarms_total{alarm="replayed"} 1.0', 'clone_alarms_total{alarm="rolled_back"} 1.0'):
        assert f"shopbell_{line}" in metrics
    assert "clone_alarm" in hub.log() and MARIA_UID not in hub.log() and key["master"] not in hub.log()
    store = hub.open_store()
    with store.file.read() as connection:
        verdicts = [row["proof"] for row in connection.execute("SELECT proof FROM arrivals ORDER BY rowid")]
    store.file.close()
    assert verdicts == ["proven", "proof_replayed", "proof_rolled_back", "proven"]


def test_from_the_field_of_a_reader_to_the_hubs_books(hub: HubProcess, broker: BrokerProcess, tmp_path: Path) -> None:
    """A kiosk's own process with a simulated PN532, whose NTAG 424 DNA was written with the hub's key."""
    paper = tmp_path / "for-the-card-maker"
    ceremony(hub, "make", "--hand-over", str(paper))
    key = tomllib.loads(paper.read_text())
    card_key = diversified(bytes.fromhex(key["master"]), UID, bytes.fromhex(key["suffix"])).hex()
    hub.start()
    (tmp_path / "kiosk").mkdir()
    kiosk = KioskProcess(tmp_path / "kiosk", broker.port, hub.url)
    for name, secret in (("broker.pass", broker.passwords[f"{STORE}.kiosk.{DOOR}"]), ("hub.token", KIOSK_TOKEN)):
        (kiosk.folder / name).write_text(secret)
    try:
        kiosk.start()
        asked = {"present": {"card": f"sun:{key['meta']}.{card_key}@{MARIA_UID}#7"}, "hold_s": 1.5}
        assert kiosk._reader(asked).get("ok") is True
        eventually(lambda: verdicts_of(hub), "the arrival at the hub", 30)
    finally:
        kiosk.kill()
    assert verdicts_of(hub) == ["proven"]


def verdicts_of(hub: HubProcess) -> list[str | None]:
    store = hub.open_store()
    try:
        with store.file.read() as connection:
            return [row["proof"] for row in connection.execute("SELECT proof FROM arrivals WHERE rev = 0 ORDER BY rowid")]
    finally:
        store.file.close()
