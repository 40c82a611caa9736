"""Every code a device at the door can be ill with has its words, once, and those are what the kiosk's health says."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

import firmware_bridge
from firmware_bridge import errors
from firmware_bridge.errors import BridgeError, NotAReader, ReaderGone
from firmware_bridge.remedies import REMEDIES, Remedy, mend
from firmware_bridge.session.board_memory import CHIP_DOWN
from kiosk.devices.camera_faults import CAMERA_REMEDIES

# Not at the door: what a simulated device says of itself.
PLAYED = ("firmware_bridge.simulator.",)
EVERY = {**REMEDIES, **CAMERA_REMEDIES}


def kinds(of: type[BridgeError]) -> set[type[BridgeError]]:
    """A class and all below it, in every module of the bridge."""
    for module in pkgutil.walk_packages(firmware_bridge.__path__, "firmware_bridge."):
        if ".board." not in module.name and not module.name.endswith("__main__"):  # the firmware is MicroPython's
            importlib.import_module(module.name)
    found, more = {of}, [of]
    while more:
        below = set(more.pop().__subclasses__()) - found
        found |= below
        more += below
    return found


def test_every_fault_of_a_device_has_its_words() -> None:
    faults = {kind for base in (ReaderGone, NotAReader) for kind in kinds(base) if not kind.__module__.startswith(PLAYED)}
    codes = {kind.code for kind in faults} | set(CHIP_DOWN.values())
    assert len(codes) >= 22
    assert sorted(codes - set(REMEDIES)) == []


def test_every_code_of_the_errors_file_has_its_words() -> None:
    own = {thing.code for thing in vars(errors).values() if isinstance(thing, type) and issubclass(thing, BridgeError)}
    assert {"bridge", "frame_bad", "misuse", "reader_gone", "not_a_reader"} <= own <= set(REMEDIES)


def test_no_code_has_words_in_two_places() -> None:
    assert set(REMEDIES) & set(CAMERA_REMEDIES) == set()


@pytest.mark.parametrize("remedy", EVERY.values(), ids=lambda remedy: remedy.code)
def test_words_can_be_acted_on(remedy: Remedy) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", remedy.code)
    assert remedy.means[0].islower() and not remedy.means.endswith(".")
    assert remedy.mend[0].isupper() and not remedy.mend.endswith(".")
    assert 10 <= len(remedy.mend) <= 320, "a technician reads it standing"


def test_an_error_says_what_the_table_says() -> None:
    assert ReaderGone("trying").hint == mend("reader_gone")
    assert ReaderGone("trying", here="It is here").hint == mend("reader_gone") + ". It is here"
    assert ReaderGone("trying", "Do this").hint == "Do this"
