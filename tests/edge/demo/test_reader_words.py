"""What `shopbell tap` does beside holding one card there: two at once, faults, scripts; as the reader understands it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.demo.layout import Layout
from edge.demo.reader_words import request_of
from edge.demo.tap import uid_of
from edge.process.errors import OperatorError
from firmware_bridge.card_read import CardRead, CardTrouble
from firmware_bridge.simulator.request_line import parse_request
from firmware_bridge.simulator.requests import FAULTS
from tests.support.reader import Running, simulated

MARIA, WALTER, OTHER = "04A1B2C3D4E5F6", "04112233445566", "04A2B3C4D5E680"
KNOWN = {"maria": f"nfc:{MARIA}", "walter": f"nfc:{WALTER}"}


def asked(card: str, hold_s: float | None = None) -> dict[str, object] | None:
    found = request_of(card, hold_s, lambda one: uid_of(one, KNOWN))
    if found is None:
        return None
    parse_request(json.dumps(found[0]).encode())  # or it raises
    assert found[1].endswith(".")
    return found[0]


@pytest.mark.parametrize(
    ("card", "hold_s", "request_"),
    [
        ("member:maria+member:walter", None, {"present": {"uids": [MARIA, WALTER]}}),
        (f"maria + uid:{OTHER}", 2.0, {"present": {"uids": [MARIA, OTHER]}, "hold_s": 2.0}),
        ("phone", None, {"present": {"phone": True}}),
        ("remove", None, {"remove": {}}),
        ("fault:noise", None, {"fault": "noise"}),
        ("fault:silence", 3.0, {"fault": "silence", "seconds": 3.0}),
        ("fault:clean", None, {"fault": "clean"}),
        (
            f"script:at 0.5 s card member:maria, at 2 s noise, at 4 s card member:walter+uid:{OTHER}; remove",
            None,
            {"script": f"at 0.5 s card {MARIA}, at 2 s noise, at 4 s card {WALTER}+{OTHER}; remove"},
        ),
        (
            f"script:card ntag213@{OTHER}=https://a.b/?member:maria for 1 s",
            None,
            {"script": f"card ntag213@{OTHER}=https://a.b/?member:maria for 1 s"},
        ),
    ],
)
def test_what_is_asked(card: str, hold_s: float | None, request_: dict[str, object]) -> None:
    assert asked(card, hold_s) == request_


@pytest.mark.parametrize("card", ["member:maria", "maria", f"uid:{OTHER}", f"ntag213@{OTHER}=https://a.b/c+d", "wallet:apple"])
def test_one_card_is_not_ours(card: str) -> None:
    assert asked(card) is None


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_can_be_played(fault: str) -> None:
    assert asked(f"fault:{fault}") == {"fault": fault}


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("fault:", "fault_invalid"),
        ("fault:No Noise", "fault_invalid"),
        ("script: ", "script_invalid"),
        ("member:maria+member:nobody", "member_unknown"),
        ("script:card member:nobody", "member_unknown"),
        ("maria+wallet:apple", "card_kind_unknown"),
    ],
)
def test_what_cannot_be_meant(card: str, code: str) -> None:
    with pytest.raises(OperatorError) as caught:
        asked(card)
    assert caught.value.code == code


def test_the_help_names_every_fault() -> None:
    text = (Path(__file__).resolve().parents[3] / "edge" / "demo" / "tap.py").read_text()
    assert [fault for fault in FAULTS if fault not in text] == []


@pytest.fixture
def door(tmp_path: Path) -> Iterator[tuple[Path, Running]]:
    """A demo's folder with its simulated reader and a driver at its port, without the rest of the demo."""
    layout = Layout(tmp_path)
    for file in (layout.cards, layout.reader_socket):
        file.parent.mkdir(parents=True, exist_ok=True)
    layout.cards.write_text(json.dumps(KNOWN))
    with simulated(layout.reader_socket) as reader:
        yield tmp_path, reader


def tap(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "edge.command", "tap", *words, "--dir", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert "Traceback" not in result.stderr
    return result.stdout + result.stderr


def test_from_the_command_to_the_reader(door: tuple[Path, Running]) -> None:
    folder, reader = door
    assert "2 cards" in tap(folder, "member:maria+member:walter", "--hold", "1")
    reader.wait_for(lambda events: any(isinstance(event, CardTrouble) for event in events))
    assert "plays it" in tap(folder, "script:at 2 s card member:maria for 0.4 s, at 4 s hangup 0.3 s")
    reader.wait_for(lambda events: any(isinstance(event, CardRead) and event.value == MARIA for event in events))
    reader.wait_down("port_lost")
    reader.wait_up(2)
    told = tap(folder, "fault:frozen")
    reader.wait_down("reader_stopped")
    assert "fault:hangup --hold 1" in told
    assert "hangup for 1 s" in tap(folder, "fault:hangup", "--hold", "1")
    reader.wait_up(3)
    assert "fault:clean" in tap(folder, "fault:noise")
    assert "clean" in tap(folder, "fault:clean")
    assert tap(folder, "fault:sulking").startswith("unknown_fault: ")
    assert tap(folder, "script:dance").startswith("bad_script: ")
