"""What a person can write wrong in a demo's own configuration files: a code, what to do, exit status 2, and no traceback."""

from __future__ import annotations

import gzip
import subprocess
import sys
import tomllib
from collections.abc import Callable
from functools import reduce
from pathlib import Path

import pytest
import tomli_w
from click.testing import CliRunner

import edge.broker.__main__
import edge.hq.__main__
import edge.hub.__main__
import kiosk.__main__
from edge.demo import configs, credentials
from edge.demo.layout import Layout, ports_from
from edge.hub.sales.judge import Rules
from edge.hub.sales.read_file import FileUnread, read_rows
from edge.process.errors import OperatorError
from edge.process.ids import SystemIds
from tests.support.demo import five_free_ports
from tests.support.parts import ROOT
from tests.support.sales import LONDON, Row, write_csv

RUN = {"kiosk": ["kiosk"], "hub": ["edge.hub", "run"], "hq": ["edge.hq", "run"], "broker": ["edge.broker", "run"]}
MAINS = {
    "kiosk": kiosk.__main__.main,
    "hub": edge.hub.__main__.main,
    "hq": edge.hq.__main__.main,
    "broker": edge.broker.__main__.main,
}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A demo's folder as `shopbell demo` makes it, nothing started."""
    made = Layout(tmp_path / "demo")
    made.make()
    credentials.make_missing(made, SystemIds())
    configs.write_all(made, ports_from(five_free_ports()), "mosquitto")
    return made


def written(layout: Layout, process: str, path: str, value: object) -> Path:
    """The process's file with one value changed, `None`: taken out. `{folder}` in a text becomes the demo's folder."""
    file = layout.config(process)
    content = tomllib.loads(file.read_text())
    *sections, key = path.split(".")
    place = reduce(lambda inner, name: inner[name], sections, content)
    if value is None:
        del place[key]
    else:
        place[key] = value.format(folder=layout.folder) if isinstance(value, str) else value
    file.write_text(tomli_w.dumps(content))
    return file


def python(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=40, check=False)


def refused(done: subprocess.CompletedProcess[str], code: str) -> None:
    assert "Traceback" not in done.stdout + done.stderr
    last = [line for line in done.stderr.strip().splitlines() if not line.startswith("{")][-2:]  # beside the log's lines
    assert (done.returncode, last[0].split(":")[0]) == (2, code), done.stderr
    assert last[1].startswith("  -> ") and last[1].endswith((".", "?", '"'))


WRONG = [
    ("kiosk", "hub.url", "http://[", "config_hub_url"),
    ("kiosk", "hub.url", "http://127.0.0.1:99999", "config_hub_url"),
    ("kiosk", "hub.url", "http://a b/", "config_hub_url"),
    ("hub", "hq.url", "http://[", "config_invalid"),
    ("hub", "hq.url", "headquarters", "config_invalid"),
    ("hub", "broker.ws_url", "http://127.0.0.1", "config_invalid"),
    ("hub", "timezone", "Europe", "config_invalid"),
    ("hub", "data_dir", "", "config_invalid"),
    ("hub", "web.host", "", "config_invalid"),
    ("hub", "accounts.admin_password_file", None, "config_invalid"),
    ("hq", "web.host", "", "config_invalid"),
    ("hq", "stores", [], "config_invalid"),
    ("broker", "broker.host", "", "config_invalid"),
    ("broker", "broker.porx", 1883, "config_unknown_key"),
]


@pytest.mark.parametrize(("process", "path", "value", "code"), WRONG)
def test_a_wrong_value_is_named_before_anything_starts(layout: Layout, process: str, path: str, value: object, code: str) -> None:
    file = written(layout, process, path, value)
    done = CliRunner().invoke(MAINS[process], ["check-config", str(file)])
    told = str(done.exception) if isinstance(done.exception, OperatorError) else done.output  # HQ tells it one level higher
    assert done.exit_code != 0 and isinstance(done.exception, SystemExit | OperatorError)
    assert told.startswith(f"{code}: ") and "\n  -> " in told


@pytest.mark.parametrize("process", list(RUN))
def test_the_demos_own_files_are_good(layout: Layout, process: str) -> None:
    done = CliRunner().invoke(MAINS[process], ["check-config", str(layout.config(process))])
    assert done.exit_code == 0, done.output
    taken = python(*RUN[process], "--config", layout.config("missing"))
    refused(taken, "config_missing")


@pytest.mark.parametrize(
    ("process", "path", "value", "code"),
    [
        ("hub", "web.host", "Ä/..#", "address_unusable"),
        ("hq", "web.host", "Ä/..#", "address_unusable"),
        ("broker", "broker.host", "Ä/..#", "address_unusable"),
        ("broker", "broker.data_dir", "{folder}/config/hub.toml", "config_unusable"),
        ("hub", "data_dir", "{folder}/config/hub.toml", "store_unavailable"),
        ("kiosk", "data_dir", "{folder}/config/hub.toml", "store_unavailable"),
        ("hq", "database.url", "sqlite:///{folder}", "store_unavailable"),
        ("hq", "database.url", "sqlite:///{folder}/config/hub.toml", "store_damaged"),
    ],
)
def test_what_shows_only_at_the_start(layout: Layout, process: str, path: str, value: str, code: str) -> None:
    refused(python(*RUN[process], "--config", written(layout, process, path, value)), code)


@pytest.mark.parametrize("folder", ["taken", "taken/below"])
def test_a_demo_in_a_folder_that_is_none(tmp_path: Path, folder: str) -> None:
    (tmp_path / "taken").write_text("somebody's")
    done = python("edge.demo", "--json", "--dir", tmp_path / folder, "--ports-from", five_free_ports())
    refused(done, "demo_folder_unusable")
    assert (tmp_path / "taken").read_text() == "somebody's"


def damaged(content: bytes) -> bytes:
    return content[:-8] + bytes(8)


@pytest.mark.parametrize(
    ("harm", "code", "rows"),
    [
        (damaged, "sales_file_damaged", 3),
        (lambda content: content + b"more", "sales_file_damaged", 3),
        (lambda content: content[:6], "sales_file_cut", 0),
        (lambda content: gzip.decompress(content), "sales_not_gzip", 0),
    ],
)
def test_a_harmed_gzip_is_told_from_a_file_that_is_none(
    tmp_path: Path, harm: Callable[[bytes], bytes], code: str, rows: int
) -> None:
    path = write_csv(tmp_path / "day.csv.gz", [Row(str(number), "A1", 1, "2.55").text for number in range(3)])
    path.write_bytes(harm(path.read_bytes()))
    read = []
    with pytest.raises(FileUnread) as told:
        for row in read_rows(path, Rules(LONDON)):
            read.append(row)
    assert (told.value.code, len(read)) == (code, rows)
    assert told.value.hint.endswith(".")
