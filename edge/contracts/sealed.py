"""Evidence: what a kiosk saw and only its hub may read, sealed with HPKE (RFC 9180: X25519, HKDF-SHA256, AES-128-GCM).

A stolen kiosk holds the public key alone, so what waits in its outbox stays closed.
"""

from __future__ import annotations

import base64
import binascii

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from msgspec import Struct

from edge.contracts.errors import ContractError

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_128_GCM)


class Evidence(Struct, frozen=True, omit_defaults=True):
    """card_id: canonical id of the card presented; proof: what a proof of the card needs, medium-specific."""

    card_id: str
    proof: str | None = None


def seal(evidence: Evidence, hub_public_key: bytes, arrival_id: str) -> str:
    """Base64 text only the hub can open, bound to this arrival. hub_public_key: 32 raw bytes."""
    box = _SUITE.encrypt(
        msgspec.json.encode(evidence), X25519PublicKey.from_public_bytes(hub_public_key), info=arrival_id.encode()
    )
    return base64.b64encode(box).decode("ascii")


def unseal(sealed: str, hub_private_key: bytes, arrival_id: str) -> Evidence:
    """The evidence, or ContractError `evidence_unopened`. hub_private_key: 32 raw bytes."""
    try:
        box = base64.b64decode(sealed, validate=True)
        plain = _SUITE.decrypt(box, X25519PrivateKey.from_private_bytes(hub_private_key), info=arrival_id.encode())
        return msgspec.json.decode(plain, type=Evidence)
    except (binascii.Error, ValueError, InvalidTag, msgspec.DecodeError):
        raise ContractError(
            "evidence_unopened", "the sealed evidence of an arrival", "Give the kiosk this hub's current public key."
        ) from None


def public_key_of(hub_private_key: bytes) -> bytes:
    """32 raw bytes to give to the kiosks."""
    return X25519PrivateKey.from_private_bytes(hub_private_key).public_key().public_bytes_raw()
