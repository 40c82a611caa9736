"""A person at the console changes or forgets a member. The console's forms and the JSON interface end here."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from flask import Blueprint, Response
from msgspec import Struct

from edge.contracts.envelope import Id
from edge.contracts.feed import MemberChange
from edge.hq.api.replies import Refusal, body_as, reply
from edge.hq.api.sessions import require_person
from edge.hq.members import MemberRow
from edge.hq.parts import Parts
from edge.hq.store import erasure, people
from edge.process.logs import get_logger

log = get_logger(part="members")
Language = Annotated[str, msgspec.Meta(pattern=r"^([a-z]{2,3}(-[A-Za-z0-9]{2,8})?)?$(?!\n)", description="BCP 47, or empty")]
MemberName = Annotated[str, msgspec.Meta(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]


class MemberEdit(Struct, frozen=True, omit_defaults=True):
    """What to change. None leaves as it is; an empty text takes away."""

    name: MemberName | None = None
    language: Language | None = None
    greeting: Literal["name", "nameless"] | None = None


class MemberState(Struct, frozen=True):
    """A member as HQ now knows them; stores: which stores were told."""

    member: Id
    name: str | None
    language: str | None
    greeting: Literal["name", "nameless"]
    stores: list[str]


class Erased(Struct, frozen=True):
    """The member is forgotten here, and the hubs will hear of it with their next look at the feed."""

    member: Id
    erased: bool = True


def member_routes(parts: Parts) -> Blueprint:
    """`PATCH /api/v1/members/{ref}` and `POST /api/v1/members/{ref}/erase`: console session and X-Shopbell-Csrf."""
    routes = Blueprint("members", __name__)

    @routes.patch("/api/v1/members/<ref>")
    def edit(ref: str) -> Response:
        require_person(parts)
        return reply(edit_member(parts, ref, body_as(MemberEdit, "a change of a member")))

    @routes.post("/api/v1/members/<ref>/erase")
    def erase(ref: str) -> Response:
        require_person(parts)
        return reply(erase_member(parts, ref))

    return routes


def edit_member(parts: Parts, ref: str, change: MemberEdit) -> MemberState:
    """Change a member at every store, or Refusal 404."""
    name = change.name.strip() if change.name is not None else None
    told = MemberChange(ref, name, change.language, change.greeting)
    rows = people.edit(parts.database, told, parts.clock.now())
    if not rows:
        raise _unknown()
    log.info("member_changed", stores=len(rows))
    return _state(rows)


def erase_member(parts: Parts, ref: str) -> Erased:
    """Forget a member everywhere, or Refusal 404."""
    if not erasure.erase(parts.database, ref, "console", parts.clock.now()):
        raise _unknown()
    log.info("member_erased")
    return Erased(ref)


def _state(rows: list[MemberRow]) -> MemberState:
    newest = max(rows, key=lambda row: row.changed_at)
    stores = sorted(row.store for row in rows)
    return MemberState(newest.member, newest.name, newest.language, newest.greeting, stores)


def _unknown() -> Refusal:
    hint = "Look the member up in the console: the reference is mistyped, or the member was erased."
    return Refusal(404, "member_unknown", "a member", hint)
