"""Facts: append-only records that travel hub to HQ over `POST /api/v1/facts`, answered one by one.

Items stay raw until each is read by itself, so one bad item never blocks the rest.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Struct

from edge.contracts.arrival import Token
from edge.contracts.envelope import ClockQuality, Id, Instant, check_version, shape_only
from edge.contracts.errors import ContractError
from edge.contracts.money import Money
from edge.contracts.names import Name
from edge.contracts.outcomes import ArrivalOutcome, Assurance, FactResult, Reason

FACTS_MAX_BATCH = 500
FACT_MAX_BYTES = 16384


class ArrivalBody(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="arrival"):
    """An arrival as the hub filed it. For `not_today` there is no member."""

    arrival_id: Id
    rev: int
    visit_id: Id | None
    door: Name
    outcome: ArrivalOutcome
    arrived_at: Instant
    member: Id | None = None
    reason: Reason | None = None
    assurance: Assurance | None = None


class VisitBody(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="visit"):
    """A visit in its newest state: arrivals of one shopper close in time, from several doors."""

    visit_id: Id
    rev: int
    started_at: Instant
    last_arrival_at: Instant
    member: Id | None = None
    reason: Reason | None = None


class NoteBody(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="note"):
    """What an associate wrote down: how it went, a preference."""

    note_id: Id
    visit_id: Id | None
    member: Id | None
    author: Name
    text: Annotated[str, msgspec.Meta(max_length=2000)]
    topic: Literal["how_it_went", "preference", "project", "other"] = "how_it_went"


class AlertBody(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="alert_outcome"):
    """How an alert ended. No associate is named: staff are not watched (DESIGN section 6)."""

    alert_id: Id
    visit_id: Id
    end: Literal["served", "withdrawn", "expired"]


class SaleBody(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="sale"):
    """One line of a receipt; negative quantities are what a credit note takes back.

    Identity is (source, invoice, ordinal). product_code of a non-product line (postage, fee) stands as it is.
    unit_price: decimal text in major units; amount: exact minor units.
    """

    source: str
    invoice: str
    ordinal: int
    sold_at: Instant
    product_code: str
    description: str
    quantity: int
    unit_price: str
    amount: Money
    member: Id | None = None
    line_kind: Literal["sale", "credit", "non_product", "set_aside"] = "sale"


class MemberBody(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="member"):
    """A member as the hub knows them; rev rises with every change at this hub."""

    member: Id
    rev: int
    name: str | None = None
    language: str | None = None
    greeting: Literal["name", "nameless"] = "nameless"
    origin: str | None = None


class ErasureBody(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="erasure"):
    """A tombstone: it wins over every later fact about this member."""

    member: Id


class DeviceBody(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="device"):
    """A device came, went, or changed what is wrong with it."""

    device_kind: Literal["kiosk", "hub", "associate"]
    name: Name
    online: bool
    since: Instant
    version: str
    problems: list[str] = []


class ProofBody(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="proof"):
    """A card or a member's code proved itself, or a message of one of ours was refused as a copy. It names nobody.

    tag: keyed hash of the tag or pass, the same in all stores that hold the key. counter: reads of the tag, or the half-minute
    of the code. accepted: whether the hub believed it. alarm: what made it ring the clone alarm, or None. clock: how good the
    clock is by which `came_at` was taken; who does not say is not believed about times.
    """

    proof_id: Id
    medium: Literal["nfc", "code"]
    tag: Token
    counter: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    door: Name
    came_at: Instant
    accepted: bool
    alarm: Literal["replayed", "rolled_back", "jumped", "retired", "copied", "two_doors"] | None = None
    clock: ClockQuality = "free"


FactBody = ArrivalBody | VisitBody | NoteBody | AlertBody | SaleBody | MemberBody | ErasureBody | DeviceBody | ProofBody


class Fact(Struct, frozen=True, omit_defaults=True):
    """id: UUIDv7, the identity by which HQ takes a fact once. test: from a probe, excluded from every report."""

    v: str
    id: Id
    store: Name
    at: Instant
    body: FactBody
    test: bool = False


class FactBatch(Struct, frozen=True):
    """Request body: at most 500 facts."""

    facts: list[msgspec.Raw]


class FactAnswer(Struct, frozen=True, omit_defaults=True):
    """What became of one item of the batch, at the same index. `id` is None where the item had no readable one."""

    id: str | None
    result: FactResult
    code: str | None = None
    hint: str | None = None


class FactAnswers(Struct, frozen=True):
    """Response body: as many results as there were items, in their order."""

    results: list[FactAnswer]


_TRIED = "a fact"
_FACT = msgspec.json.Decoder(Fact)


def read_fact(raw: bytes) -> Fact:
    """One item of a batch, or ContractError: too_large, malformed, version_unknown, kind_unknown."""
    if len(raw) > FACT_MAX_BYTES:
        raise ContractError("too_large", _TRIED, f"Send at most {FACT_MAX_BYTES} bytes a fact.")
    try:
        fact = _FACT.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unread(raw, error) from None
    check_version(fact.v, _TRIED)
    return fact


def _unread(raw: bytes, error: Exception) -> ContractError:
    """Why it is no fact: not even a head, made by a newer version, of a kind nobody knows, or wrong inside."""
    try:
        head = _FACT_HEAD.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ContractError("malformed", _TRIED, "Send a JSON object with v, id, store, at and body.")
    try:
        check_version(head.v, _TRIED)
    except ContractError as newer:
        return newer
    if head.body.kind not in FACT_KINDS:
        return ContractError("kind_unknown", _TRIED, f"Known kinds: {', '.join(sorted(FACT_KINDS))}.")
    return ContractError("malformed", _TRIED, shape_only(error))


class _BodyHead(Struct):
    kind: str


class _FactHead(Struct):
    v: str
    body: _BodyHead


_FACT_HEAD = msgspec.json.Decoder(_FactHead)


FACT_KINDS: frozenset[str] = frozenset(
    {"arrival", "visit", "note", "alert_outcome", "sale", "member", "erasure", "device", "proof"}
)
