"""A reader board whose cable was out for fifteen seconds: its own link, the kiosk's core and a whole hub on one clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge.contracts.arrival import read_arrival
from firmware_bridge.card_read import CardRead
from firmware_bridge.wire import board_frame as wire
from kiosk.messages import Messages
from tests.support import kiosk_core
from tests.support.board import firmware, new_flash
from tests.support.board_duo import Duo
from tests.support.hub import DOOR_2, MARIA, HubBench
from tests.support.kiosk_core import MARIA_UID
from tests.support.proofs import META, NFC_KEY, proof_config, tapped
from tests.support.sun_tag import SunTag, diversified

UID = bytes.fromhex(MARIA_UID)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    with firmware(new_flash(tmp_path_factory.mktemp("board") / "flash"), "board_frame", "link") as modules:
        yield modules


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubBench]:
    made = HubBench(tmp_path / "hub", proof=proof_config(tmp_path))
    made.put_maria()
    with made.hub.store.file.write() as connection:
        made.hub.store.members.put_card(connection, f"nfc:{MARIA_UID}", MARIA)
    yield made
    made.close()


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[kiosk_core.Bench]:
    with kiosk_core.bench(tmp_path / "kiosk") as made:
        yield made


def test_an_honest_card_told_late_is_proven_and_rings_no_alarm(
    board: SimpleNamespace, hub: HubBench, kiosk: kiosk_core.Bench
) -> None:
    card = SunTag(UID, diversified(NFC_KEY.master, UID), META, 4)
    duo = Duo(board, now=kiosk.clock.monotonic())

    def run(seconds: float) -> None:
        duo.run(seconds)
        kiosk.clock.advance(seconds)
        hub.clock.advance(seconds)

    run(1)
    duo.plugged = False
    duo.report(wire.CARD, bytes([len(UID)]) + UID + f"uri:{card.read()}".encode())
    run(12)
    [other_door] = hub.take(tapped(hub, card.read(), door=DOOR_2, card_id=card.card_id), kiosk=DOOR_2)
    run(5)
    duo.plugged = True
    run(4)

    [late] = [event for event in duo.events if isinstance(event, CardRead)]
    kiosk.reception.tap(late)
    messages = Messages(kiosk_core.STORE, kiosk_core.KIOSK, kiosk.clock, hub.ids, kiosk.book.numbers)
    [row] = kiosk.book.outbox.rows()
    [answered] = hub.take(read_arrival(messages.arrival(row)))

    assert other_door.greeting is not None and other_door.greeting.assurance == "proven"
    assert answered.greeting is not None and answered.greeting.assurance == "proven"
    assert [body.alarm for body in hub.facts("proof") if body.alarm] == []
    first, second = (row["arrived_at"] for row in reversed(hub.rows("arrivals")))
    assert first < second, "the board's tap was before the other door's"
