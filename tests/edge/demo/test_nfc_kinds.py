"""Cards of a kind on the command line: what is asked of the simulated reader."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.demo.nfc_kinds import present
from edge.process.errors import OperatorError
from firmware_bridge.simulator.request_line import parse_request
from firmware_bridge.simulator.requests import Present

KEY, UID = "00112233445566778899AABBCCDDEEFF", "04A2B3C4D5E6F7"


@pytest.fixture
def counters(tmp_path: Path) -> Path:
    return tmp_path / "counters.json"


def understood(present_: object) -> bool:
    """Whether the reader takes it."""
    return isinstance(parse_request(json.dumps({"present": present_}).encode()), Present)


@pytest.mark.parametrize(
    ("card", "asked"),
    [
        (f"ntag213@{UID}=https://a.b/c", {"card": f"ntag213@{UID}=https://a.b/c"}),
        (f"type4@{UID}", {"card": f"type4@{UID}"}),
        (f"desfire@{UID}=https://a.b", {"card": f"desfire@{UID}=https://a.b"}),
        ("wallet:apple", {"phone": True, "wallet": "apple"}),
        (f"sun:{KEY}@{UID}#60", {"card": f"sun:{KEY}@{UID}#60"}),
        (f"sun:{KEY}@{UID}", {"card": f"sun:{KEY}@{UID}#1"}),
        (f"sun-file:{KEY}.{KEY}@{UID}=https://a.b/c", {"card": f"sun-file:{KEY}.{KEY}@{UID}#1=https://a.b/c"}),
    ],
)
def test_what_is_asked(counters: Path, card: str, asked: dict[str, object]) -> None:
    assert present(card, counters) == asked
    assert understood(asked)


@pytest.mark.parametrize("card", ["member:maria", f"uid:{UID}", "maria", UID, "qr:abc", ""])
def test_everything_else_is_not_ours(counters: Path, card: str) -> None:
    assert present(card, counters) is None
    assert not counters.exists()


def test_readings_rise_from_tap_to_tap_each_card_by_itself(counters: Path) -> None:
    cards = [f"sun:{KEY}@{UID}", f"sun:{KEY}@{UID.lower()}", f"sun:{KEY}@{UID[:-1]}8", f"sun:{KEY}@{UID}"]
    counts = [str((present(card, counters) or {})["card"]).split("#")[1] for card in cards]
    assert counts == ["1", "2", "1", "3"]
    assert KEY not in counters.read_text()


def test_a_broken_file_begins_anew(counters: Path) -> None:
    counters.write_text("no table")
    assert present(f"sun:{KEY}@{UID}", counters) == {"card": f"sun:{KEY}@{UID}#1"}


@pytest.mark.parametrize("card", ["wallet:samsung", "wallet:", "sun:", f"sun:{KEY}", f"sun:{KEY}@04", f"sun:{KEY}@{UID}#x"])
def test_what_cannot_be_meant_is_refused(counters: Path, card: str) -> None:
    with pytest.raises(OperatorError, match="card_invalid"):
        present(card, counters)
