"""Faults of reader and line in a whole shop: pseudo-terminal, driver, kiosk, Mosquitto and hub, and what the hub has filed of it.

SHOPBELL_READERS_DOOR_FAULTS (100) makes it shorter, SHOPBELL_SEED the same again. Ten thousand, in virtual time and without the
shop, are in test_serial_faults.py.
"""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from edge.contracts.card_id import card_token
from firmware_bridge.simulator.bad_line import LINE_FAULTS
from tests.bench.figures import Goal
from tests.readers.results import SEED, Measured, whole_or
from tests.support.hub import CARD_KEY
from tests.support.hub_process import HubProcess
from tests.support.kiosk_core import KioskProcess, until
from tests.support.reader import ask

FAULTS = whole_or("SHOPBELL_READERS_DOOR_FAULTS", 100)
KINDS = [*(kind for kind in LINE_FAULTS if kind != "clean"), "hangup"]
LONGEST_FAULT_S, PATIENCE_S = 2.0, 30.0


@pytest.fixture
def cards(hub: HubProcess) -> list[str]:
    """Ids of so many cards, every second one a member's."""
    made = [Random(SEED + number).randbytes(7).hex().upper() for number in range(FAULTS)]
    store = hub.open_store()
    with store.file.write() as connection:
        for number, uid in enumerate(made):
            if number % 2:
                store.members.put_member(connection, f"m-{number}", name=f"Member {number}")
                store.members.put_card(connection, f"nfc:{uid}", f"m-{number}")
    store.file.close()
    return made


@pytest.mark.readers_long
@pytest.mark.mosquitto
@pytest.mark.timeout(3600)
def test_each_card_is_filed_once_and_no_other(cards: list[str], hub: HubProcess, kiosk: KioskProcess, measured: Measured) -> None:
    random, kinds = Random(SEED), Counter[str]()
    for number, uid in enumerate(cards):
        kind = random.choice(KINDS)
        kinds[kind] += 1
        ask(kiosk.socket, {"fault": kind, "seconds": random.uniform(0.05, LONGEST_FAULT_S)})
        ask(kiosk.socket, {"present": {"uid": uid}, "hold_s": None})
        until(lambda wanted=number + 1: len(filed(hub)) >= wanted, f"card {number} after {kind} is filed", PATIENCE_S)  # type: ignore[misc]  # default argument
        ask(kiosk.socket, {"remove": {}})
        ask(kiosk.socket, {"fault": "clean"})
        until(lambda: kiosk.cards() == 0, "the card has left")
    wanted = [
        (f"m-{number}", None) if number % 2 else (None, card_token(CARD_KEY, f"nfc:{uid}")) for number, uid in enumerate(cards)
    ]
    found = filed(hub)
    measured(
        "faults at the door",
        {"faults": FAULTS, "kinds": dict(sorted(kinds.items())), "arrivals": len(found)},
        [
            Goal(
                f"phantom arrivals at the hub, {FAULTS} faults on a real port",
                len([one for one in found if one not in wanted]),
                0,
                unit="",
            ),
            Goal(
                f"cards not filed, {FAULTS} faults on a real port", len([one for one in wanted if one not in found]), 0, unit=""
            ),
        ],
        seed=SEED,
    )
    assert found == wanted, "each once, in order"


def filed(hub: HubProcess) -> list[tuple[str | None, str | None]]:
    """Member or card token of every arrival, in order."""
    store = hub.open_store()
    try:
        with store.file.read() as connection:
            query = "SELECT v.member, v.card_token FROM arrivals a JOIN visits v USING (store, visit_id) ORDER BY a.rowid"
            return [tuple(row) for row in connection.execute(query)]
    finally:
        store.file.close()
