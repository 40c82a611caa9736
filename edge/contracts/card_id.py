"""Canonical card ids. `medium:value`, so that ids of different media never meet.

nfc: upper-case hex of the ISO 14443-A id (4, 7 or 10 bytes). code: text of a QR or barcode. typed: digits from the screen.
"""

from __future__ import annotations

import hmac
import re
from typing import Literal

from edge.contracts.errors import ContractError

Medium = Literal["nfc", "code", "typed"]
_NFC = re.compile(r"(?:[0-9A-F]{8}|[0-9A-F]{14}|[0-9A-F]{20})\Z")
_CODE = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,254}\Z")
TOKEN_BYTES = 16
KEY_BYTES = 32


def canonical(medium: Medium, value: str) -> str:
    """`nfc:04A2...` and the like, or ContractError `card_id_invalid`."""
    if medium == "nfc":
        value = value.upper()
    good = _NFC.match(value) if medium == "nfc" else _CODE.match(value)
    if not good:
        raise ContractError(
            "card_id_invalid", f"a card id of medium {medium}", "NFC ids are 4, 7 or 10 bytes in hex; codes are 1 to 255 ASCII."
        )
    return f"{medium}:{value}"


def card_token(key: bytes, card_id: str) -> str:
    """Keyed hash of a canonical card id: HMAC-SHA256 cut to 16 bytes, hex. The only form of a card a kiosk stores.

    key: 32 bytes, one per store, changed when a kiosk is stolen.
    """
    if len(key) != KEY_BYTES:
        raise ContractError(
            "card_key_invalid",
            "the store's card key",
            f"The key is {KEY_BYTES} random bytes, written as {2 * KEY_BYTES} hex digits.",
        )
    return hmac.digest(key, card_id.encode(), "sha256")[:TOKEN_BYTES].hex()
