"""Pure. What a key ceremony does to the ring: make, import, rotate, retire. The ring goes in and comes out; nothing is written
here."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from edge.hub.proof.diversify import KEY_BYTES, Scheme
from edge.hub.proof.ring import CODE_KEY_BYTES, DEFAULT_SUFFIX, KeyRing, ProofKey, ProofMedium, what_is_wrong
from edge.process.errors import OperatorError

_HAND_OVER_MOST = 4096


class HandOver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One key on its way to the maker of the cards or to another hub: a TOML file of mode 600. Keys and suffix in hex."""

    medium: ProofMedium
    scheme: Scheme
    version: Annotated[int, Meta(ge=1, le=9999)] | None = None
    suffix: Annotated[str, Meta(max_length=64)] = ""
    master: Annotated[str, Meta(max_length=64)]
    meta: Annotated[str, Meta(max_length=64)] = ""

    def __repr__(self) -> str:
        return f"HandOver(medium={self.medium!r}, version={self.version}, ...)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


def make(ring: KeyRing, medium: ProofMedium, random: Callable[[int], bytes], today: date, suffix: bytes) -> KeyRing:
    """The first key of a medium, or OperatorError `keys_exist`. random: n -> n random bytes."""
    if ring.of(medium):
        raise OperatorError("keys_exist", f"making the first key for {medium}", "Use 'keys rotate' to add a version beside it.")
    return _with(ring, _fresh(ring, medium, random, today, suffix), test_keys=False)


def rotate(ring: KeyRing, medium: ProofMedium, random: Callable[[int], bytes], today: date) -> KeyRing:
    """A new version beside the old ones, or OperatorError `keys_missing`. Cards keep what they hold until they are replaced."""
    old = ring.of(medium)
    if not old:
        raise OperatorError("keys_missing", f"adding a version for {medium}", "Make the first one with 'keys make'.")
    return _with(ring, _fresh(ring, medium, random, today, old[-1].suffix), test_keys=False)


def take_in(ring: KeyRing, given: HandOver, today: date, *, test_keys: bool) -> KeyRing:
    """A key that was made elsewhere. The same key again changes nothing; OperatorError `key_version_taken`, `proof_key_unfit`."""
    tried = f"importing a key for {given.medium}"
    try:
        master, meta, suffix = (bytes.fromhex(text) for text in (given.master, given.meta, given.suffix))
    except ValueError:
        raise OperatorError("key_malformed", tried, "Write keys and suffix as hex digits, two for each byte.") from None
    version = given.version or ring.next_version(given.medium)
    key = ProofKey(version, given.medium, given.scheme, master, meta, suffix, made_on=today, origin="imported")
    if any(key.fingerprint == other.fingerprint for other in ring.keys):
        return ring
    if ring.find(given.medium, version) is not None:
        raise OperatorError("key_version_taken", tried, f"Version {version} is another key here: import it without a version.")
    return _with(ring, key, test_keys=test_keys)


def retire(ring: KeyRing, medium: ProofMedium, version: int, on: date | None) -> KeyRing:
    """Proofs of this version hold until the day before `on` (None: for good again). OperatorError `key_version_unknown`."""
    if ring.find(medium, version) is None:
        raise OperatorError(
            "key_version_unknown", f"retiring version {version} for {medium}", "See 'keys list' for what there is."
        )
    is_it = [key.medium == medium and key.version == version for key in ring.keys]
    return KeyRing(tuple(replace(key, retires_on=on) if this else key for key, this in zip(ring.keys, is_it, strict=True)))


def handed_over(key: ProofKey) -> str:
    """The text of a hand-over file."""
    return "\n".join(
        [
            f"# Shopbell: key for {key.medium}, version {key.version}, fingerprint {key.fingerprint}.",
            "# Whoever has this file can make cards. Bring it to the maker of the cards and to the other hubs, then delete it.",
            f'medium = "{key.medium}"',
            f'scheme = "{key.scheme}"',
            f"version = {key.version}",
            f'suffix = "{key.suffix.hex()}"',
            f'master = "{key.master.hex()}"',
            f'meta = "{key.meta.hex()}"',
            "",
        ]
    )


def read_hand_over(text: str) -> HandOver:
    """A hand-over file's text, or OperatorError `key_malformed`, which never repeats what stood in it."""
    hint = "Give a file that 'keys make --hand-over' wrote, or the prompt the keys as hex digits."
    try:
        return msgspec.convert(tomllib.loads(text[:_HAND_OVER_MOST]), HandOver)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError):
        raise OperatorError("key_malformed", "reading a hand-over file", hint) from None


def _fresh(ring: KeyRing, medium: ProofMedium, random: Callable[[int], bytes], today: date, suffix: bytes) -> ProofKey:
    version = ring.next_version(medium)
    if medium == "code":
        return ProofKey(version, "code", "same", random(CODE_KEY_BYTES), suffix=b"", made_on=today)
    return ProofKey(version, "nfc", "an10922", random(KEY_BYTES), random(KEY_BYTES), suffix or DEFAULT_SUFFIX, made_on=today)


def _with(ring: KeyRing, key: ProofKey, *, test_keys: bool) -> KeyRing:
    wrong = what_is_wrong(key, test_keys=test_keys)
    if wrong is not None:
        raise OperatorError("proof_key_unfit", f"taking in a key for {key.medium}", wrong)
    return KeyRing(tuple(sorted((*ring.keys, key), key=lambda one: (one.medium, one.version))))
