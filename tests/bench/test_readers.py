"""The readers that are compared read the same card from the same chip, and a page's clock is ours."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_bridge.simulator.pty import SimulatedPn532
from tests.bench.parts_reader import Door
from tests.bench.parts_shop import WATCH_SCREEN, Page
from tests.bench.peers.adafruit_reader import AdafruitReader
from tests.bench.peers.bare_reader import BareReader
from tests.bench.peers.nfcpy_reader import NfcpyReader
from tests.bench.station import Bench
from tests.support.needs import needs
from tests.support.reader import ask
from tests.support.screen import SMALL, chromium, screen, words

UID = "04A2B3C4D5E6F7"


@pytest.fixture
def control(tmp_path: Path) -> Path:
    return tmp_path / "chip.sock"


@pytest.fixture
def port(control: Path) -> Iterator[str]:
    chip = SimulatedPn532(control, time.monotonic)
    chip.start()
    yield chip.tty
    chip.stop()


def put_soon(control: Path) -> threading.Thread:
    """The card comes while the driver waits already."""
    hand = threading.Timer(0.1, ask, (control, {"present": {"uid": UID}, "hold_s": None}))
    hand.start()
    return hand


@pytest.mark.parametrize(("peer", "package"), [(NfcpyReader, "nfc"), (AdafruitReader, "adafruit_pn532")])
def test_a_peer_reads_the_card(port: str, control: Path, peer: type[NfcpyReader | AdafruitReader], package: str) -> None:
    pytest.importorskip(package, reason="the benchmarks' environment has it (requirements-bench.lock)")
    reader = peer(port)
    hand = put_soon(control)
    assert reader.card() == UID
    hand.join()
    reader.close()


def test_nfcpy_connects_to_the_card(port: str, control: Path) -> None:
    reader = NfcpyReader(port)
    hand = put_soon(control)
    assert reader.connected() == UID
    hand.join()
    reader.close()


def test_the_floor_reads_one_card_after_the_other(port: str, control: Path) -> None:
    reader = BareReader(port)
    for _ in range(2):
        reader.look()
        hand = put_soon(control)
        assert reader.card() == UID
        hand.join()
        ask(control, {"remove": {}})
    reader.close()


def test_shopbell_reads_the_card_and_sees_it_go(port: str, control: Path) -> None:
    with Bench("reader", quick=True) as bench, contextlib.closing(Door(bench, port)) as door:
        door.wait_up()
        ask(control, {"present": {"uid": UID}, "hold_s": None})
        at, found = door.card()
        assert found == UID and at <= time.monotonic()
        ask(control, {"remove": {}})
        door.wait_gone()


def test_a_page_notes_a_change_when_it_happens() -> None:
    with chromium(needs("chromium")) as browser, screen() as served:
        page = Page(browser, served.url, SMALL, WATCH_SCREEN)
        page.page.wait_for_selector("body[data-link=up]")
        page.forget()
        ahead, error = page.ahead_s()
        began = time.time()
        served.board.show(words("welcome"), "arrival")
        changed = page.when(lambda scene: scene == "welcome", "the welcome") - ahead
        assert began - error - 0.001 <= changed <= time.time() + error
