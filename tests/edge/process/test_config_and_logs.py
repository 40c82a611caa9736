"""What every process shares: configuration that tells the nearest key, secrets that are closed, logs that name nobody, health."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from edge.process.clock import ManualClock, SystemClock
from edge.process.config import load, read_key, read_secret
from edge.process.errors import OperatorError
from edge.process.health import Health
from edge.process.ids import CountingIds, SystemIds
from edge.process.logs import REDACTED, redact


class Door(Struct, frozen=True):
    name: str


class Web(Struct, frozen=True):
    port: Annotated[int, Meta(ge=1, le=65535)] = 80


class Shape(Struct, frozen=True):
    store: str
    web: Web = Web()
    doors: list[Door] = []


def written(folder: Path, text: str) -> Path:
    path = folder / "process.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ('stor = "a"', "config_unknown_key", "Did you mean store?"),
        ('store = "a"\n[web]\nprt = 1', "config_unknown_key", "Did you mean web.port?"),
        ('store = "a"\n[[doors]]\nname = "x"\n[[doors]]\nnme = "y"', "config_unknown_key", "Did you mean doors.name?"),
        ('store = "a"\nzzz = 1', "config_unknown_key", "Known keys here"),
        ('store = "a"\n[web]\nport = 0', "config_invalid", "port"),
        ('store = "a"\n[web]\nport = "80"', "config_invalid", "port"),
        ("store = 1", "config_invalid", "store"),
        ("", "config_invalid", "store"),
        ("store = ", "config_malformed", "TOML"),
    ],
)
def test_a_mistake_names_key_and_mend(tmp_path: Path, text: str, code: str, said: str) -> None:
    with pytest.raises(OperatorError) as refused:
        load(written(tmp_path, text), Shape)
    assert refused.value.code == code
    assert said in str(refused.value)


def test_a_good_file_is_read_and_a_missing_one_is_told(tmp_path: Path) -> None:
    good = 'store = "a"\n[web]\nport = 8080\n[[doors]]\nname = "x"'
    assert load(written(tmp_path, good), Shape) == Shape("a", Web(8080), [Door("x")])
    with pytest.raises(OperatorError) as refused:
        load(tmp_path / "none.toml", Shape)
    assert refused.value.code == "config_missing"


@given(st.binary(max_size=200))
def test_any_bytes_as_configuration_give_a_sentence(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "any.toml"
    path.write_bytes(content)
    with pytest.raises(OperatorError) as refused:
        load(path, Shape)
    assert refused.value.code.startswith("config_") and refused.value.hint


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644, 0o660])
def test_a_secret_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret"
    path.write_text("open sesame\n")
    path.chmod(mode)
    with pytest.raises(OperatorError) as refused:
        read_secret(str(path))
    assert refused.value.code == "secret_too_open" and "sesame" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "code"), [("", "secret_empty"), ("\nsecond line\n", "secret_empty"), ("é\n", "secret_unreadable")]
)
def test_a_secret_that_is_none(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "secret"
    path.touch(0o600)
    path.write_text(text)
    with pytest.raises(OperatorError) as refused:
        read_secret(str(path))
    assert refused.value.code == code


@pytest.mark.parametrize(("text", "fits"), [("00" * 32, True), ("00" * 31, False), ("zz" * 32, False)])
def test_a_key_has_its_length(tmp_path: Path, text: str, fits: bool) -> None:
    path = tmp_path / "key"
    path.touch(0o600)
    path.write_text(text + "\n")
    if fits:
        assert read_key(str(path), 32) == bytes(32)
        return
    with pytest.raises(OperatorError) as refused:
        read_key(str(path), 32)
    assert refused.value.code == "secret_malformed" and text not in str(refused.value)


@pytest.mark.parametrize(
    "personal",
    [
        "nfc:04A2B3C4D5E680",
        "code:KR-MARIA",
        "typed:17850",
        "04A2B3C4D5E680",
        "maria@example.com",
        "+44 20 7946 0958",
        "020 79460958",
    ],
)
@given(before=st.sampled_from(["", "read ", "card="]), after=st.sampled_from(["", " twice", "."]))
def test_what_could_name_somebody_never_leaves_in_a_text(personal: str, before: str, after: str) -> None:
    event = redact(None, "info", {"event": "x", "said": before + personal + after})
    assert personal not in event["said"] and REDACTED in event["said"]


@pytest.mark.parametrize("field", ["name", "card_id", "uid", "pin", "password", "token", "text", "evidence", "email", "phone"])
def test_fields_that_hold_people_or_secrets_are_emptied(field: str) -> None:
    assert redact(None, "info", {"event": "x", field: "anything"})[field] == REDACTED


@pytest.mark.parametrize("kept", ["01936f3e-0000-7000-8000-000000000001", "arrival filed", "2026-11-21T20:10:32.305294Z"])
def test_ids_codes_and_times_stay_readable(kept: str) -> None:
    assert redact(None, "info", {"event": "x", "said": kept})["said"] == kept


def test_a_log_line_is_json_and_an_exception_keeps_its_text_to_itself() -> None:
    program = """
from edge.process import logs
logs.configure("hub")
log = logs.get_logger(part="test")
try:
    raise ValueError("Maria Quintero nfc:04A2B3C4D5E680")
except ValueError as error:
    log.error("failed", code="some_code", exc_info=error)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stderr
    line = json.loads(said)
    assert (line["process"], line["part"], line["code"], line["error"]) == ("hub", "test", "some_code", "ValueError")
    assert "Maria" not in said and "04A2" not in said and "Traceback" not in said


def test_logging_loads_no_console_and_leaves_it_to_others() -> None:
    """A quarter of a kiosk's start otherwise, wherever rich is installed; the demo's other commands draw with it."""
    loading = "import sys, edge.process.logs; assert 'rich' not in sys.modules; import rich.console"
    subprocess.run([sys.executable, "-c", loading], check=True, timeout=60)


def test_health_is_well_only_when_every_part_is() -> None:
    health = Health("hub", "1")
    health.well("store")
    assert health.report().state == "well"
    health.ill("broker", "broker_unreachable", "See that it runs.")
    assert (health.report().state, [part.part for part in health.report().parts]) == ("degraded", ["broker", "store"])
    health.well("broker")
    assert health.report().state == "well"


@given(st.lists(st.tuples(st.sampled_from(["advance", "jump"]), st.floats(0, 1e6)), max_size=20))
def test_a_jump_of_the_wall_clock_never_moves_durations(moves: list[tuple[str, float]]) -> None:
    clock = ManualClock()
    began, ran = clock.monotonic(), 0.0
    for move, seconds in moves:
        getattr(clock, move)(seconds)
        ran += seconds if move == "advance" else 0.0
    assert clock.monotonic() - began == pytest.approx(ran)


def test_the_machine_s_clock_rises_and_its_ids_are_new() -> None:
    clock, ids = SystemClock(), SystemIds()
    first = clock.monotonic()
    assert clock.monotonic() >= first and clock.boot() == SystemClock().boot() and clock.now().tzinfo is not None
    made = [ids.new() for _ in range(1000)]
    assert made == sorted(made) and len(set(made)) == 1000
    assert len(ids.token(16)) == 32 and ids.token() != ids.token()
    assert CountingIds().new() == CountingIds().new() != CountingIds(5).new()
