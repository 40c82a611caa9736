"""The hub process beside a real broker: a kiosk's line, a phone's line, SIGTERM, kill -9."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import urllib3
from click.testing import CliRunner, Result

from edge.contracts import topics
from edge.contracts.alert import read_alert
from edge.contracts.answer import ArrivalResult, read_answer
from edge.contracts.arrival import Arrival
from edge.contracts.card_id import card_token
from edge.contracts.envelope import encode
from edge.contracts.status import read_status
from edge.hub.__main__ import main
from edge.process.clock import SystemClock
from edge.transport.mqtt import MqttLine
from tests.support.brokers import HOST, BrokerKind, BrokerProcess, eventually, running
from tests.support.hub import CARD_KEY, DOOR, MARIA, MARIA_CARD, PIN, PIN_HASH, STORE
from tests.support.hub_process import DEVICES, HubProcess
from tests.support.parts import ROOT


@pytest.fixture(params=[pytest.param("mosquitto", marks=pytest.mark.mosquitto), "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BrokerProcess]:
    kind: BrokerKind = request.param
    with running(tmp_path / "broker", kind, DEVICES) as process:
        yield process


@pytest.fixture
def hub(broker: BrokerProcess, tmp_path: Path) -> Iterator[HubProcess]:
    process = HubProcess(tmp_path / "hub", broker)
    store = process.open_store()
    with store.file.write() as connection:
        store.members.put_member(connection, MARIA, name="Maria Keller", call_me="Maria", greeting="name")
        store.members.put_card(connection, MARIA_CARD, MARIA)
        store.members.put_associate(connection, "ann", display_name="Ann", pin_hash=PIN_HASH, languages=["en"])
    store.file.close()
    yield process.start()
    process.stop()


class Line:
    """A device's line to the broker and everything that came over it."""

    def __init__(self, broker: BrokerProcess, username: str, password: str, filters: list[str], client_id: str, ws: bool) -> None:
        self.got: list[tuple[str, bytes]] = []
        self.up = False
        self.line = MqttLine(
            host=HOST,
            port=broker.ws_port if ws else broker.port,
            username=username,
            password=password,
            client_id=client_id,
            subscriptions=filters,
            will=None,
            deliver=lambda topic, payload: self.got.append((topic, payload)),
            link=lambda up: setattr(self, "up", up),
            transport="websockets" if ws else "tcp",
        )
        self.line.start()
        eventually(lambda: self.line.healthy(), f"{username} connected")

    def results(self) -> list[ArrivalResult]:
        return [result for topic, payload in self.got if topic.endswith("/answer") for result in read_answer(payload).results]


@pytest.fixture
def kiosk(broker: BrokerProcess) -> Iterator[Line]:
    name = f"{STORE}.kiosk.{DOOR}"
    line = Line(broker, name, broker.passwords[name], [topics.answer(STORE, DOOR), topics.news(STORE, DOOR)], name, ws=False)
    yield line
    line.line.stop()


def tap(number: int) -> bytes:
    clock = SystemClock()
    arrival = Arrival(
        v="1.0", id=f"m{number}", source=f"{STORE}/kiosk/{DOOR}", at=clock.now(), clock="free", boot="b", seq=number, age_s=0.1,
        arrival_id=f"a{number}", rev=0, outcome="welcome", member=MARIA, card_token=card_token(CARD_KEY, MARIA_CARD),
    )  # fmt: skip
    return encode(arrival)


def sign_in(hub: HubProcess) -> tuple[dict[str, Any], dict[str, str]]:
    """The session, and the headers that prove it."""
    body = json.dumps({"associate": "ann", "pin": PIN}).encode()
    answer = urllib3.request("POST", f"{hub.url}/api/v1/session", body=body, headers={"Content-Type": "application/json"})
    assert answer.status == 200, answer.data
    session = answer.json()
    return session, {"Cookie": answer.headers["Set-Cookie"].partition(";")[0], "X-Shopbell-Csrf": session["csrf"]}


def phone_of(broker: BrokerProcess, session: dict[str, Any]) -> Line:
    account = session["broker"]
    filters = [account["alert_topic"], account["status_topic"]]
    return Line(broker, account["username"], account["password"], filters, f"{account['username']}.0a1b2c3d", ws=True)


