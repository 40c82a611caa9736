"""One file, bounds at the value, and every mistake named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edge.process.errors import OperatorError
from kiosk import config
from tests.support.kiosk_core import write_config

ROOT = Path(__file__).resolve().parents[2]


def loaded(tmp_path, old="", new=""):
    path = write_config(
        tmp_path, reader="sim:/run/reader.sock", broker_port=1883, hub_url="http://127.0.0.1:8602", screen_port=8601
    )
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return config.load(path)


def test_a_good_file(tmp_path):
    good = loaded(tmp_path)
    assert (good.store, good.kiosk, good.policy.repeat_window_s, good.policy.outbox_max, good.signals.enabled) == (
        "main-street",
        "door-1",
        600,
        20_000,
        False,
    )
    secrets = config.load_secrets(good)
    assert len(secrets.card_key) == 32
    assert secrets.hub_token not in repr(secrets)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('store = "main-street"', 'store = "Main Street"', "config_invalid"),
        ('kiosk = "door-1"\n', "", "config_invalid"),
        ("[policy]\n", '[policy]\n[signals]\nenabled = true\nat = "board"\n', "config_signals_board"),
        ("[policy]\n", '[policy]\n[signals]\nenabled = false\nat = "board"\n', None),
        ('host = "127.0.0.1"\nport = 8601', 'host = "0.0.0.0"\nport = 8601', "config_screen_not_loopback"),
        ('host = "127.0.0.1"\nport = 8601', 'host = "kiosk.example"\nport = 8601', "config_screen_not_loopback"),
        ('host = "127.0.0.1"\nport = 8601', 'host = "::1"\nport = 8601', None),
        ('host = "127.0.0.1"\nport = 8601', 'host = "localhost"\nport = 8601', None),
        ("port = 8601", "port = 70000", "config_invalid"),
        ("[reader]", "[raeder]", "config_unknown_key"),
        ("[policy]", "[policy]\noutbox_max = 0", "config_invalid"),
        ("[policy]", "[policy]\nnot_today_armed_s = 1", "config_invalid"),
        ("[policy]", "[policy]\nrepeat_windows_s = 5", "config_unknown_key"),
        ('language = "en"', 'language = "xx"', "config_invalid"),
        ("http://127.0.0.1:8602", "ftp://hub", "config_hub_url"),
        ("http://127.0.0.1:8602", "http://user:secret@hub", "config_hub_url"),
        ("[policy]", '[signals]\npin_factory = "magic"\n[policy]', "config_invalid"),
        ("[policy]", "[policy", "config_malformed"),
        ("[policy]", '[scanner]\nname = "scan-1"\nport = "keys:/dev/input/event3"\nlayout = "de"\n[policy]', None),
        ("[policy]", '[scanner]\nname = "scan-1"\nport = "/dev/ttyACM0"\nlayout = "fr"\n[policy]', "config_invalid"),
        ("[policy]", '[scanner]\nname = "scan-1"\n[policy]', "config_invalid"),
        ("[policy]", '[codes]\nmember_prefixes = ["2099", "(8018)"]\n[policy]', None),
        ("[policy]", '[codes]\nmember_prefixes = ["8018x"]\n[policy]', "config_invalid"),
        ("[policy]", '[codes]\nmember_prefix = ["20"]\n[policy]', "config_unknown_key"),
    ],
)
def test_mistakes(tmp_path, old, new, code):
    if code is None:
        loaded(tmp_path, old, new)
        return
    with pytest.raises(OperatorError) as caught:
        loaded(tmp_path, old, new)
    assert caught.value.code == code
    assert caught.value.hint


def check(path):
    return subprocess.run(
        [sys.executable, "-m", "kiosk", "check-config", str(path)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )


def test_the_command_says_what_is_wrong_without_a_traceback(tmp_path):
    path = write_config(tmp_path, reader="sim:/run/r.sock", broker_port=1883, hub_url="http://127.0.0.1:8602", screen_port=8601)
    good = check(path)
    assert (good.returncode, good.stderr) == (0, "")
    (tmp_path / "hub.token").chmod(0o644)
    bad = check(path)
    assert bad.returncode == 2
    assert "secret_too_open" in bad.stderr
    assert "Traceback" not in bad.stderr
    missing = check(tmp_path / "nothing.toml")
    assert (missing.returncode, "config_missing" in missing.stderr) == (2, True)
