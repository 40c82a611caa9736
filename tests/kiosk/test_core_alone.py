"""The kiosk's process with neither broker nor hub: the door works, and what is wrong is said with codes, never a traceback."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest

from tests.support.kiosk_core import NEW_UID, ROOT, KioskProcess, free_port, until, write_config


@pytest.fixture
def kiosk(tmp_path):
    made = KioskProcess(tmp_path, free_port(), f"http://127.0.0.1:{free_port()}")
    yield made
    made.kill()


def codes(kiosk):
    """Part of the kiosk -> its code."""
    return {part["part"]: part["code"] for part in json.loads(kiosk._get("/healthz"))["parts"]}


def test_alone_it_greets_records_and_says_what_is_missing(kiosk, tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        kiosk.start(parts=("reader", "records"))
        assert systemd.recv(100) == b"READY=1"
        kiosk.tap(NEW_UID)
        until(lambda: kiosk.view()["scene"] == "stranger", "welcomed")
        assert len(kiosk.waiting()) == 1
        # the screen comes first: what only IT looks at follows when the door has time for it
        told = {"reader": "ok", "broker": "broker_unreachable", "directory": "hub_unreachable"}
        until(lambda: told.items() <= codes(kiosk).items(), "health names what is missing")
        counted = b'shopbell_kiosk_visits_total{outcome="stranger"} 1.0'
        until(lambda: counted in kiosk._get("/metrics"), "the visit is counted")
        assert kiosk.terminate() == 0
        until(lambda: systemd.recv(100) == b"STOPPING=1", "the goodbye to systemd")
    assert "Traceback" not in kiosk.log.read_text()
    assert NEW_UID not in kiosk.log.read_text()


@pytest.mark.parametrize(("old", "new", "code"), [("sim:", "usb:", "misuse"), ("main-street", "Main", "config_invalid")])
def test_what_must_be_mended_first_is_said_in_words(tmp_path, old, new, code):
    path = write_config(tmp_path, reader="sim:/run/r", broker_port=1883, hub_url="http://127.0.0.1:1", screen_port=free_port())
    path.write_text(path.read_text().replace(old, new))
    assert refused(path, code)


def test_a_port_that_is_taken_is_said_in_words(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        path = write_config(tmp_path, reader="sim:/run/r", broker_port=1883, hub_url="http://127.0.0.1:1", screen_port=port)
        assert refused(path, "port_in_use")


def test_a_damaged_file_is_said_in_words(tmp_path):
    path = write_config(tmp_path, reader="sim:/run/r", broker_port=1883, hub_url="http://127.0.0.1:1", screen_port=free_port())
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "kiosk.db").write_bytes(b"SQLite format 3\x00" + b"\xaa" * 8000)
    assert refused(path, "store_damaged")


def test_a_folder_that_cannot_be_written_is_said_in_words(tmp_path):
    path = write_config(tmp_path, reader="sim:/run/r", broker_port=1883, hub_url="http://127.0.0.1:1", screen_port=free_port())
    (tmp_path / "data").write_text("a file where the folder should be")
    assert refused(path, "store_unavailable")


def refused(path, code):
    command = [sys.executable, "-m", "kiosk", "--config", str(path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in ended.stderr
    assert (ended.returncode, ended.stderr.startswith(code + ":"), ended.stdout) == (2, True, ""), ended.stderr
    return True
