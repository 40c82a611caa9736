"""A person at the command line of `shopbell hub keys`."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from edge.hub.__main__ import main
from edge.hub.proof.key_file import KeyFile
from edge.hub.proof.ring import KeyRing
from tests.support.brokers import secret_file
from tests.support.hub import CARD_KEY, EVIDENCE_KEY, STORE


class Ceremony:
    """A hub's configuration and a person at its command line."""

    def __init__(self, folder: Path, evidence_key: bytes = EVIDENCE_KEY, more: str = "", top: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.file = folder, folder / "proof-keys.json"
        self.config = folder / "hub.toml"
        self.evidence_key = evidence_key
        self.config.write_text(
            f"""
store = "{STORE}"
store_name = "Main Street Hardware"
data_dir = "{folder / "data"}"
{top}
[broker]
username = "{STORE}.hub.hub"
password_file = "{secret_file(folder / "broker", "word")}"
ws_url = "ws://127.0.0.1:9/mqtt"
[accounts]
kind = "embedded"
accounts_file = "{folder / "accounts"}"
[keys]
card_key_file = "{secret_file(folder / "card", CARD_KEY.hex())}"
evidence_key_file = "{secret_file(folder / "evidence", evidence_key.hex())}"
[proof]
keys_file = "{self.file}"
{more}
"""
        )

    def run(self, *words: str, typed: str | None = None) -> Result:
        command = words[0].split() if len(words) == 1 else list(words)
        return CliRunner().invoke(main, ["keys", *command, "--config", str(self.config)], input=typed)

    def ring(self) -> KeyRing:
        return KeyFile(self.file, self.evidence_key).read()
