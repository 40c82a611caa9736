"""The kiosk with a reader board at its door: the firmware itself, a real pty for its cable, Mosquitto, and a small hub."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_bridge.open_reader import BOARD
from firmware_bridge.wire.board_messages import signal
from kiosk import config
from kiosk.devices.board_signals import BoardSignals, plan_of
from kiosk.devices.patterns import PATTERNS
from tests.support.board import Bench, bench
from tests.support.kiosk_core import MARIA_UID, NAME, KioskProcess, PrivateBroker, SmallHub, entry, until
from tests.support.needs import needs


class Door:
    """A board, its cable under a name that stays, and the kiosk."""

    def __init__(self, folder: Path, board: Bench, broker: PrivateBroker, hub: SmallHub) -> None:
        self.board, self._name = board, folder / "usb-board"
        self.kiosk = KioskProcess(folder, broker.port, hub.url)
        text = self.kiosk.config.read_text().replace(f'port = "sim:{self.kiosk.socket}"', f'port = "{BOARD}{self._name}"')
        self.kiosk.config.write_text(text + '[signals]\nenabled = true\nat = "board"\n')
        self.link()

    def link(self) -> None:
        """As udev does when the board is plugged in."""
        self._name.unlink(missing_ok=True)
        self._name.symlink_to(self.board.board.tty)

    def lights(self) -> str:
        return (self.board.flash / "signals.log").read_text()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[tuple[PrivateBroker, SmallHub]]:
    broker = PrivateBroker(needs("mosquitto"), tmp_path)
    broker.start()
    made = SmallHub(broker.port, [entry()])
    yield broker, made
    made.stop()
    broker.stop()


@pytest.fixture
def door(tmp_path: Path, hub: tuple[PrivateBroker, SmallHub]) -> Iterator[Door]:
    (tmp_path / "board").mkdir()
    with bench(tmp_path / "board") as board:
        made = Door(tmp_path, board, *hub)
        made.kiosk.start()
        yield made
        made.kiosk.kill()


@pytest.mark.mosquitto
def test_a_tap_is_greeted_and_the_ring_says_so(door: Door, hub: tuple[PrivateBroker, SmallHub]) -> None:
    door.board.tap(MARIA_UID)
    until(lambda: NAME in door.kiosk.view()["title"], "greeted by name")
    until(lambda: "light 0 160 30" in door.lights() and "tone 2000" in door.lights(), "green, and a beep")
    assert [arrival.outcome for arrival in hub[1].arrivals] == ["welcome"]


@pytest.mark.mosquitto
def test_a_tap_while_the_cable_is_out_is_greeted_once(door: Door, hub: tuple[PrivateBroker, SmallHub]) -> None:
    door.board.board.unplug()
    until(lambda: "reader" not in door.kiosk.well(), "the kiosk knows")
    door.board.tap(MARIA_UID, 0.3)
    threading.Event().wait(1.0)
    door.board.board.plug()
    door.link()
    until(lambda: NAME in door.kiosk.view()["title"], "greeted by name")
    until(lambda: "reader" in door.kiosk.well(), "the kiosk knows")
    threading.Event().wait(1.0)
    assert [(arrival.outcome, arrival.rev) for arrival in hub[1].arrivals] == [("welcome", 0)]


@pytest.mark.mosquitto
def test_the_button_is_the_bell(door: Door, hub: tuple[PrivateBroker, SmallHub]) -> None:
    button = door.board.flash / "button"
    button.write_text("")
    threading.Event().wait(0.3)
    button.unlink()
    until(lambda: [arrival.outcome for arrival in hub[1].arrivals] == ["guest"], "a guest rang")


def test_every_cue_fits_the_wire() -> None:
    for cue, pattern in PATTERNS.items():
        plan = plan_of(pattern)
        assert len(signal(plan)) == 11, cue
        assert (plan.flashes == 0) == (pattern.light == "none" or pattern.flashes == 0)
    told = []
    signals = BoardSignals(told.append)
    signals.play("welcome")
    signals.close()
    assert (told[0].green, told[0].flashes, told[0].flash_ms, told[0].beeps) == (160, 1, 1500, 1)
    assert (told[1].flashes, told[1].beeps) == (0, 0)


def test_the_name_of_a_board_is_the_bridge_s() -> None:
    assert config.BOARD == BOARD
