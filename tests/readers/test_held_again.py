"""The same card held again: another reading once the reader has seen it leave, and then a repeat for everybody behind it."""

from __future__ import annotations

import threading

import pytest

from tests.support.hub_process import HubProcess
from tests.support.kiosk_core import MARIA_UID, KioskProcess, until
from tests.support.reader import Duet, told

# A card counts as gone at the third look in a row that misses it, and looks are a tenth of a second apart.
STILL_THERE_S, GONE_S = (0.05, 0.1, 0.19), (0.5, 1.0, 30.0)


@pytest.mark.parametrize("moment", [1.0, 1.03, 1.07])
@pytest.mark.parametrize("away_s", [*STILL_THERE_S, *GONE_S])
def test_how_long_a_card_must_be_away_to_be_read_again(away_s: float, moment: float) -> None:
    duet = Duet(known=lambda uid: True)
    duet.tap(moment, MARIA_UID)
    duet.tap(moment + 0.6 + away_s, MARIA_UID)
    duet.run(moment + away_s + 5)
    once = [f"read {MARIA_UID}", "gone"]
    assert duet.tale == (once if away_s in STILL_THERE_S else once * 2), [told(event) for event in duet.events]


def filed(hub: HubProcess) -> list[tuple[str, str]]:
    """Outcome and visit of every arrival at the hub."""
    store = hub.open_store()
    try:
        with store.file.read() as connection:
            return [tuple(row) for row in connection.execute("SELECT outcome, visit_id FROM arrivals ORDER BY rowid")]
    finally:
        store.file.close()


@pytest.mark.mosquitto
def test_a_second_after_it_left_it_is_read_again_and_told_as_a_repeat(kiosk: KioskProcess, hub: HubProcess) -> None:
    """PN532 on a pseudo-terminal, kiosk, Mosquitto and hub, each as in a shop."""
    kiosk.present()
    until(lambda: kiosk.view()["title"] == "Welcome back, Maria!", "the welcome, by name")
    until(lambda: kiosk.cards() == 0, "the card has left")
    threading.Event().wait(1.0)
    kiosk.present()
    until(lambda: kiosk.view()["title"] == "Hello again, Maria!", "told as a repeat, by name")
    assert kiosk.view()["line"] == "We already know that you are here."
    until(lambda: len(filed(hub)) == 2, "both are at the hub")
    (first, visit), (second, same_visit) = filed(hub)
    assert (first, second, same_visit) == ("welcome", "repeat", visit)
    assert kiosk.waiting() == [], "the hub has answered both"
