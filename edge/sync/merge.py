"""Pure. A change from HQ onto what this store knows of a member. A tombstone wins over everything, whenever it came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from edge.contracts.card_id import Medium, canonical
from edge.contracts.directory import GreetingLevel
from edge.contracts.errors import ContractError
from edge.contracts.feed import CardChange, MemberChange


@dataclass(frozen=True, slots=True)
class Shared:
    """What HQ and store both hold of a member. None: no name, no language known."""

    name: str | None = None
    language: str | None = None
    greeting: GreetingLevel = "nameless"


def merge_member(known: Shared | None, erased: bool, change: MemberChange) -> Shared | None:
    """The member after the change, or None where nothing is to be done. Doing it twice gives what doing it once gave.

    Absent fields leave what is known; an empty name takes the name away, and with it the wish to be greeted by it.
    """
    if erased:
        return None
    merged = known or Shared()
    if change.name is not None:
        merged = replace(merged, name=change.name or None)
    if change.language is not None:
        merged = replace(merged, language=change.language or None)
    if change.greeting is not None:
        merged = replace(merged, greeting=change.greeting)
    if change.name == "" and change.greeting is None:
        merged = replace(merged, greeting="nameless")
    return None if merged == known else merged


def merge_card(change: CardChange, is_erased: Callable[[str], bool]) -> CardChange | None:
    """The change if it may be applied; None for a card of an erased member. Raises ContractError `card_id_invalid`."""
    if not _is_canonical(change.card_id):
        raise ContractError("card_id_invalid", "a card from HQ", "Card ids are medium:value in canonical form.")
    if change.state == "active" and change.member is None:
        raise ContractError("card_without_member", "a card from HQ", "An active card belongs to a member.")
    if change.member is not None and is_erased(change.member):
        return None
    return change


def _is_canonical(card_id: str) -> bool:
    media: tuple[Medium, ...] = ("nfc", "code", "typed")
    name, colon, value = card_id.partition(":")
    medium = next((medium for medium in media if colon and medium == name), None)
    return medium is not None and canonical(medium, value) == card_id
