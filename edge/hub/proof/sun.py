"""Pure. Is this SUN message from a card that holds one of our keys? (NXP AN12196; vectors in tests/edge/hub/proof).

Every version is tried with every message, and a message that cannot be read is worked through as a dummy, so that how long it
takes tells nobody what was wrong. Whether the counter is new is another question: edge.hub.proof.counters.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from edge.hub.proof import aes
from edge.hub.proof.errors import ProofError
from edge.hub.proof.ring import ProofKey
from edge.hub.proof.uri import DUMMY, SunMessage, Template, read_uri

# PICCData begins with what it holds: UID mirrored, counter mirrored, 7 bytes of UID (AN12196 table 1).
_PICC_TAG = 0xC7
_SV1, _SV2 = bytes.fromhex("C33C00010080"), bytes.fromhex("3CC300010080")
COUNTER_END = 0xFFFFFF


@dataclass(frozen=True, slots=True)
class Verified:
    """uid: 7 bytes. counter: reads of the card so far. tag: the card's reference outside this hub. file: decrypted file data
    or b""."""

    uid: bytes
    counter: int
    version: int
    tag: str
    file: bytes = b""

    @property
    def card_id(self) -> str:
        """Canonical (edge.contracts.card_id)."""
        return f"nfc:{self.uid.hex().upper()}"


def verify(uri: str, templates: Sequence[Template], keys: Sequence[ProofKey]) -> Verified:
    """What the card says of itself, or ProofError: `proof_absent`, `proof_malformed`, `proof_lrp`, `proof_wrong`."""
    wrong: ProofError | None = None
    try:
        message = read_uri(uri, templates)
    except ProofError as error:
        message, wrong = DUMMY, error
    fitting = [verified for key in keys if (verified := _under(message, key)) is not None]
    if wrong is not None:
        raise wrong
    if not fitting:
        raise ProofError(
            "proof_wrong", "No key of this hub fits: the card is a copy, another shop's, or of a version that was retired."
        )
    return fitting[0]


def session_keys(card_key: bytes, uid: bytes, counter: int) -> tuple[bytes, bytes]:
    """(for file data, for the MAC) of this read of the card."""
    tail = uid + counter.to_bytes(3, "little")
    return aes.cmac(card_key, _SV1 + tail), aes.cmac(card_key, _SV2 + tail)


def mac_of(mac_key: bytes, covered: bytes) -> bytes:
    """Every second byte of the CMAC, beginning with the second: 8 bytes."""
    return aes.cmac(mac_key, covered)[1::2]


def file_data(enc_key: bytes, counter: int, enc: bytes) -> bytes:
    """Decrypted file data."""
    iv = aes.block(enc_key, counter.to_bytes(3, "little") + bytes(13))
    return aes.cbc_decrypt(enc_key, iv, enc)


def _under(message: SunMessage, key: ProofKey) -> Verified | None:
    picc = aes.cbc_decrypt(key.meta_key, bytes(aes.BLOCK), message.picc)
    whole, uid, counter = picc[0] == _PICC_TAG, picc[1:8], int.from_bytes(picc[8:11], "little")
    if message.uid is not None and message.counter is not None:
        whole, uid, counter = True, message.uid, message.counter
    enc_key, mac_key = session_keys(key.card_key(uid), uid, counter)
    same = hmac.compare_digest(mac_of(mac_key, message.covered), message.mac)
    if not (whole and same):
        return None
    return Verified(uid, counter, key.version, key.reference(uid), file_data(enc_key, counter, message.enc))
