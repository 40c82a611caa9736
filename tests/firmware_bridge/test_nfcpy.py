"""nfcpy, an independent driver, opens the simulated chip through its pty and reads the same card."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nfc.clf
import nfc.clf.pn532
import nfc.clf.transport
import nfc.tag
import pytest

from firmware_bridge.simulator.pty import SimulatedPn532
from tests.support.reader import ask, simulated


@pytest.fixture
def control(tmp_path: Path) -> Path:
    return tmp_path / "reader.sock"


@pytest.fixture
def chip(control: Path) -> Iterator[SimulatedPn532]:
    simulated_chip = SimulatedPn532(control, time.monotonic)
    simulated_chip.start()
    yield simulated_chip
    simulated_chip.stop()


@pytest.fixture
def device(chip: SimulatedPn532) -> Iterator[Any]:
    opened = nfc.clf.pn532.init(nfc.clf.transport.TTY(chip.tty))  # includes its test of the line with 265 bytes
    yield opened
    opened.close()


def sense(device: Any) -> Any:
    return device.sense_tta(nfc.clf.RemoteTarget("106A"))


def test_it_knows_the_chip(device: Any) -> None:
    assert device._chipset_name == "PN532v1.6"
    assert device.chipset.diagnose("rom")
    assert device.chipset.diagnose("ram")


def test_it_sees_no_card(device: Any) -> None:
    assert sense(device) is None


@pytest.mark.parametrize(
    ("uid", "sel", "sens"),
    [
        ("04A2B3C4D5E6F7", "00", "4400"),
        ("11223344", "08", "0400"),
        ("04112233445566778899", "00", "8400"),
        ("08AABBCC", "20", "0400"),
    ],
)
def test_it_reads_the_card(device: Any, control: Path, uid: str, sel: str, sens: str) -> None:
    ask(control, {"present": {"uid": uid}, "hold_s": None})
    target = sense(device)
    assert (target.sdd_res.hex().upper(), target.sel_res.hex(), target.sens_res.hex()) == (uid, sel, sens)
    ask(control, {"remove": {}})
    assert sense(device) is None


def test_it_reads_the_memory_of_an_ntag(device: Any, control: Path) -> None:
    ask(control, {"present": {"uid": "04A2B3C4D5E6F7"}, "hold_s": None})
    target = sense(device)
    page = device.send_cmd_recv_rsp(target, bytearray.fromhex("3004"), 0.1)
    assert page.hex() == "0300fe00" + "00" * 12


ADDRESS = "https://shop.example/member/4711"


@contextlib.contextmanager
def presented(device: Any, control: Path, card: str) -> Iterator[Any]:
    """A card in the field as nfcpy knows it: its own activation, its own blocks of ISO-DEP, its own reading of files."""
    ask(control, {"present": {"card": card}, "hold_s": None})
    frontend = nfc.clf.ContactlessFrontend()
    frontend.device = device
    tag = nfc.tag.activate(frontend, frontend.sense(nfc.clf.RemoteTarget("106A")))
    assert tag is not None
    yield tag
    ask(control, {"remove": {}})


@pytest.mark.parametrize("kind", ["ntag213", "ntag215", "ntag216", "ultralight"])
def test_it_reads_the_message_of_a_type_2_tag(device: Any, control: Path, kind: str) -> None:
    address = ADDRESS if kind != "ultralight" else "https://shop.example/m/47"
    with presented(device, control, f"{kind}@04A2B3C4D5E6F7={address}") as tag:
        assert tag.type == "Type2Tag"
        assert [record.iri for record in tag.ndef.records] == [address]


def test_it_knows_the_tags_kind(device: Any, control: Path) -> None:
    for kind in ("ntag213", "ntag215", "ntag216"):
        with presented(device, control, f"{kind}@04A2B3C4D5E6F7") as tag:
            assert tag.product == f"NXP {kind.upper()}"


@pytest.mark.parametrize("address", [ADDRESS, "https://shop.example/" + "m" * 300])
def test_it_reads_the_message_of_a_type_4_card(device: Any, control: Path, address: str) -> None:
    with presented(device, control, f"type4@04A2B3C4D5E6F7={address}") as tag:
        assert tag.type == "Type4Tag"
        assert [record.iri for record in tag.ndef.records] == [address]


@pytest.mark.parametrize("address", [ADDRESS, "https://shop.example/" + "m" * 300])
def test_it_reads_a_desfire(device: Any, control: Path, address: str) -> None:
    """Found by its ATS and its application, its kind by its own command, as nfcpy sends it."""
    with presented(device, control, f"desfire@04A2B3C4D5E6F7={address}") as tag:
        assert tag.type == "Type4Tag"
        assert (tag._target.sens_res.hex(), tag._target.sel_res.hex()) == ("4403", "20")
        assert [record.iri for record in tag.ndef.records] == [address]
        hardware = tag.transceive(bytearray.fromhex("9060000000"))
        assert hardware[:2].hex() == "0401" and hardware[-2:].hex() == "91af"
        tag.transceive(bytearray.fromhex("90af000000"))
        last = tag.transceive(bytearray.fromhex("90af000000"))
        assert last[:7].hex().upper() == "04A2B3C4D5E6F7" and last[-2:].hex() == "9100"


def test_it_reads_a_card_that_signs_each_reading(device: Any, control: Path) -> None:
    with presented(device, control, "sun-plain:00000000000000000000000000000000@041E3C8A2D6B80#6=https://a.b/c") as tag:
        (record,) = tag.ndef.records
        assert record.iri == "https://a.b/c?uid=041E3C8A2D6B80&ctr=000006&cmac=4B00064004B0B3D3"


def test_it_closes_opens_and_reads_again(chip: SimulatedPn532, control: Path) -> None:
    """Closing puts the chip to sleep; it must wake for the next who comes (nfcpy#186)."""
    ask(control, {"present": {"uid": "11223344"}, "hold_s": None})
    for _ in range(2):
        device = nfc.clf.pn532.init(nfc.clf.transport.TTY(chip.tty))
        assert sense(device).sdd_res.hex() == "11223344"
        device.close()


def test_both_drivers_read_the_same_card(control: Path) -> None:
    """Our reader waits for cards on the port; when it is done, nfcpy takes over the same chip's sibling and agrees."""
    uid = "04A2B3C4D5E6F7"
    with simulated(control) as reader:
        ask(control, {"present": {"uid": uid}, "hold_s": 0.3})
        reader.wait_gone()
    chip = SimulatedPn532(control, time.monotonic)
    chip.start()
    try:
        ask(control, {"present": {"uid": uid}, "hold_s": None})
        device = nfc.clf.pn532.init(nfc.clf.transport.TTY(chip.tty))
        assert sense(device).sdd_res.hex().upper() == reader.reads[0].value
        device.close()
    finally:
        chip.stop()
