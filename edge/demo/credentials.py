"""Keys, tokens and passwords of one demo: made once, random, each in a file of mode 600."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from edge.demo.layout import Layout
from edge.process.ids import Ids

# name -> bytes of randomness, as hex
_SECRETS = {
    "card_key": 32,
    "evidence_key": 32,
    "kiosk_broker_password": 24,
    "hub_broker_password": 24,
    "broker_admin_password": 24,
    "kiosk_hub_token": 32,
    "hub_hq_token": 32,
    "hq_console_password": 6,
}
# The hub's key file; its key signs the codes of members' passes. One for cards is brought in with `shopbell hub keys import`.
PROOF_KEYS = "proof_keys.json"


def make_missing(layout: Layout, ids: Ids) -> None:
    """Write every secret that is not there yet; one that exists is never changed."""
    for name, size in _SECRETS.items():
        path = layout.secret(name)
        if not path.exists():
            write_closed(path, ids.token(size) + "\n")
    if not layout.secret(PROOF_KEYS).exists():
        _make_code_key(layout)


def _make_code_key(layout: Layout) -> None:
    # here: later starts need none of it
    from edge.hub.proof import ceremony
    from edge.hub.proof.key_file import KeyFile
    from edge.hub.proof.ring import DEFAULT_SUFFIX, KeyRing

    evidence_key = bytes.fromhex(layout.secret("evidence_key").read_text(encoding="utf-8"))
    with KeyFile(layout.secret(PROOF_KEYS), evidence_key).changing() as write:
        today = datetime.now(UTC).date()
        write(ceremony.make(KeyRing(), "code", os.urandom, today, DEFAULT_SUFFIX))


def write_closed(path: Path, text: str) -> None:
    """Write a file only its owner can read, whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
