"""A device that is opened for ever: each trouble is told once, each return, and every card, whoever tells of them."""

from __future__ import annotations

import threading
import time

import pytest

from firmware_bridge.card_read import CardRead, ReaderEvent, ReaderState
from firmware_bridge.drivers import kept_open
from firmware_bridge.drivers.kept_open import Deliver, KeptOpen
from firmware_bridge.errors import ReaderGone

UP, READ = ReaderState("x", 1.0, True), CardRead("nfc", "04A2B3C4D5E6F7", "x", 1.0)
CHIP = ReaderState("x", 1.0, False, "chip_silent")


def told(*tries: list[ReaderEvent]) -> list[str]:
    """What comes of tries, each of which delivers so much and is lost."""
    events, left = list[ReaderEvent](), list(tries)

    def connect(deliver: Deliver, stop: threading.Event) -> None:
        if not left:
            stop.set()
            return
        for event in left.pop(0):
            deliver(event)
        raise ReaderGone("using it", "Wait")

    KeptOpen("x", time.monotonic, connect).run(events.append, threading.Event())
    return [event.code if isinstance(event, ReaderState) else "read" for event in events]


@pytest.mark.parametrize(
    ("tries", "codes"),
    [
        ([[], [], []], ["reader_gone"]),
        ([[UP], [], [UP], []], ["ok", "reader_gone", "ok", "reader_gone"]),
        ([[UP, READ, READ], []], ["ok", "read", "read", "reader_gone"]),
        (
            [[UP, CHIP, CHIP], [CHIP], [UP]],
            ["ok", "chip_silent", "reader_gone", "chip_silent", "reader_gone", "ok", "reader_gone"],
        ),
    ],
)
def test_what_is_told(tries: list[list[ReaderEvent]], codes: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_open, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(kept_open, "LONGEST_PAUSE_S", 0.001)
    assert told(*tries) == codes
