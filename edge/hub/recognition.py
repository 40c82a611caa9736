"""Whose card is it? The kiosk's word is checked against the hub's own cards; assurance is set here and nowhere else."""

from __future__ import annotations

import hmac
import sqlite3
from dataclasses import dataclass

from edge.associates.moments import Moment
from edge.contracts.arrival import Arrival
from edge.contracts.card_id import card_token
from edge.contracts.errors import ContractError
from edge.contracts.outcomes import Assurance, Caution
from edge.contracts.sealed import Evidence, unseal
from edge.hub.ingest import CardAtHub, Person
from edge.hub.proof.desk import BELIEVED, Found, ProofDesk, Seen, caution_of, claimed_card
from edge.hub.store import members
from edge.hub.store.members import Card, Member
from edge.process.logs import get_logger

log = get_logger(part="recognition")


@dataclass(frozen=True, slots=True)
class Recognised:
    """card: as the hub knows it now; person and assurance only where the card is active and its member lives.

    caution: why the card is in doubt. proof: the verdict on what came with it (docs/outcomes.md), None where nothing came.
    """

    card: CardAtHub
    person: Person | None = None
    assurance: Assurance | None = None
    caution: Caution | None = None
    proof: str | None = None


class Recogniser:
    """card_key: with which the kiosks hash cards. evidence_key: private key that opens what they sealed.

    proofs: judges what proves a card; None in a store whose cards prove nothing.
    """

    def __init__(self, store: str, card_key: bytes, evidence_key: bytes, proofs: ProofDesk | None = None) -> None:
        self._store, self._card_key, self._evidence_key, self._proofs = store, card_key, evidence_key, proofs

    def recognise(
        self, connection: sqlite3.Connection, arrival: Arrival, kiosk: str, came: Moment, judged: str | None = None
    ) -> Recognised:
        """The person behind an arrival, as far as the hub knows one. It uses up the proof that came with it.

        came: when it happened. judged: the verdict on an earlier revision of the same arrival.
        """
        if arrival.outcome in ("guest", "not_today"):
            return Recognised("unknown")
        found = self._look(connection, arrival, Seen(arrival, kiosk, came, judged))
        verdict = found.verdict if found is not None else None
        card = self._card_of_member(connection, arrival) or self._found(connection, found)
        if card is not None:
            return self._by_card(connection, card, found, judged)
        if arrival.member is None or arrival.card_token is not None:
            return Recognised("unknown", proof=verdict)
        # a revision may carry the reference alone; nothing says how the card was presented
        member = members.find_member(connection, self._store, arrival.member)
        if member is None:
            return Recognised("unknown", proof=verdict)
        return Recognised("active", _person(member, nameless=judged not in (None, "proven")), proof=verdict)

    def forget(self, connection: sqlite3.Connection, arrival_id: str) -> None:
        """Not today: nothing that proved an arrival tells about it any more."""
        if self._proofs is not None:
            self._proofs.forget(connection, arrival_id)

    def _look(self, connection: sqlite3.Connection, arrival: Arrival, seen: Seen) -> Found | None:
        """What came sealed, judged where there is somebody to judge it."""
        evidence = self._evidence(arrival)
        if evidence is None:
            return None
        if self._proofs is None:
            return Found(claimed_card(evidence))
        return self._proofs.look(connection, evidence, seen)

    def _evidence(self, arrival: Arrival) -> Evidence | None:
        if arrival.evidence is None:
            return None
        try:
            return unseal(arrival.evidence, self._evidence_key, arrival.arrival_id)
        except ContractError as error:
            log.warning("evidence_unopened", code=error.code)  # the arrival still counts, as a stranger's
            return None

    def _card_of_member(self, connection: sqlite3.Connection, arrival: Arrival) -> Card | None:
        if arrival.member is None or arrival.card_token is None:
            return None
        for card in members.cards_of(connection, self._store, arrival.member):
            if hmac.compare_digest(card_token(self._card_key, card.card_id), arrival.card_token):
                return card
        return None

    def _found(self, connection: sqlite3.Connection, found: Found | None) -> Card | None:
        return None if found is None else members.find_card(connection, self._store, found.card_id)

    def _by_card(self, connection: sqlite3.Connection, card: Card, found: Found | None, judged: str | None) -> Recognised:
        """The verdict counts for the card it was given on; one on another card says nothing good of this one."""
        verdict = judged if found is None else found.verdict
        if verdict in BELIEVED and found is not None and found.card_id != card.card_id:
            verdict = "proof_copied"
        if card.state == "blocked":
            return Recognised("blocked", proof=verdict)
        member = None if card.member is None else members.find_member(connection, self._store, card.member)
        if card.state != "active" or member is None:
            return Recognised("unknown", proof=verdict)
        return self._known(connection, card, member, verdict)

    def _known(self, connection: sqlite3.Connection, card: Card, member: Member, verdict: str | None) -> Recognised:
        if verdict == "proven":
            members.mark_provable(connection, self._store, card.card_id)
            return Recognised("active", _person(member), "proven", proof=verdict)
        caution = caution_of(verdict, card.provable)
        nameless = caution is not None or verdict == "proof_repeated"
        return Recognised("active", _person(member, nameless=nameless), _assurance(card, verdict), caution, verdict)


def _assurance(card: Card, verdict: str | None) -> Assurance | None:
    if verdict == "proof_repeated":  # the same code at the same door: it says no more and no less than before
        return None
    return "typed" if card.card_id.startswith("typed:") else "plain"


def _person(member: Member, *, nameless: bool = False) -> Person:
    called = member.called if member.greeting == "name" and not nameless else None
    return Person(member.member, called, member.language, member.not_today)
