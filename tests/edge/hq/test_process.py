"""HQ as its own process: starts, answers, ends cleanly; and what it says when something is not right."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from edge.hq import config as configuration
from edge.hq.store import parked
from edge.hq.store.database import open_database
from edge.hq.store.schema import migrate
from edge.process.errors import OperatorError
from tests.support import hq

ROOT = Path(__file__).resolve().parents[3]
READY_S = 60
HTTP = urllib3.PoolManager(timeout=10, retries=False)


def _secret(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A good hq.toml with SQLite, any free port and one store."""
    text = f"""
data_dir = "{tmp_path}/data"
[web]
port = 0
[console]
username = "{hq.USERNAME}"
password_file = "{_secret(tmp_path, "password", hq.PASSWORD)}"
[[stores]]
name = "{hq.STORE}"
display_name = "Main Street"
token_file = "{_secret(tmp_path, "token", hq.TOKENS[hq.STORE])}"
"""
    path = tmp_path / "hq.toml"
    path.write_text(text)
    return path


def _hq(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge.hq", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=READY_S, check=False)


@contextlib.contextmanager
def _running(file: Path, log: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The process and its address, once it answers."""
    with log.open("wb") as errors:
        command = [sys.executable, "-m", "edge.hq", "run", "--config", str(file)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors)
    try:
        yield process, _address(process, log)
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and process.poll() is None:
        told = re.search(r'"port": (\d+)', log.read_text())
        if told:
            return f"http://127.0.0.1:{told.group(1)}"
        time.sleep(0.05)
    raise AssertionError(log.read_text())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_answers_and_ends_cleanly(file: Path, tmp_path: Path, number: signal.Signals) -> None:
    log = tmp_path / "log"
    now = hq.ManualClock().now()
    with _running(file, log) as (process, address):
        assert HTTP.request("GET", f"{address}/healthz").json()["state"] == "well"
        body = hq.batch(hq.fact(1, hq.visit(1, now), now))
        assert HTTP.request("POST", f"{address}/api/v1/facts", body=body, headers=hq.bearer()).json() == {
            "results": [{"id": "fact-000001", "result": "new"}]
        }
        process.send_signal(number)
        assert process.wait(READY_S) == 0
        assert process.stdout is not None and process.stdout.read() == b""
    assert '"event": "stopped"' in log.read_text() and "Traceback" not in log.read_text()


def test_what_it_answered_survives_being_killed(file: Path, tmp_path: Path) -> None:
    now = hq.ManualClock().now()
    body = hq.batch(*(hq.fact(n, hq.visit(n, now), now) for n in range(50)))
    for wanted in ("new", "duplicate"):
        with _running(file, tmp_path / f"log-{wanted}") as (process, address):
            reply = HTTP.request("POST", f"{address}/api/v1/facts", body=body, headers=hq.bearer()).json()
            os.kill(process.pid, signal.SIGKILL)
        assert {result["result"] for result in reply["results"]} == {wanted}


def test_a_taken_port_is_said_without_a_traceback(file: Path, tmp_path: Path) -> None:
    with _running(file, tmp_path / "log") as (_, address):
        second = tmp_path / "second.toml"
        second.write_text(file.read_text().replace("port = 0", f"port = {address.rpartition(':')[2]}").replace("/data", "/data2"))
        result = _hq("run", "--config", second)
    assert result.returncode == 2
    assert "port_in_use" in result.stderr and "Traceback" not in result.stderr


def test_a_good_configuration_is_called_good_and_nothing_is_opened(file: Path, tmp_path: Path) -> None:
    result = _hq("check-config", file)
    assert (result.returncode, result.stderr) == (0, "")
    assert "good; 1 store(s)" in result.stdout
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("[console]", "[consol]", "config_unknown_key"),
        ('username = "head-office"', "username = 7", "config_invalid"),
        ("port = 0", "port = 70000", "config_invalid"),
        ('name = "main-street"', 'name = "Main Street"', "config_invalid"),
        ('name = "main-street"', 'name = "main-street"\ncolour = "red"', "config_invalid"),
        ("port = 0", "port = 0\nport = 1", "config_malformed"),
        ("/token", "/no-token", "secret_missing"),
        ("[web]", '[database]\nurl = "sqlite:///a"\nurl_file = "b"\n[web]', "config_invalid"),
    ],
)
def test_a_mistake_in_the_configuration_is_named(file: Path, old: str, new: str, code: str) -> None:
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(OperatorError) as caught:
        _checked(file)
    assert caught.value.code == code and caught.value.hint


def _checked(file: Path) -> None:
    from edge.hq import wiring

    wiring.check_secrets(configuration.read(file))


def test_a_mistake_ends_the_process_with_words_and_code_2(tmp_path: Path) -> None:
    result = _hq("run", "--config", tmp_path / "nowhere.toml")
    assert result.returncode == 2
    assert "config_missing" in result.stderr and "->" in result.stderr and "Traceback" not in result.stderr


def test_two_stores_of_one_name_or_one_token_are_refused(file: Path, tmp_path: Path) -> None:
    store = '[[stores]]\nname = "{}"\ndisplay_name = "Again"\ntoken_file = "{}"\n'
    good = file.read_text()
    for again in (store.format(hq.STORE, tmp_path / "token"), store.format(hq.OTHER, tmp_path / "token")):
        file.write_text(good + again)
        with pytest.raises(OperatorError) as caught:
            _checked(file)
        assert caught.value.code == "config_invalid"


def test_a_password_file_may_hold_the_hash(file: Path, tmp_path: Path) -> None:
    from argon2 import PasswordHasher

    _secret(tmp_path, "password", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(hq.PASSWORD))
    _checked(file)
    _secret(tmp_path, "password", "$argon2id$broken")
    with pytest.raises(OperatorError) as caught:
        _checked(file)
    assert caught.value.code == "secret_malformed"


def test_parked_items_are_listed_and_resent_without_showing_their_content(file: Path, tmp_path: Path) -> None:
    assert "schema" in _hq("migrate", "--config", file).stdout
    database = open_database(f"sqlite:///{tmp_path}/data/hq.db")
    migrate(database)
    hq.send(database, b'{"id":"bad","name":"Maria"}')
    assert parked.count(database) == {hq.STORE: 1}
    database.close()
    listed = _hq("parked", "list", "--config", file)
    assert "malformed" in listed.stdout and "Maria" not in listed.stdout
    assert "still refused 1" in _hq("parked", "resend", "--config", file).stdout


def test_a_database_that_is_away_is_said_without_a_traceback(file: Path) -> None:
    file.write_text(file.read_text().replace("[web]", '[database]\nurl = "postgresql+psycopg://u:hush@127.0.0.1:1/x"\n[web]'))
    result = _hq("migrate", "--config", file)
    assert result.returncode == 2 and "database_unavailable" in result.stderr
    assert "hush" not in result.stderr and "Traceback" not in result.stderr
