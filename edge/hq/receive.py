"""Pure. What HQ does with each item of a batch: file it, know it already, or refuse it with a code.

One bad item never blocks the rest: every item is judged by itself. Codes of the answers:

| result | code | why |
|---|---|---|
| new | | filed, for the first time |
| new | `erased_member` | filed without the person: the member has been erased, and a tombstone wins over any later fact |
| duplicate | | filed before; also the second of two equal ids in one batch |
| refused | `malformed`, `too_large`, `kind_unknown`, `version_unknown` | edge.contracts.facts cannot read it |
| refused | `wrong_store` | it belongs to another store than the one that signed in |
| refused | `out_of_bounds` | a number, date or text that no database can keep (more than 64 bits, a NUL character, ...) |
| refused | `unstorable` | the database refused this item, and this one alone |

Refused items are parked: HQ keeps them for a person to look at and try again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from edge.contracts.envelope import Id
from edge.contracts.errors import ContractError
from edge.contracts.facts import (
    ArrivalBody,
    ErasureBody,
    Fact,
    FactAnswer,
    FactBody,
    MemberBody,
    NoteBody,
    SaleBody,
    VisitBody,
    read_fact,
)

ERASED = "erased"
_INT64 = 2**63
# Longer texts cannot stand in a PostgreSQL index (2704 bytes a row, several columns).
_KEY_MAX_CHARS = 200
_KEY_TEXTS = ("source", "invoice", "product_code")


class Accepted(Struct, frozen=True):
    """An item to be filed. body is None when nothing is left of it without the person; code says why it was stripped.

    raw: as it came, so that it can be parked should the database refuse it.
    """

    id: str
    at: datetime
    kind: str
    body: FactBody | None
    raw: bytes
    test: bool = False
    code: str | None = None
    hint: str | None = None

    @property
    def member(self) -> str | None:
        """The member the item is about. An erasure is about nobody any more: its reference stands in the tombstone."""
        return None if isinstance(self.body, ErasureBody) else _member_of(self.body)

    @property
    def visit(self) -> str | None:
        """The visit the item is about."""
        return getattr(self.body, "visit_id", None)

    def content(self) -> dict[str, Any]:
        """The body as JSON types, for the facts table."""
        content: dict[str, Any] = msgspec.to_builtins(self.body) if self.body is not None else {"kind": self.kind}
        return content


class Refused(Struct, frozen=True):
    """An item HQ does not file. id and member are None where none could be read."""

    id: str | None
    code: str
    hint: str
    raw: bytes
    member: str | None = None


Judgement = Accepted | Refused


def judge(raw: bytes, store: str) -> Judgement:
    """One raw item from the hub of `store`."""
    try:
        fact = read_fact(raw)
    except ContractError as error:
        return _refused(raw, error.code, error.hint)
    if fact.store != store:
        return _refused(raw, "wrong_store", "Send facts of the store whose token is used; check token_file and store.")
    wrong = next(_out_of_bounds(fact), None)
    if wrong:
        return _refused(raw, "out_of_bounds", wrong)
    return Accepted(fact.id, fact.at, _kind(fact.body), fact.body, raw, fact.test)


def erasures(judged: Iterable[Judgement]) -> frozenset[str]:
    """Members whom this batch asks to forget. A probe's fact forgets nobody."""
    bodies = (item.body for item in judged if isinstance(item, Accepted) and not item.test)
    return frozenset(body.member for body in bodies if isinstance(body, ErasureBody))


def mentioned(judged: Iterable[Judgement]) -> frozenset[str]:
    """Members whom the batch speaks about."""
    return frozenset(item.member for item in judged if item.member)


def without_erased(judged: Iterable[Judgement], tombstones: frozenset[str]) -> list[Judgement]:
    """The same items, those about erased members without the person, unsigned notes about their visits included."""
    items = list(judged)
    theirs = {item.visit for item in items if isinstance(item, Accepted) and item.member in tombstones}
    return [_strip(item) if isinstance(item, Accepted) and _is_about(item, tombstones, theirs) else item for item in items]


def _is_about(item: Accepted, tombstones: frozenset[str], visits: set[str | None]) -> bool:
    return item.member in tombstones or (isinstance(item.body, NoteBody) and item.visit is not None and item.visit in visits)


def _strip(item: Accepted) -> Accepted:
    hint = "The member was erased; only what names nobody was kept. Erase the member at the store too."
    body = depersonalised(item.body)
    kind = item.kind if body is not None else ERASED
    return msgspec.structs.replace(item, kind=kind, body=body, code="erased_member", hint=hint)


def depersonalised(body: FactBody | None) -> FactBody | None:
    """What may stay of a fact when its member is forgotten: counts and money, without the person. None: nothing."""
    if isinstance(body, ArrivalBody | VisitBody | SaleBody):
        return msgspec.structs.replace(body, member=None)
    return None if isinstance(body, NoteBody | MemberBody) else body


def answer(judged: Sequence[Judgement], filed: frozenset[str]) -> list[FactAnswer]:
    """One answer per item, in order. filed: the ids that this transaction filed for the first time."""
    left = set(filed)
    return [_answer(item, left) for item in judged]


def _answer(item: Judgement, left: set[str]) -> FactAnswer:
    if isinstance(item, Refused):
        return FactAnswer(item.id, "refused", item.code, item.hint)
    if item.id not in left:
        return FactAnswer(item.id, "duplicate")
    left.remove(item.id)
    return FactAnswer(item.id, "new", item.code, item.hint)


S = TypeVar("S", bound=Struct)


class _Named(Struct):
    id: Id


class _About(Struct):
    member: Id


class _AboutBody(Struct):
    body: _About


def _refused(raw: bytes, code: str, hint: str) -> Refused:
    """Refused, with as much of id and member as can be read of something that is wrong."""
    named, about = _glimpse(raw, _Named), _glimpse(raw, _AboutBody)
    return Refused(named.id if named else None, code, hint, raw, about.body.member if about else None)


def _glimpse(raw: bytes, shape: type[S]) -> S | None:
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _member_of(body: FactBody | None) -> str | None:
    return getattr(body, "member", None)


def _kind(body: FactBody) -> str:
    return str(body.__struct_config__.tag)


def _out_of_bounds(fact: Fact) -> Iterator[str]:
    """What is wrong with values that are well-formed and yet cannot be kept."""
    fields = {"at": fact.at, **msgspec.structs.asdict(fact.body)}
    if isinstance(fact.body, SaleBody):
        fields["amount.minor"] = fact.body.amount.minor
        if not _is_decimal(fact.body.unit_price):
            yield "unit_price is a decimal number as text, like 2.55."
    for name, value in fields.items():
        yield from _value_out_of_bounds(name, value)


def _value_out_of_bounds(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if "\x00" in value:
            yield f"{name} holds a NUL character; take it out."
        if name in _KEY_TEXTS and len(value) > _KEY_MAX_CHARS:
            yield f"{name} is longer than {_KEY_MAX_CHARS} characters."
    elif isinstance(value, int) and not -_INT64 <= value < _INT64:
        yield f"{name} needs more than 64 bits."
    elif isinstance(value, datetime) and not _is_in_calendar(value):
        yield f"{name} is outside the years 1 to 9999 in UTC."
    elif isinstance(value, list):
        for part in value:
            yield from _value_out_of_bounds(name, part)


def _is_decimal(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _is_in_calendar(value: datetime) -> bool:
    try:
        value.astimezone(timezone.utc)
    except OverflowError:
        return False
    return True
