"""Pure. The keys a hub holds: versions side by side, so that keys are changed without a card being issued anew."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from edge.hub.proof.diversify import AN10922_MOST, KEY_BYTES, UID_BYTES, Scheme, an10922, slot_key, slots_meta_key

ProofMedium = Literal["nfc", "code"]
SLOTS_MASTER_BYTES = (16, 32)
CODE_KEY_BYTES = 32
SUFFIX_MOST = AN10922_MOST - UID_BYTES
TAG_BYTES = 16
# What a shop's own cards carry behind their UID where nobody says otherwise; any value will do that stays the same.
DEFAULT_SUFFIX = b"shopbell"


@dataclass(frozen=True, slots=True)
class ProofKey:
    """One version of the keys for one medium.

    meta: opens the id that a card encrypts (nfc, 16 bytes; empty where the scheme makes it). master: cards' own keys, or
    members' secrets, are made from it. suffix: what stands behind the UID in AN10922's input. retires_on: from this day in the
    store on it is not accepted.
    """

    version: int
    medium: ProofMedium
    scheme: Scheme
    master: bytes = field(repr=False)
    meta: bytes = field(default=b"", repr=False)
    suffix: bytes = DEFAULT_SUFFIX
    made_on: date | None = None
    origin: Literal["made", "imported"] = "made"
    retires_on: date | None = None

    def is_usable(self, today: date) -> bool:
        """Whether proofs under this version still hold."""
        return self.retires_on is None or today < self.retires_on

    @property
    def meta_key(self) -> bytes:
        """Opens the encrypted id of any card of this version."""
        return slots_meta_key(self.master) if self.scheme == "slots" else self.meta

    def card_key(self, uid: bytes) -> bytes:
        """The key of one card (SDM file-read key), 16 bytes."""
        if self.scheme == "same":
            return self.master
        if self.scheme == "slots":
            return slot_key(self.master, uid)
        return an10922(self.master, uid + self.suffix)

    def reference(self, thing: bytes) -> str:
        """A keyed hash by which HQ and all stores with this key know a tag or a pass without knowing its id; 32 hex digits."""
        key = hmac.new(self.master + self.meta, b"shopbell tag reference 1", hashlib.sha256).digest()
        return hmac.new(key, thing, hashlib.sha256).hexdigest()[: 2 * TAG_BYTES]

    @property
    def fingerprint(self) -> str:
        """By which people compare keys without seeing them: 12 hex digits of a hash."""
        told = b"|".join((self.medium.encode(), self.scheme.encode(), self.suffix, self.meta, self.master))
        return hashlib.sha256(b"shopbell proof key" + told).hexdigest()[:12]


def what_is_wrong(key: ProofKey, *, test_keys: bool = False) -> str | None:
    """Why this key cannot be taken, as a sentence that says what to do, or None. test_keys: all-zero keys are let in."""
    if key.medium == "code":
        sizes = len(key.master) == CODE_KEY_BYTES and not key.meta
        needed = f"A key for codes is {CODE_KEY_BYTES} bytes."
    elif key.scheme == "slots":
        sizes = len(key.master) in SLOTS_MASTER_BYTES and not key.meta
        needed = "A master key of scheme slots is 16 or 32 bytes, and there is no second key."
    else:
        sizes = len(key.master) == KEY_BYTES and len(key.meta) == KEY_BYTES and len(key.suffix) <= SUFFIX_MOST
        needed = f"Both keys are {KEY_BYTES} bytes, and the suffix at most {SUFFIX_MOST}."
    if not sizes:
        return needed
    if not test_keys and (not any(key.master) or (key.meta and not any(key.meta))):
        return "A key of zeros is known to everybody: take a random one, or say test_keys = true where nothing is at stake."
    return None


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Every version, oldest first."""

    keys: tuple[ProofKey, ...] = ()

    def usable(self, medium: ProofMedium, today: date) -> tuple[ProofKey, ...]:
        """Versions whose proofs hold, the newest first."""
        return tuple(key for key in reversed(self.keys) if key.medium == medium and key.is_usable(today))

    def of(self, medium: ProofMedium) -> tuple[ProofKey, ...]:
        """All versions of a medium, oldest first."""
        return tuple(key for key in self.keys if key.medium == medium)

    def find(self, medium: ProofMedium, version: int) -> ProofKey | None:
        """That version, or None."""
        return next((key for key in self.of(medium) if key.version == version), None)

    def next_version(self, medium: ProofMedium) -> int:
        """The number of the next version, first 1."""
        return max((key.version for key in self.of(medium)), default=0) + 1
