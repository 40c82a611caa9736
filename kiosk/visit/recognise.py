"""Pure. A card read and what the directory answered become: known member, stranger, blocked, phone, unreadable, ambiguous."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edge.contracts.card_id import canonical, card_token
from edge.contracts.directory import DirectoryEntry, GreetingLevel
from edge.contracts.errors import ContractError
from edge.contracts.sealed import Evidence
from firmware_bridge.card_read import CardRead, CardTrouble

Presented = CardRead | CardTrouble
Kind = Literal["member", "stranger", "blocked", "phone_uid", "unreadable", "ambiguous"]
# What an unreadable thing was, where that changes what the shopper is told: a code, or the code of a product.
About = Literal["code", "product"]


@dataclass(frozen=True, slots=True)
class Identity:
    """A card's canonical id, which lives in memory only, and its token, the only form that is stored."""

    card_id: str
    token: str


@dataclass(frozen=True, slots=True)
class Recognition:
    """What was presented, as far as this kiosk can see.

    token: keyed hash of the card. member, language, greeting, wishes_not_today: what the directory says of it.
    wallet: a phone's wallet answered, which keeps its cards to itself.
    evidence: what only the hub can judge: a card this directory does not hold, or a proof; sealed before it is stored.
    about: what was unreadable, if more is known.
    """

    kind: Kind
    token: str | None = None
    member: str | None = None
    language: str | None = None
    greeting: GreetingLevel = "nameless"
    wishes_not_today: bool = False
    evidence: Evidence | None = None
    wallet: bool = False
    about: About | None = None


def identify(presented: Presented, card_key: bytes) -> Identity | None:
    """The identity to look up, or None when nothing presented can be one: trouble, a phone's random id, a malformed value.

    card_key: 32 bytes, per store.
    """
    if isinstance(presented, CardTrouble) or presented.random_id:
        return None
    try:
        card_id = canonical(presented.medium, presented.value)
    except ContractError:
        return None
    return Identity(card_id, card_token(card_key, card_id))


def recognise(presented: Presented, identity: Identity | None, found: DirectoryEntry | None) -> Recognition:
    """identity: from `identify`. found: the directory's entry for its token, or None."""
    if isinstance(presented, CardTrouble):
        return Recognition("ambiguous" if presented.trouble == "two_cards" else "unreadable", about=_about(presented))
    if presented.random_id:
        return _with_random_id(presented)
    if identity is None:
        return Recognition("unreadable")
    if found is None or found.state == "gone" or (found.state == "active" and found.member is None):
        return Recognition("stranger", token=identity.token, evidence=Evidence(identity.card_id, presented.evidence))
    return _known(presented, identity, found)


def _about(trouble: CardTrouble) -> About | None:
    if trouble.medium != "code":
        return None
    return "product" if trouble.code == "code_product" else "code"


def _with_random_id(read: CardRead) -> Recognition:
    """A phone's made-up id is never an identity; what its applications gave beside it may be one: the hub judges."""
    if read.evidence is None:
        return Recognition("phone_uid", wallet=read.wallet is not None)
    return Recognition("stranger", evidence=Evidence(f"{read.medium}:{read.value}", read.evidence))


def _known(read: CardRead, identity: Identity, found: DirectoryEntry) -> Recognition:
    proof = Evidence(identity.card_id, read.evidence) if read.evidence is not None else None
    if found.state == "blocked":  # whoever holds a lost card need not be the member
        return Recognition("blocked", token=identity.token, wishes_not_today=found.not_today, evidence=proof)
    return Recognition(
        "member",
        token=identity.token,
        member=found.member,
        language=found.language,
        greeting=found.greeting,
        wishes_not_today=found.not_today,
        evidence=proof,
    )
