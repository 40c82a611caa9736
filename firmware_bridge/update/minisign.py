"""Signatures in minisign's format (jedisct1/minisign, "Signature format"): Ed25519 over the BLAKE2b-512 of a file, and a
second one over signature and trusted comment. Pure.

Only the prehashed kind ("ED") is taken. The signatures themselves are verified by `cryptography`, that is OpenSSL, which refuses
an S that is not below the order of the group; so a signature cannot be turned into another one that holds as well.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from firmware_bridge.errors import FrameError

_KEY, _PREHASHED = b"Ed", b"ED"
_ID, _SIGNATURE, _PUBLIC = 8, 64, 32
_UNTRUSTED, _TRUSTED = "untrusted comment: ", "trusted comment: "
# minisign itself allows 8 KB; ours are some hundred bytes.
_MOST_TEXT = 4096


class SignatureBad(FrameError):
    """The signature does not hold, or is none. code: signature_format, signature_key or signature_wrong."""

    def __init__(self, code: str, tried: str, hint: str) -> None:
        self.code = code
        super().__init__(tried, hint)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """key_id: 8 bytes that say which key; public: 32 bytes."""

    key_id: bytes
    public: bytes

    @property
    def text(self) -> str:
        """As in a `.pub` file."""
        encoded = base64.b64encode(_KEY + self.key_id + self.public).decode()
        return f"{_UNTRUSTED}minisign public key {self.key_id[::-1].hex().upper()}\n{encoded}\n"


def parse_public_key(text: str) -> PublicKey:
    """A `.pub` file, or its second line alone. Raises SignatureBad."""
    lines = text.strip().splitlines()
    data = _decoded(lines[-1] if lines else "", len(_KEY) + _ID + _PUBLIC, _no_key)
    if data[:2] != _KEY or len(lines) > 2:
        raise _no_key()
    return PublicKey(data[2:10], data[10:])


def verify(data: bytes, signature: str, key: PublicKey) -> str:
    """The trusted comment, if `signature` (text of a `.minisig` file) holds for `data` under `key`. Raises SignatureBad."""
    lines = signature.split("\n")
    if len(signature) > _MOST_TEXT or len(lines) != 5 or lines[4]:
        raise _format()
    if not lines[0].startswith(_UNTRUSTED) or not lines[2].startswith(_TRUSTED):
        raise _format()
    first = _decoded(lines[1], len(_PREHASHED) + _ID + _SIGNATURE, _format)
    whole = _decoded(lines[3], _SIGNATURE, _format)
    comment = lines[2].removeprefix(_TRUSTED)
    if first[:2] != _PREHASHED:
        raise _format()
    if first[2:10] != key.key_id:
        raise SignatureBad(
            "signature_key",
            "checking a signature made with another key",
            "Take the image for these boards, or name the right key",
        )
    public = Ed25519PublicKey.from_public_bytes(key.public)
    _hold(public, first[10:], hashlib.blake2b(data).digest())
    _hold(public, whole, first[10:] + comment.encode())
    return comment


def sign(data: bytes, comment: str, key: Ed25519PrivateKey, key_id: bytes) -> str:
    """Text of the `.minisig` file for `data`. comment: one line, trusted once the signature holds."""
    signature = key.sign(hashlib.blake2b(data).digest())
    whole = key.sign(signature + comment.encode())
    first = base64.b64encode(_PREHASHED + key_id + signature).decode()
    return f"{_UNTRUSTED}firmware of a Shopbell reader board\n{first}\n{_TRUSTED}{comment}\n{base64.b64encode(whole).decode()}\n"


def public_key(key: Ed25519PrivateKey) -> PublicKey:
    """The public half. Its id is taken from the key itself, so one key has one id."""
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return PublicKey(hashlib.blake2b(public).digest()[:_ID], public)


def _hold(public: Ed25519PublicKey, signature: bytes, message: bytes) -> None:
    try:
        public.verify(signature, message)
    except InvalidSignature:
        raise SignatureBad(
            "signature_wrong", "checking who made this image", "It was changed on its way; fetch image and signature again"
        ) from None


def _decoded(text: str, size: int, error: Callable[[], SignatureBad]) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    # A second spelling of the same bytes is refused, so that no bit of the file can be changed unnoticed.
    if len(data) != size or base64.b64encode(data).decode() != text:
        raise error()
    return data


def _format() -> SignatureBad:
    return SignatureBad("signature_format", "reading a signature", "Give the .minisig file that came with the image, unchanged")


def _no_key() -> SignatureBad:
    return SignatureBad("signature_key", "reading a public key", "Give minisign's .pub file, or its second line")
