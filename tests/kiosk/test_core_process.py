"""The kiosk as it runs: its own process, a simulated reader on a pty, Mosquitto, and a small hub that answers."""

from __future__ import annotations

import pytest

from tests.support.kiosk_core import MARIA, NAME, NEW_UID, KioskProcess, PrivateBroker, SmallHub, entry, until
from tests.support.needs import needs

pytestmark = pytest.mark.mosquitto


@pytest.fixture
def broker(tmp_path):
    made = PrivateBroker(needs("mosquitto"), tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def hub(broker):
    made = SmallHub(broker.port, [entry()])
    yield made
    made.stop()


@pytest.fixture
def kiosk(tmp_path, broker, hub):
    made = KioskProcess(tmp_path, broker.port, hub.url)
    yield made
    made.kill()


def test_from_the_card_to_the_name_and_a_clean_goodbye(kiosk, hub):
    kiosk.start()
    assert kiosk.view()["scene"] == "idle"
    kiosk.tap()
    until(lambda: NAME in kiosk.view()["title"], "greeted by name")
    until(lambda: kiosk.waiting() == [], "the answer empties the outbox")
    (arrival,) = hub.arrivals
    assert (arrival.outcome, arrival.member, arrival.rev) == ("welcome", MARIA, 0)
    assert arrival.age_s is not None and arrival.age_s < 5

    shown = kiosk.view()["arrival_id"]
    assert kiosk.act("reason", {"arrival_id": shown, "reason": "pickup"}) == 200
    until(lambda: [(a.rev, a.reason) for a in hub.arrivals] == [(0, None), (1, "pickup")], "the reason reaches the hub")
    assert NAME in kiosk.view()["title"]

    assert kiosk.act("not-today", {"arrival_id": shown}) == 200
    until(lambda: hub.arrivals[-1].outcome == "not_today", "the wish reaches the hub")
    assert (hub.arrivals[-1].member, hub.arrivals[-1].rev, NAME in str(kiosk.view())) == (None, 2, False)

    until(lambda: hub.statuses and hub.statuses[-1].online, "online")
    assert kiosk.terminate() == 0
    until(lambda: not hub.statuses[-1].online, "the goodbye")
    log = kiosk.log.read_text()
    content = b"".join(file.read_bytes() for file in (kiosk.folder / "data").iterdir())
    assert NAME not in log and NAME.encode() not in content, "no name in log or storage"
    assert "Traceback" not in log


def test_killed_with_an_arrival_in_hand_it_is_sent_after_the_restart(kiosk, hub):
    hub.silent = True
    kiosk.start()
    kiosk.tap()
    until(lambda: kiosk.view()["scene"] == "welcome", "a nameless welcome")
    until(lambda: len(hub.arrivals) >= 1, "sent")
    (key,) = kiosk.waiting()
    kiosk.kill()
    until(lambda: hub.statuses and not hub.statuses[-1].online, "the last will")
    before = len(hub.arrivals)
    hub.silent = False
    kiosk.start()
    until(lambda: len(hub.arrivals) > before, "sent again")
    until(lambda: kiosk.waiting() == [], "answered")
    assert {f"{a.arrival_id}:{a.rev}" for a in hub.arrivals} == {key}
    assert hub.arrivals[-1].seq > hub.arrivals[0].seq
    assert kiosk.view()["scene"] == "idle", "an answer for yesterday's shopper does not greet today's"


def test_with_the_broker_away_the_door_works_and_nothing_is_lost(kiosk, hub, broker):
    kiosk.start()
    broker.stop()
    until(lambda: "broker" not in kiosk.well(), "the link is missed")
    kiosk.tap()
    until(lambda: kiosk.view()["scene"] == "welcome", "welcomed all the same")
    kiosk.tap(NEW_UID)
    until(lambda: len(kiosk.waiting()) == 2, "two wait")
    assert kiosk.act("bell", {"language": "de"}) == 200
    assert kiosk.view()["line"] == "Die Glocke erreicht uns gerade nicht. Bitte kommen Sie zur Theke."
    broker.start()
    hub.reconnect()
    until(lambda: kiosk.waiting() == [], "all answered after the link is back", within_s=40)
    outcomes = {a.arrival_id: a.outcome for a in hub.arrivals}
    assert list(outcomes.values()) == ["welcome", "stranger", "guest"]
    assert hub.arrivals[1].evidence is not None
