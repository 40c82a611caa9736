"""Ids and randomness, injected."""

from __future__ import annotations

import secrets
from typing import Protocol

import uuid_utils


class Ids(Protocol):
    """new: a UUIDv7 as text, rising in time. token: `size` random bytes, hex, for secrets and opaque references."""

    def new(self) -> str: ...
    def token(self, size: int = 16) -> str: ...


class SystemIds:
    """UUIDv7 from uuid-utils and the operating system's randomness."""

    def new(self) -> str:
        return str(uuid_utils.uuid7())

    def token(self, size: int = 16) -> str:
        return secrets.token_hex(size)


class CountingIds:
    """Predictable ids of the same shape, for tests. `start` keeps two processes of one test apart."""

    def __init__(self, start: int = 0) -> None:
        self._next = start

    def new(self) -> str:
        self._next += 1
        return f"00000000-0000-7000-8000-{self._next:012x}"

    def token(self, size: int = 16) -> str:
        self._next += 1
        return f"{self._next:0{2 * size}x}"
