"""Keys, tokens and passwords of one demo: made once, random, each in a file of mode 600."""

from __future__ import annotations

import os
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


def make_missing(layout: Layout, ids: Ids) -> None:
    """Write every secret that is not there yet; one that exists is never changed."""
    for name, size in _SECRETS.items():
        path = layout.secret(name)
        if not path.exists():
            write_closed(path, ids.token(size) + "\n")


def write_closed(path: Path, text: str) -> None:
    """Write a file only its owner can read, whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
