"""hub.toml: what is right is read, what is wrong is said with its mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.hub import config
from edge.process.errors import OperatorError

GOOD = """
store = "main-street"
store_name = "Main Street Hardware"
data_dir = "{folder}/data"
[broker]
username = "main-street.hub.hub"
password_file = "{folder}/broker"
ws_url = "ws://127.0.0.1:9001"
[accounts]
kind = "embedded"
accounts_file = "{folder}/accounts.json"
[hq]
url = "http://127.0.0.1:8630"
token_file = "{folder}/hq"
[keys]
card_key_file = "{folder}/card"
evidence_key_file = "{folder}/evidence"
[policy]
hold_s = 20
[[kiosks]]
name = "door-1"
token_file = "{folder}/kiosk"
"""


def secret(path: Path, text: str) -> None:
    path.write_text(text + "\n")
    path.chmod(0o600)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("broker", "hq", "kiosk"):
        secret(tmp_path / name, f"secret-of-{name}")
    secret(tmp_path / "card", "01" * 32)
    secret(tmp_path / "evidence", "02" * 32)
    (tmp_path / "hub.toml").write_text(GOOD.format(folder=tmp_path))
    return tmp_path


def test_a_good_one_with_its_secrets(folder: Path) -> None:
    read = config.load(folder / "hub.toml")
    secrets = config.read_secrets(read)
    assert (read.policy.hold_s, read.policy.visit_gap_s, read.web.threads) == (20, 5400, 32)
    assert secrets.kiosk_tokens == {"secret-of-kiosk": "door-1"}
    assert secrets.card_key == b"\1" * 32
    assert "secret-of" not in repr(read)


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ("hold_s = 20", "hold_seconds = 20", "config_unknown_key", "hold_s"),
        ("hold_s = 20", "hold_s = -1", "config_invalid", "hold_s"),
        ('store = "main-street"', 'store = "Main Street"', "config_invalid", "store"),
        ("main-street.hub.hub", "main-street.kiosk.door-1", "config_invalid", "main-street.hub.hub"),
        ('kind = "embedded"', 'kind = "rabbit"', "config_invalid", "kind"),
        ("data_dir", 'timezone = "Mars/Olympus"\ndata_dir', "config_invalid", "Europe/London"),
        ("[keys]", "[keys", "config_malformed", "TOML"),
        ("[policy]", '[[kiosks]]\nname = "door-1"\ntoken_file = "x"\n[policy]', "config_invalid", "name of its own"),
    ],
)
def test_a_wrong_one_names_the_mend(folder: Path, old: str, new: str, code: str, says: str) -> None:
    path = folder / "hub.toml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(OperatorError) as refused:
        config.load(path)
    assert refused.value.code == code
    assert says in str(refused.value)


def test_kiosks_do_not_share_a_token(folder: Path) -> None:
    path = folder / "hub.toml"
    path.write_text(path.read_text() + f'[[kiosks]]\nname = "door-2"\ntoken_file = "{folder}/kiosk"\n')
    with pytest.raises(OperatorError) as refused:
        config.read_secrets(config.load(path))
    assert refused.value.code == "secret_shared"


def test_a_secret_open_to_others_is_refused(folder: Path) -> None:
    (folder / "card").chmod(0o644)
    with pytest.raises(OperatorError) as refused:
        config.read_secrets(config.load(folder / "hub.toml"))
    assert refused.value.code == "secret_too_open"