def test_tap_to_phone_and_goodbye(hub: HubProcess, broker: BrokerProcess, kiosk: Line) -> None:
    session, headers = sign_in(hub)
    phone = phone_of(broker, session)
    eventually(lambda: kiosk.line.publish(topics.arrival(STORE, DOOR), tap(1)), "arrival handed over")
    eventually(kiosk.results, "the answer")
    [result] = kiosk.results()
    assert (result.result, result.greeting.name if result.greeting else None) == ("new", "Maria")
    alert_topic = topics.alert(STORE, "ann")
    eventually(lambda: any(topic == alert_topic for topic, _ in phone.got), "the alert on the phone")
    alert = next(read_alert(payload) for topic, payload in phone.got if topic == alert_topic)
    assert (alert.state, alert.who.name) == ("open", "Maria")
    claim = f"{hub.url}/api/v1/alerts/{alert.alert_id}/claim"
    taken = urllib3.request("POST", claim, headers=headers | {"Idempotency-Key": "claim-0001"})
    assert taken.status == 200
    eventually(lambda: read_alert(phone.got[-1][1]).state == "claimed" if phone.got[-1][0] == alert_topic else False, "claimed")

    status, out = hub.stop()
    assert (status, out) == (0, b"")
    status_topic = topics.status(STORE, "hub", "hub")
    eventually(lambda: phone.got[-1][0] == status_topic, "the hub's goodbye")
    said = [read_status(payload).online for topic, payload in phone.got if topic == status_topic]
    assert said == [True, False]
    phone.line.stop()
    lines = [json.loads(line) for line in hub.log().splitlines()]
    assert {"hub_started", "hub_stopped"} <= {line.get("event") for line in lines}
    for personal in ("Maria", MARIA_CARD, PIN, session["broker"]["password"], session["csrf"]):
        assert personal not in hub.log()


def test_signing_out_cuts_the_phones_line(hub: HubProcess, broker: BrokerProcess) -> None:
    session, headers = sign_in(hub)
    phone = phone_of(broker, session)
    assert urllib3.request("DELETE", f"{hub.url}/api/v1/session", headers=headers).status == 204
    eventually(lambda: not phone.up, "the phone is cut off")
    eventually(lambda: (phone.line.problem() or phone).__class__ is not Line, "and is not let in again")
    phone.line.stop()


@pytest.mark.parametrize("broker", [pytest.param("mosquitto", marks=pytest.mark.mosquitto)], indirect=True)
def test_killed_in_the_middle_it_stores_each_arrival_once(hub: HubProcess, broker: BrokerProcess, kiosk: Line) -> None:
    for number in range(150):
        kiosk.line.publish(topics.arrival(STORE, DOOR), tap(number))
    eventually(kiosk.results, "some answers")
    hub.kill()
    answered = {result.arrival_id for result in kiosk.results()}
    hub.start()

    def resend() -> bool:
        have = {result.arrival_id for result in kiosk.results()}
        for number in range(150):
            if f"a{number}" not in have:
                kiosk.line.publish(topics.arrival(STORE, DOOR), tap(number))
        return len(have) == 150

    eventually(resend, "every arrival answered", 30)
    hub.stop()
    store = hub.open_store()
    with store.file.read() as connection:
        stored = [row[0] for row in connection.execute("SELECT arrival_id FROM arrivals")]
        alerts = connection.execute("SELECT count(*) FROM alerts").fetchone()[0]
    facts = [msgspec.json.decode(row.payload)["body"] for row in store.outbox.rows()]
    store.file.close()
    assert answered <= set(stored), "an answered arrival was lost"
    assert sorted(stored) == sorted(f"a{number}" for number in range(150))
    assert alerts == 1
    assert len([fact for fact in facts if fact["kind"] == "arrival"]) == 150


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_a_bad_configuration_is_a_sentence_and_status_2(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "edge.hub", "run", "--config", str(tmp_path / "none.toml")]
    missing = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert missing.returncode == 2
    assert missing.stderr.startswith("config_missing:")
    assert "Traceback" not in missing.stderr
    assert missing.stdout == ""


def test_a_port_in_use_is_a_sentence_and_status_2(tmp_path: Path) -> None:
    hub = HubProcess(tmp_path / "hub", idle_broker(tmp_path))
    with socket.create_server((HOST, hub.port)):
        refused = command("run", "--config", str(hub.config))
    assert (refused.exit_code, refused.stderr.partition(":")[0]) == (2, "port_in_use")


def idle_broker(folder: Path) -> BrokerProcess:
    """A broker that is configured and not started."""
    (folder / "broker").mkdir()
    return BrokerProcess(folder / "broker", "embedded", DEVICES)


def test_parked_facts_are_listed_and_sent_again(tmp_path: Path) -> None:
    hub = HubProcess(tmp_path / "hub", idle_broker(tmp_path))
    store = hub.open_store()
    with store.file.write() as connection:
        store.members.put_member(connection, MARIA, name="Maria Keller")
    [row] = store.outbox.rows()
    store.outbox.park(row.key, "kind_refused", "Update HQ.")
    store.file.close()
    assert command("check-config", str(hub.config)).exit_code == 0
    listed = command("parked", "list", "--config", str(hub.config))
    assert listed.stdout.splitlines() == [f"{row.key}\tkind_refused\tUpdate HQ.", "1 parked"]
    assert command("parked", "resend", "nonsense", "--config", str(hub.config)).exit_code == 2
    assert command("parked", "resend", "--config", str(hub.config)).exit_code == 2
    assert command("parked", "resend", row.key, "--config", str(hub.config)).stdout == "1 will be sent again\n"
    assert command("parked", "list", "--config", str(hub.config)).stdout == "0 parked\n"
