"""A store's starting data as one JSON file: people, catalogue, receipts, projects. Read and checked before anything is loaded.

Times of receipts are the store's own, without zone; days are ISO dates; prices exact decimal text in major units.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from edge.contracts.card_id import canonical
from edge.contracts.envelope import Id
from edge.contracts.errors import ContractError
from edge.contracts.money import Currency
from edge.contracts.names import Name
from edge.process.errors import OperatorError

Text = Annotated[str, Meta(min_length=1, max_length=300)]
Code = Annotated[str, Meta(min_length=1, max_length=64)]
Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$(?!\n)")]
_MOST_BYTES = 64 * 1024 * 1024


class PackAssociate(Struct, frozen=True, forbid_unknown_fields=True):
    """pin: in clear, so keep the file closed; the hub keeps a hash only."""

    associate: Name
    display_name: Annotated[str, Meta(min_length=1, max_length=80)]
    pin: Annotated[str, Meta(min_length=4, max_length=64)]
    skills: list[str] = []
    languages: list[Language] = []


class PackProduct(Struct, frozen=True, forbid_unknown_fields=True):
    """goes_with: codes of other products of the pack, the most useful first."""

    code: Code
    name: Text
    price: str
    category: str = ""
    aisle: str | None = None
    bay: str | None = None
    stock: int | None = None
    goes_with: list[Code] = []


class PackCard(Struct, frozen=True, forbid_unknown_fields=True):
    """card_id: canonical (`nfc:04A2...`, `code:...`, `typed:...`). provable: it can prove that it is no copy."""

    card_id: Annotated[str, Meta(max_length=300)]
    state: Literal["active", "blocked"] = "active"
    provable: bool = False


class PackPreference(Struct, frozen=True, forbid_unknown_fields=True):
    """How they like to be served, and how the store came to know."""

    text: Text
    because: Text


class PackProject(Struct, frozen=True, forbid_unknown_fields=True):
    """products: what it was planned with."""

    project_id: Id
    title: Text
    state: Literal["in_progress", "waiting", "done"]
    started_on: date
    products: list[Code]
    next_step: Text | None = None


class PackFollowUp(Struct, frozen=True, forbid_unknown_fields=True):
    """ask: how did it turn out? promise: what the store said it would do."""

    follow_up_id: Id
    kind: Literal["ask", "promise"]
    text: Text
    due_on: date


class PackComplaint(Struct, frozen=True, forbid_unknown_fields=True):
    """An open complaint."""

    complaint_id: Id
    text: Text
    opened_on: date
    promised: Text | None = None


class PackMember(Struct, frozen=True, forbid_unknown_fields=True):
    """key: a short word for people who write packs; member: the reference under which the hub knows them."""

    key: Name
    member: Id
    name: Annotated[str, Meta(max_length=80)] | None = None
    call_me: Annotated[str, Meta(max_length=80)] | None = None
    language: Language | None = None
    greeting: Literal["name", "nameless"] = "nameless"
    not_today: bool = False
    own_associate: Name | None = None
    since: date | None = None
    cards: list[PackCard] = []
    preferences: list[PackPreference] = []
    projects: list[PackProject] = []
    follow_ups: list[PackFollowUp] = []
    complaints: list[PackComplaint] = []


class PackLine(Struct, frozen=True, forbid_unknown_fields=True):
    """quantity: negative where goods came back."""

    product: Code
    quantity: Annotated[int, Meta(ge=-100_000, le=100_000)]
    price: str


class PackReceipt(Struct, frozen=True, forbid_unknown_fields=True):
    """A number that starts with C is a credit note. member: reference, or None. gift: bought for somebody else."""

    receipt: Id
    sold_at: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$(?!\n)")]
    lines: Annotated[list[PackLine], Meta(min_length=1)]
    member: Id | None = None
    gift: bool = False


class StorePack(Struct, frozen=True, forbid_unknown_fields=True):
    """pack: a name; the same pack loaded again adds what is new in it and changes nothing that is there."""

    v: Literal["1"]
    pack: Name
    store: Name
    store_name: Text
    currency: Currency
    made_up: str | None = None
    associates: list[PackAssociate] = []
    products: list[PackProduct] = []
    members: list[PackMember] = []
    receipts: list[PackReceipt] = []


def read_pack(path: Path, *, store: str, currency: str) -> StorePack:
    """The pack, whole and consistent, or OperatorError `pack_*`. store, currency: the hub's own; the pack's must agree."""
    tried = f"reading the store pack {path}"
    pack = _decode(_read(path, tried), tried)
    if pack.store != store:
        raise OperatorError("pack_other_store", tried, f"The pack is for store {pack.store!r}, this hub is {store!r}.")
    if pack.currency != currency:
        raise OperatorError("pack_other_currency", tried, f"The pack's prices are in {pack.currency}, this hub's in {currency}.")
    wrong = next(_contradictions(pack), None)
    if wrong is not None:
        raise OperatorError("pack_inconsistent", tried, wrong)
    return pack


def _read(path: Path, tried: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise OperatorError("pack_missing", tried, "Check the path.") from None
    except OSError as error:
        raise OperatorError("pack_unreadable", tried, f"Make it readable for this process ({type(error).__name__}).") from None
    if len(data) > _MOST_BYTES:
        raise OperatorError("pack_too_large", tried, "A pack has at most 64 MiB; import sales with import-sales.")
    return data


def _decode(data: bytes, tried: str) -> StorePack:
    try:
        return msgspec.json.decode(data, type=StorePack)
    except msgspec.ValidationError as error:
        raise OperatorError("pack_malformed", tried, f"Mend the value: {error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise OperatorError("pack_malformed", tried, "Give a JSON file in UTF-8.") from None


def _contradictions(pack: StorePack) -> Iterator[str]:
    """What is wrong, said so that it can be found and mended."""
    for kind, keys in _keys(pack):
        twice = [key for key, count in Counter(keys).items() if count > 1]
        if twice:
            yield f"{kind} {twice[0]!r} stands in it twice."
    yield from _unknown_products(pack)
    yield from _unknown_people(pack)
    yield from _bad_values(pack)


def _keys(pack: StorePack) -> Iterator[tuple[str, list[str]]]:
    yield "Associate", [person.associate for person in pack.associates]
    yield "Product", [product.code for product in pack.products]
    yield "Member", [member.member for member in pack.members]
    yield "Member key", [member.key for member in pack.members]
    yield "Card", [card.card_id for member in pack.members for card in member.cards]
    yield "Project", [project.project_id for member in pack.members for project in member.projects]
    yield "Follow-up", [follow_up.follow_up_id for member in pack.members for follow_up in member.follow_ups]
    yield "Complaint", [complaint.complaint_id for member in pack.members for complaint in member.complaints]
    yield "Receipt", [receipt.receipt for receipt in pack.receipts]


def _unknown_products(pack: StorePack) -> Iterator[str]:
    known = {product.code for product in pack.products}
    yield from _unknown(known, ((f"product {p.code}", code) for p in pack.products for code in p.goes_with))
    projects = (project for member in pack.members for project in member.projects)
    yield from _unknown(known, ((f"project {p.project_id}", code) for p in projects for code in p.products))
    yield from _unknown(known, ((f"receipt {r.receipt}", line.product) for r in pack.receipts for line in r.lines))


def _unknown_people(pack: StorePack) -> Iterator[str]:
    members, associates = {member.member for member in pack.members}, {person.associate for person in pack.associates}
    yield from _unknown(members, ((f"receipt {r.receipt}", r.member) for r in pack.receipts if r.member is not None))
    owners = ((f"member {m.key}", m.own_associate) for m in pack.members if m.own_associate is not None)
    yield from _unknown(associates, owners)


def _unknown(known: set[str], named: Iterable[tuple[str, str]]) -> Iterator[str]:
    for where, key in named:
        if key not in known:
            yield f"The {where} names {key!r}, which the pack does not hold."


def _bad_values(pack: StorePack) -> Iterator[str]:
    for member in pack.members:
        if not all(_is_card(card.card_id) for card in member.cards):
            yield f"A card of member {member.key} is no card id: write nfc: and 4, 7 or 10 bytes hex, code: or typed: and text."
    prices = [(f"product {product.code}", product.price) for product in pack.products]
    prices += [(f"receipt {receipt.receipt}", line.price) for receipt in pack.receipts for line in receipt.lines]
    for where, price in prices:
        if not _is_price(price):
            yield f"The price of {where} is no exact decimal such as 4.20."


def _is_card(card_id: str) -> bool:
    medium, _, value = card_id.partition(":")
    try:
        return medium in ("nfc", "code", "typed") and canonical(medium, value) == card_id  # type: ignore[arg-type] # just checked
    except ContractError:
        return False


def _is_price(text: str) -> bool:
    try:
        return text.isascii() and Decimal(text).is_finite() and 0 <= Decimal(text) < 10**7
    except InvalidOperation:
        return False
