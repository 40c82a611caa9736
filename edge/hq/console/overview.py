"""Pure. What the first page says about each store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct

from edge.hq.console.bars import Bar, bars
from edge.hq.counts import Counts

Alive = Literal["alive", "offline", "unknown"]


class Device(Struct, frozen=True):
    """alive is `unknown` while the store's hub, who would tell us, is silent. since: when it came or went."""

    kind: str
    name: str
    alive: Alive
    since: datetime
    version: str
    problems: list[str]


class Store(Struct, frozen=True):
    """One card of the page. heard: None for a hub that never came."""

    name: str
    display_name: str
    heard: datetime | None
    silent: bool
    devices: list[Device]
    phones: int
    counts: Counts
    bars: list[Bar]
    parked: int

    @property
    def well(self) -> bool:
        """Nothing for a person to do here."""
        return not self.silent and not self.parked and all(d.alive == "alive" and not d.problems for d in self.devices)


class Facts(Struct, frozen=True):
    """What the store of HQ gave for the page."""

    counts: Mapping[str, Counts]
    devices: Sequence[Any]
    phones: Mapping[str, int]
    heard: Mapping[str, datetime]
    parked: Mapping[str, int]


def stores(names: Mapping[str, str], facts: Facts, now: datetime, silent_after: timedelta) -> list[Store]:
    """Every configured store: those that need somebody first, then by name."""
    made = [_store(name, display, facts, now, silent_after) for name, display in names.items()]
    return sorted(made, key=lambda store: (store.well, store.display_name.casefold()))


def total(shown: Sequence[Store]) -> Counts:
    """All stores together."""
    hours = [sum(column) for column in zip(*(s.counts.hours for s in shown if s.counts.hours), strict=True)]
    fields = ("arrivals", "visits", "notes", "served", "expired")
    return Counts(**{field: sum(getattr(s.counts, field) for s in shown) for field in fields}, hours=hours)


def _store(name: str, display: str, facts: Facts, now: datetime, silent_after: timedelta) -> Store:
    heard = facts.heard.get(name)
    silent = heard is None or now - heard > silent_after
    counts = facts.counts.get(name, Counts())
    devices = [_device(row, silent) for row in facts.devices if row.store == name]
    phones = 0 if silent else facts.phones.get(name, 0)
    return Store(name, display, heard, silent, devices, phones, counts, bars(counts.hours), facts.parked.get(name, 0))


def _device(row: Any, silent: bool) -> Device:
    alive: Alive = "unknown" if silent else "alive" if row.online else "offline"
    return Device(row.device_kind, row.name, alive, row.since, row.version, list(row.problems))
