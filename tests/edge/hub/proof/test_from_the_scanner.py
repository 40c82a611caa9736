"""A member's pass, from the text a scanner read to the hub's verdict: the rules of kiosk and hub in one test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.contracts.arrival import Arrival
from edge.contracts.sealed import public_key_of
from firmware_bridge.card_read import CardRead
from firmware_bridge.wire.scanner_lines import read_line
from kiosk.visit.check_in import Door, Tap, check_in
from kiosk.visit.codes import CodePolicy, understood
from kiosk.visit.moment import Moment
from kiosk.visit.recognise import identify
from tests.support.hub import CARD_KEY, DOOR, EVIDENCE_KEY, STORE, HubBench
from tests.support.proofs import code_now, proof_config, put_pass


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[HubBench]:
    made = HubBench(tmp_path / "hub", proof=proof_config(tmp_path))
    made.put_maria()
    put_pass(made)
    yield made
    made.close()


def scanned(bench: HubBench, line: bytes, arrival_id: str) -> Arrival:
    """What the kiosk sends for a line of its scanner; its directory knows nobody."""
    code, clock = read_line(line), bench.clock
    read = understood(CardRead("code", code.text, "scan-1", 1.0, symbology=code.symbology), CodePolicy())
    door = Door(STORE, DOOR, hub_key=public_key_of(EVIDENCE_KEY))
    tap = Tap(arrival_id, Moment(clock.now(), clock.quality(), clock.boot(), clock.monotonic()))
    arrival = check_in(read, identify(read, CARD_KEY), None, door, tap).arrival
    assert arrival is not None
    return arrival


def test_a_scanned_pass_is_proven_once_and_a_screenshot_is_not(bench: HubBench) -> None:
    line = f"]Q1{code_now(bench)}".encode()
    [first] = bench.take(scanned(bench, line, "arrival-first"))
    assert first.greeting is not None and first.greeting.assurance == "proven"
    bench.clock.advance(1000)
    [later] = bench.take(scanned(bench, line, "arrival-later"))
    assert later.greeting is None or later.greeting.assurance != "proven"


def test_the_lasting_half_of_a_pass_on_paper_is_no_card(bench: HubBench) -> None:
    half = code_now(bench).rsplit(".", 2)[0]
    read = understood(CardRead("code", half, "scan-1", 1.0, symbology="]Q1"), CodePolicy())
    assert not isinstance(read, CardRead)
