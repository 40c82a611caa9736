"""What the routes of HQ work with: given to them once, by wiring."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from edge.hq.config import Policy
from edge.hq.metrics import Metrics
from edge.hq.store.database import Database
from edge.hq.store.sessions import digest
from edge.process.clock import Clock
from edge.process.health import Health
from edge.process.ids import Ids


class StoreTokens:
    """Which store a bearer token belongs to. Only hashes are kept."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        """tokens: store -> token."""
        self._digests = {store: digest(token) for store, token in tokens.items()}

    def store_of(self, token: str) -> str | None:
        """The store, or None. Every hash is compared, in constant time each: how long it takes tells nothing."""
        presented = digest(token)
        found = None
        for store, known in self._digests.items():
            if hmac.compare_digest(known, presented):
                found = store
        return found


@dataclass(frozen=True)
class Parts:
    """stores: name -> display name. password_hash: Argon2."""

    database: Database
    clock: Clock
    ids: Ids
    health: Health
    stores: Mapping[str, str]
    tokens: StoreTokens
    username: str
    password_hash: str
    policy: Policy = field(default_factory=Policy)
    secure_cookies: bool = False
    metrics: Metrics = field(default_factory=Metrics)

    @property
    def longest(self) -> timedelta:
        """A console session ends at the latest after this."""
        return timedelta(seconds=self.policy.session_s)

    @property
    def idle(self) -> timedelta:
        """And after so long without a person."""
        return timedelta(seconds=self.policy.idle_s)
