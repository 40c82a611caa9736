"""Forgets a member: every table in one transaction, as edge.hub.store.erasure and memory_schema.ERASURE declare."""

from __future__ import annotations

import sqlite3
from typing import Protocol

from edge.associates.moments import Moment
from edge.contracts.facts import ErasureBody
from edge.hub.floor_desk import FloorDesk
from edge.hub.store import erasure, visits
from edge.hub.store.facts import Facts


class ForgettingMemory(Protocol):
    """The part of the customer memory that forgets."""

    def forget(self, connection: sqlite3.Connection, member: str) -> None: ...


class Eraser:
    """card_key: with which the kiosks' directories were hashed."""

    def __init__(self, store: str, card_key: bytes, memory: ForgettingMemory, facts: Facts, desk: FloorDesk) -> None:
        self._store, self._card_key = store, card_key
        self._memory, self._facts, self._desk = memory, facts, desk

    def erase_member(self, connection: sqlite3.Connection, member: str, now: Moment) -> bool:
        """Forget the member in the caller's transaction; False if they were forgotten before (it is done again all the same)."""
        first = erasure.write_tombstone(connection, self._store, member, now.at)
        for visit in visits.of_member(connection, self._store, member):
            if visit.open:
                self._desk.withdraw_for(connection, visit.visit_id, now)
        erasure.empty_past(connection, self._store, member)
        erasure.empty_arrivals(connection, self._store, member)
        erasure.withdraw_cards(connection, self._store, member, self._card_key)
        erasure.empty_member(connection, self._store, member)
        self._memory.forget(connection, member)
        self._facts.forget_member(connection, member)
        if first:
            # HQ hears that this store has forgotten, whoever asked for it
            self._facts.put(connection, ErasureBody(member=member), key=f"erasure-{member}")
        return first
