"""PINs of associates: hashed with argon2id, compared slowly on purpose."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# Library defaults of argon2-cffi 25 (RFC 9106, low-memory profile) with one lane: a hub is a small machine.
_HASHER = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
# Compared against when nobody has that name, so that an unknown name takes as long as a wrong PIN.
_NOBODY = _HASHER.hash("nobody")


def hash_pin(pin: str) -> str:
    """argon2id hash with its salt and costs, as text."""
    return _HASHER.hash(pin)


def pin_fits(pin_hash: str | None, pin: str) -> bool:
    """Whether the PIN is right; None stands for an associate nobody knows and never fits."""
    try:
        return _HASHER.verify(pin_hash or _NOBODY, pin) and pin_hash is not None
    except (VerificationError, InvalidHashError):
        return False
