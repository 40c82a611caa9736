"""The command as a person uses it: real process, real files, exit status, report, no traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.parts import ROOT
from tests.support.sales import MADE_UP, Row, write_csv

CONFIG = """
store = "main-street"
store_name = "Test store"
data_dir = "{folder}"
[broker]
username = "main-street.hub.hub"
password_file = "none"
ws_url = "ws://127.0.0.1:1/"
[accounts]
kind = "embedded"
[keys]
card_key_file = "none"
evidence_key_file = "none"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "hub.toml"
    path.write_text(CONFIG.format(folder=tmp_path / "data"))
    return path


def hub(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge.hub", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr + done.stdout
    return done


def test_the_report_as_json_and_as_text(config: Path) -> None:
    done = hub("import-sales", "--config", config, "--json", "--demo-cards", config.parent / "cards.json", MADE_UP)
    report = json.loads(done.stdout)
    assert done.returncode == 1, "some rows need a person"
    assert report["read"]["rows"] == 33 and Decimal(report["read"]["money"]) == sum(
        Decimal(report[bucket]["money"]) for bucket in ("stored", "already_there", "set_aside", "refused")
    )
    assert json.loads((config.parent / "cards.json").read_text())["17850"].startswith("nfc:04")
    assert Path(report["reject_file"]).read_text().count("\n") == 10
    again = hub("import-sales", "--config", config, MADE_UP)
    assert "already there" in again.stdout and again.stderr == "import-sales: 1 of 1 files, 33 rows\n"


def test_a_clean_file_is_status_0_and_trouble_with_one_file_keeps_no_other_out(config: Path, tmp_path: Path) -> None:
    good = write_csv(tmp_path / "good.csv.gz", [Row("1", "A1", 1, "2.55").text])
    assert hub("import-sales", "--config", config, good).returncode == 0
    bad = write_csv(tmp_path / "bad.csv", ["1,2"], header="a,b")
    more = write_csv(tmp_path / "more.csv", [Row("2", "A1", 1, "2.55").text])
    done = hub("import-sales", "--config", config, "--json", bad, tmp_path / "missing.csv", more)
    report = json.loads(done.stdout)
    assert (done.returncode, report["stored"]["rows"]) == (1, 1)
    assert [trouble["code"] for trouble in report["troubles"]] == ["sales_columns_wrong", "sales_file_missing"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["import-sales", "--source", "Till 1", str(MADE_UP)], "name_invalid"),
        (["load-store", "missing.json"], "pack_missing"),
    ],
)
def test_what_cannot_be_done_at_all_is_status_2_with_code_and_hint(config: Path, arguments: list[str], code: str) -> None:
    done = hub(*arguments, "--config", config)
    assert done.returncode == 2
    assert done.stderr.startswith(f"{code}: ") and "\n  -> " in done.stderr


def test_a_configuration_that_is_missing(tmp_path: Path) -> None:
    for command in ("import-sales", "load-store"):
        done = hub(command, "--config", tmp_path / "none.toml", "x")
        assert done.returncode == 2 and done.stderr.startswith("config_missing")
