"""Pure. A key of its own for each card, made from a master key and the card's id (UID), so that one opened card opens no other.

`an10922`: NXP's AN10922 for AES-128. `slots`: HMAC-SHA256 and CMAC as the public sdm-backend has it since January 2023, for
cards that were written with it. `same`: one key for all cards, which the published vectors and some ready-made cards use.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal

from edge.hub.proof import aes

Scheme = Literal["an10922", "slots", "same"]
KEY_BYTES = 16
UID_BYTES = 7
# AN10922 section 2.2: one constant byte, at most 31 bytes of input, padded to two blocks.
_AES128_CONSTANT = b"\x01"
AN10922_MOST = 31
_FILE_KEY_NUMBER = 2  # the slot whose key sdm-backend lets cards sign with


def an10922(master: bytes, data: bytes) -> bytes:
    """The 16-byte key for `data` (1 to 31 bytes, usually UID, application id and a system's name). master: 16 bytes."""
    if not 1 <= len(data) <= AN10922_MOST:
        raise ValueError("AN10922 takes 1 to 31 bytes")
    first = _doubled(aes.block(master, bytes(aes.BLOCK)))
    message = _AES128_CONSTANT + data
    whole = len(message) == 2 * aes.BLOCK
    mask = first if whole else _doubled(first)
    padded = message if whole else (message + b"\x80").ljust(2 * aes.BLOCK, b"\0")
    last = bytes(a ^ b for a, b in zip(padded[aes.BLOCK :], mask, strict=True))
    return aes.cbc_encrypt(master, bytes(aes.BLOCK), padded[: aes.BLOCK] + last)[aes.BLOCK :]


def slot_key(master: bytes, uid: bytes, slot: int = _FILE_KEY_NUMBER) -> bytes:
    """The key in one slot of the card with this UID. master: any length; sdm-backend takes 16 or 32 bytes."""
    slot_master = _hmac(master, b"SlotMasterKey" + bytes([slot]))[:KEY_BYTES]
    base = _hmac(_hmac(master, b"DivBaseKey"), uid)[:KEY_BYTES]
    return aes.cmac(slot_master, b"\x01" + base)


def slots_meta_key(master: bytes) -> bytes:
    """The key that opens the card's id: the same for all cards, since the id is not known before."""
    return _hmac(master, b"PICCDataKey")[:KEY_BYTES]


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _doubled(value: bytes) -> bytes:
    """Multiplication by x in GF(2^128), which makes the sub-keys of CMAC."""
    number = int.from_bytes(value) << 1
    if number >> 128:
        number ^= (1 << 128) | 0x87
    return number.to_bytes(aes.BLOCK)
