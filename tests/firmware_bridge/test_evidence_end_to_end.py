"""Cards with a memory on a real pty: what is presented to the simulated chip comes out as a card read with its evidence."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from firmware_bridge.card_read import CardHeld, CardRead
from firmware_bridge.open_reader import open_reader
from tests.support.reader import Running, ask, running, simulated

UID, PHONE = "041E3C8A2D6B80", "08AABBCC"
ADDRESS = "https://shop.example/m/47"
ZERO = "00" * 16


@pytest.fixture
def control(tmp_path: Path) -> Path:
    return tmp_path / "reader.sock"


@pytest.fixture
def reader(control: Path) -> Iterator[Running]:
    with simulated(control) as thread:
        yield thread


def presented(reader: Running, control: Path, present: dict[str, object], number: int = 1) -> CardRead:
    assert ask(control, {"present": present, "hold_s": 0.4}) == {"ok": True}
    reader.wait_gone(number)
    assert len(reader.reads) == number
    return reader.reads[-1]


@pytest.mark.parametrize("kind", ["ntag213", "ntag215", "ntag216", "ultralight", "type4", "desfire"])
def test_the_address_on_a_card_is_its_evidence(reader: Running, control: Path, kind: str) -> None:
    read = presented(reader, control, {"card": f"{kind}@{UID}={ADDRESS}"})
    assert (read.value, read.evidence, read.wallet, read.random_id) == (UID, f"uri:{ADDRESS}", None, False)


def test_a_card_that_signs_gives_another_proof_at_each_tap(reader: Running, control: Path) -> None:
    proofs = [presented(reader, control, {"card": f"sun-plain:{ZERO}@{UID}"}, number).evidence for number in (1, 2, 3)]
    assert [f"ctr=00000{number}" in (proof or "") for number, proof in enumerate(proofs, 1)] == [True] * 3
    assert len(set(proofs)) == 3


@pytest.mark.parametrize("wallet", ["apple", "google"])
def test_a_wallet_is_noticed(reader: Running, control: Path, wallet: str) -> None:
    read = presented(reader, control, {"phone": True, "wallet": wallet})
    assert (read.random_id, read.wallet, read.evidence) == (True, wallet, None)


def test_a_phone_with_an_address_is_a_stranger_with_evidence(reader: Running, control: Path) -> None:
    read = presented(reader, control, {"card": f"type4@{PHONE}={ADDRESS}"})
    assert (read.value, read.random_id, read.evidence) == (PHONE, True, f"uri:{ADDRESS}")


@pytest.mark.parametrize("fault", ["split", "clean"])
def test_one_tap_is_one_reading_of_the_card(reader: Running, control: Path, fault: str) -> None:
    """A card that counts must not be read twice by one tap, or the second reading would look like a copy of the first."""
    ask(control, {"fault": fault})
    first = presented(reader, control, {"card": f"sun-plain:{ZERO}@{UID}#7"})
    again = presented(reader, control, {"card": f"sun-plain:{ZERO}@{UID}"}, 2)
    assert "ctr=000007" in (first.evidence or "")
    assert "ctr=000008" in (again.evidence or "")


def test_a_script_presents_them_too(reader: Running, control: Path) -> None:
    script = f"present ntag215@{UID}={ADDRESS} 0.3; wait 1; wallet apple 0.3"
    assert ask(control, {"script": script})["steps"] == 2
    reader.wait_gone(2)
    assert [(read.evidence, read.wallet) for read in reader.reads] == [(f"uri:{ADDRESS}", None), (None, "apple")]


def test_a_known_tags_memory_is_not_read_and_a_known_card_that_may_prove_itself_is(control: Path) -> None:
    with running(open_reader(f"sim:{control}", name="nfc-1", clock=time.monotonic, known=lambda value: value == UID)) as reader:
        reader.wait_up()
        assert presented(reader, control, {"card": f"ntag213@{UID}={ADDRESS}"}).evidence is None
        assert presented(reader, control, {"card": f"type4@{UID}={ADDRESS}"}, 2).evidence == f"uri:{ADDRESS}"
        assert presented(reader, control, {"card": f"ntag213@{UID[:-2]}81={ADDRESS}"}, 3).evidence == f"uri:{ADDRESS}"


def test_a_card_held_is_told_after_five_seconds(reader: Running, control: Path) -> None:
    ask(control, {"present": {"uid": UID}, "hold_s": None})
    (held,) = [e for e in reader.wait_for(holds) if isinstance(e, CardHeld)]
    assert 5.0 <= held.held_s < 8.0
    ask(control, {"remove": {}})
    reader.wait_gone()
    assert reader.tale == [f"read {UID}", "held", "gone"]


def holds(events: Sequence[object]) -> bool:
    return any(isinstance(event, CardHeld) for event in events)


@pytest.mark.parametrize(
    ("present", "code"),
    [
        ({"card": "ntag999@041E3C8A2D6B80"}, "bad_card"),
        ({"card": "ntag213@04"}, "bad_card"),
        ({"card": f"ntag213@{PHONE}"}, "bad_card"),
        ({"card": f"ultralight@{UID}=https://shop.example/{'m' * 60}"}, "bad_card"),
        ({"card": f"sun:00@{UID}"}, "bad_card"),
        ({"card": f"sun:{ZERO}@{UID}#0"}, "bad_card"),
        ({"card": f"sun:{ZERO}@{UID}#99999999"}, "bad_card"),
        ({"card": 7}, "bad_uid_hex"),
        ({"card": f"type4@{UID}", "uid": UID}, "bad_request"),
        ({"phone": True, "wallet": "samsung"}, "bad_wallet"),
        ({"phone": True, "wallet": 1}, "bad_wallet"),
        ({"phone": True, "wallet": []}, "bad_wallet"),
    ],
)
def test_what_cannot_be_presented_is_refused_with_a_hint(
    reader: Running, control: Path, present: dict[str, object], code: str
) -> None:
    error = ask(control, {"present": present})["error"]
    assert isinstance(error, dict)
    assert error["code"] == code
    assert error["hint"]
    assert reader.reads == []
