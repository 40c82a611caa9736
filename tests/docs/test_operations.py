"""docs/operations.md and docs/reader.md cannot drift: every file shown there is read by its own process, whole."""

from __future__ import annotations

import configparser
import re
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from edge.broker import config as broker
from edge.hq import config as hq
from edge.hub import config as hub
from edge.process import config as process
from firmware_bridge.drivers import serial_port
from firmware_bridge.errors import BridgeError
from firmware_bridge.session import pn532_faults
from firmware_bridge.simulator.request_line import parse_request
from kiosk import config as kiosk

DOCS = Path(__file__).resolve().parents[2] / "docs"
OPERATIONS, READER, READ_CODES = ((DOCS / f"{name}.md").read_text() for name in ("operations", "reader", "codes"))
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```toml\n(.*?)```", OPERATIONS, re.DOTALL))
UNITS = dict(re.findall(r"<!-- unit: (\S+) -->\n```ini\n(.*?)```", OPERATIONS, re.DOTALL))
SHAPES: dict[str, tuple[Any, Callable[[Path], Any]]] = {
    "kiosk.toml": (kiosk.KioskConfig, kiosk.load),
    "broker.toml": (broker.BrokerConfig, broker.read_config),
    "hub.toml": (hub.HubConfig, hub.load),
    "hq.toml": (hq.HqConfig, hq.read),
}


def keys_of(shape: Any) -> Iterator[str]:
    """Every key a configuration file may have, however deep."""
    for name, annotation in typing.get_type_hints(shape).items():
        yield name
        for inner in (annotation, *get_args(annotation)):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                yield from keys_of(inner)


def test_every_process_has_its_file_shown() -> None:
    assert set(FILES) == set(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
def test_the_file_shown_is_read_by_its_process(name: str, tmp_path: Path) -> None:
    shape, own_reader = SHAPES[name]
    file = tmp_path / name
    file.write_text(FILES[name])
    assert isinstance(process.load(file, shape), shape)
    assert isinstance(own_reader(file), shape)


@pytest.mark.parametrize("name", SHAPES)
def test_the_file_shown_has_every_key(name: str) -> None:
    shown = {*re.findall(r"^(?:# )?(\w+) = ", FILES[name], re.MULTILINE), *re.findall(r"^\[+(\w+)\]+", FILES[name], re.MULTILINE)}
    assert sorted(set(keys_of(SHAPES[name][0])) - shown) == []


@pytest.mark.parametrize("name", SHAPES)
def test_every_secret_named_is_explained(name: str) -> None:
    for secret in re.findall(r"/etc/shopbell/secrets/(\w+)", FILES[name]):
        assert f"| `{secret}` |" in OPERATIONS, secret


@pytest.mark.parametrize("name", UNITS)
def test_units_start_a_command_that_exists(name: str) -> None:
    unit = configparser.ConfigParser(strict=True, interpolation=None)
    unit.optionxform = str  # type: ignore[method-assign,assignment]  # configparser's own way to keep capitals
    unit.read_string(UNITS[name])
    process_name = name.removeprefix("shopbell-").removesuffix(".service")
    assert f"shopbell {process_name}" in unit["Service"]["ExecStart"]
    assert unit["Service"]["Type"] == "notify"
    assert f"/etc/shopbell/{process_name}.toml" in unit["Service"]["ExecStart"]


def test_the_kiosks_unit_has_every_group_its_devices_ask_for() -> None:
    asked = {*re.findall(r"group `(\w+)`", READER + READ_CODES), "gpio"}
    assert asked == {"dialout", "input", "video", "gpio"}
    [groups] = re.findall(r"^SupplementaryGroups=(.*)$", UNITS["shopbell-kiosk.service"], re.MULTILINE)
    assert set(groups.split()) == asked


def test_every_code_of_a_reader_is_explained() -> None:
    found = [thing for module in (serial_port, pn532_faults) for thing in vars(module).values()]
    own = [t for t in found if isinstance(t, type) and issubclass(t, BridgeError) and t.__module__.endswith(("port", "faults"))]
    codes = {error.code for error in own}
    assert len(codes) >= 9
    assert sorted(code for code in codes if f"| `{code}` |" not in READER) == []


def test_every_line_shown_for_the_simulator_is_understood() -> None:
    lines = re.findall(r"`(\{\"(?:present|remove|fault|script|timing|status)\".*?\})`", READER)
    assert len(lines) >= 8
    for line in lines:
        parse_request(line.encode())
