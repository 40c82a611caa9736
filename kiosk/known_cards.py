"""Whether the directory holds a card: asked by the reader the moment a card comes, so that its owner waits for nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from edge.contracts.card_id import canonical, card_token
from edge.contracts.errors import ContractError
from kiosk.records.directory import Directory


def nfc_known(directory: Directory, card_key: bytes) -> Callable[[str], bool]:
    """From an NFC id in hex to whether this kiosk knows the card, blocked ones too. Any thread; some tens of microseconds.

    A directory that cannot be read knows nobody: the tap itself then says what is wrong.
    """

    def known(value: str) -> bool:
        try:
            found = directory.find(card_token(card_key, canonical("nfc", value)))
        except (ContractError, sqlite3.Error):
            return False
        return found is not None and found.state != "gone"

    return known
