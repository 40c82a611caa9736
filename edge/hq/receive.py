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

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from edge.contracts.envelope import Id
from edge.contracts.errors import ContractError
from edge.contracts.facts import (
    AlertBody,
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
_ABOUT_A_MEMBER = (ArrivalBody, VisitBody, SaleBody, NoteBody, MemberBody)
_ABOUT_A_VISIT = (ArrivalBody, VisitBody, AlertBody, NoteBody)


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
        return self.body.member if isinstance(self.body, _ABOUT_A_MEMBER) else None

    @property
    def visit(self) -> str | None:
        """The visit the item is about."""
        return self.body.visit_id if isinstance(self.body, _ABOUT_A_VISIT) else None

    @property
    def content(self) -> FactBody | dict[str, str]:
        """What is left of the body, for the facts table; something msgspec can write down as a JSON object."""
        return {"kind": self.kind} if self.body is None else self.body


class Refused(Struct, frozen=True):
    """An item HQ does not file. id and member are None where none could be read."""

    id: str | None
    code: str
    hint: str
    raw: bytes
    member: str | None = None


Judgement = Accepted | Refused
Check = Callable[[str, Any], str | None]


def judge(raw: bytes, store: str) -> Judgement:
    """One raw item from the hub of `store`."""
    try:
        fact = read_fact(raw)
    except ContractError as error:
        return _refused(raw, error.code, error.hint)
    if fact.store != store:
        return _refused(raw, "wrong_store", "Send facts of the store whose token is used; check token_file and store.")
    wrong = _out_of_bounds(fact)
    if wrong:
        return _refused(raw, "out_of_bounds", wrong)
    return Accepted(fact.id, fact.at, _kind(fact.body), fact.body, raw, fact.test)


def erasures(judged: Iterable[Judgement]) -> frozenset[str]:
    """Members whom this batch asks to forget. A probe's fact forgets nobody."""
    bodies = (item.body for item in judged if isinstance(item, Accepted) and not item.test)
    return frozenset(body.member for body in bodies if isinstance(body, ErasureBody))


def mentioned(judged: Iterable[Judgement]) -> frozenset[str]:
    """Members whom the batch speaks about."""
    return frozenset(member for item in judged if (member := item.member))


def without_erased(judged: Iterable[Judgement], tombstones: frozenset[str]) -> list[Judgement]:
    """The same items, those about erased members without the person, unsigned notes about their visits included."""
    items = list(judged)
    if not tombstones:
        return items
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


def _kind(body: FactBody) -> str:
    return str(body.__struct_config__.tag)


def _out_of_bounds(fact: Fact) -> str | None:
    """What is wrong with a value that is well-formed and yet cannot be kept."""
    body = fact.body
    if isinstance(body, SaleBody) and not _is_decimal(body.unit_price):
        return "unit_price is a decimal number as text, like 2.55."
    return _moment_out_of_bounds("at", fact.at) or _body_out_of_bounds(body)


def _body_out_of_bounds(body: Struct, within: str = "") -> str | None:
    for name, check in _looked_at(type(body)):
        wrong = check(name, getattr(body, name))
        if wrong:
            return within + wrong
    return None


@cache
def _looked_at(shape: type[Struct]) -> tuple[tuple[str, Check], ...]:
    """The fields of a body that need a look, and who looks; ids, names and words from a list are bounded by their pattern."""
    info = msgspec.inspect.type_info(shape)
    assert isinstance(info, msgspec.inspect.StructType)
    checks = ((field.name, _check(field.type)) for field in info.fields)
    return tuple((name, check) for name, check in checks if check)


def _check(kind: msgspec.inspect.Type) -> Check | None:
    """Who looks at values of this type. None: nobody has to."""
    if isinstance(kind, msgspec.inspect.Metadata):
        return _check(kind.type)
    if isinstance(kind, msgspec.inspect.UnionType):
        check = next((check for one in kind.types if (check := _check(one))), None)
        return check and (lambda name, value: None if value is None else check(name, value))
    if isinstance(kind, msgspec.inspect.StrType) and kind.pattern is not None:
        return None
    return _CHECKS.get(type(kind))


def _text_out_of_bounds(name: str, value: str) -> str | None:
    if "\x00" in value:
        return f"{name} holds a NUL character; take it out."
    if len(value) > _KEY_MAX_CHARS and name in _KEY_TEXTS:
        return f"{name} is longer than {_KEY_MAX_CHARS} characters."
    return None


def _number_out_of_bounds(name: str, value: int) -> str | None:
    return None if -_INT64 <= value < _INT64 else f"{name} needs more than 64 bits."


def _moment_out_of_bounds(name: str, value: datetime) -> str | None:
    # the zone can carry only the first and the last year over the edge
    inside = 1 < value.year < 9999 or _is_in_calendar(value)
    return None if inside else f"{name} is outside the years 1 to 9999 in UTC."


def _list_out_of_bounds(name: str, value: list[str]) -> str | None:
    return next((wrong for part in value if (wrong := _text_out_of_bounds(name, part))), None)


# What can be out of bounds, by its declared type: a fact's fields are looked at by the hundred thousand after an import.
_CHECKS: dict[type[msgspec.inspect.Type], Check] = {
    msgspec.inspect.StrType: _text_out_of_bounds,
    msgspec.inspect.IntType: _number_out_of_bounds,
    msgspec.inspect.DateTimeType: _moment_out_of_bounds,
    msgspec.inspect.ListType: _list_out_of_bounds,
    msgspec.inspect.StructType: lambda name, value: _body_out_of_bounds(value, f"{name}."),
}


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
