"""Whose card is it? The kiosk's word is checked against the hub's own cards; assurance is set here and nowhere else."""

from __future__ import annotations

import hmac
import sqlite3
from dataclasses import dataclass

from edge.contracts.arrival import Arrival
from edge.contracts.card_id import card_token
from edge.contracts.errors import ContractError
from edge.contracts.outcomes import Assurance
from edge.contracts.sealed import unseal
from edge.hub.ingest import CardAtHub, Person
from edge.hub.store import members
from edge.hub.store.members import Card, Member
from edge.process.logs import get_logger

log = get_logger(part="recognition")


@dataclass(frozen=True, slots=True)
class Recognised:
    """card: as the hub knows it now; person and assurance only where the card is active and its member lives."""

    card: CardAtHub
    person: Person | None = None
    assurance: Assurance | None = None


_NOBODY = Recognised("unknown")


class Recogniser:
    """card_key: with which the kiosks hash cards. evidence_key: private key that opens what they sealed."""

    def __init__(self, store: str, card_key: bytes, evidence_key: bytes) -> None:
        self._store, self._card_key, self._evidence_key = store, card_key, evidence_key

    def recognise(self, connection: sqlite3.Connection, arrival: Arrival) -> Recognised:
        """The person behind an arrival, as far as the hub knows one."""
        if arrival.outcome in ("guest", "not_today"):
            return _NOBODY
        card = self._card_of_member(connection, arrival) or self._card_in_evidence(connection, arrival)
        if card is not None:
            return self._by_card(connection, card)
        if arrival.member is None or arrival.card_token is not None:
            return _NOBODY
        # a revision may carry the reference alone; nothing says how the card was presented
        member = members.find_member(connection, self._store, arrival.member)
        return _NOBODY if member is None else Recognised("active", _person(member), None)

    def _card_of_member(self, connection: sqlite3.Connection, arrival: Arrival) -> Card | None:
        if arrival.member is None or arrival.card_token is None:
            return None
        for card in members.cards_of(connection, self._store, arrival.member):
            if hmac.compare_digest(card_token(self._card_key, card.card_id), arrival.card_token):
                return card
        return None

    def _card_in_evidence(self, connection: sqlite3.Connection, arrival: Arrival) -> Card | None:
        if arrival.evidence is None:
            return None
        try:
            evidence = unseal(arrival.evidence, self._evidence_key, arrival.arrival_id)
        except ContractError as error:
            log.warning("evidence_unopened", code=error.code)  # the arrival still counts, as a stranger's
            return None
        return members.find_card(connection, self._store, evidence.card_id)

    def _by_card(self, connection: sqlite3.Connection, card: Card) -> Recognised:
        if card.state == "blocked":
            return Recognised("blocked")
        if card.state != "active" or card.member is None:
            return _NOBODY
        member = members.find_member(connection, self._store, card.member)
        if member is None:
            return _NOBODY
        return Recognised("active", _person(member), "typed" if card.card_id.startswith("typed:") else "plain")


def _person(member: Member) -> Person:
    called = member.called if member.greeting == "name" else None
    return Person(member.member, called, member.language, member.not_today)
