"""The feed: what HQ sends hub-wards. `GET /api/v1/feed?after=SEQ&limit=N` with the hub's bearer token."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Struct

from edge.contracts.arrival import Token
from edge.contracts.envelope import Id

FEED_MAX_PAGE = 500


class MemberChange(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="member"):
    """A member was made or changed at HQ. None means: leave as it is; an empty name takes the name away."""

    member: Id
    name: Annotated[str, msgspec.Meta(max_length=80)] | None = None
    language: str | None = None
    greeting: Literal["name", "nameless"] | None = None


class CardChange(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="card"):
    """A card now belongs to a member, is blocked, or is gone. card_id: canonical (edge.contracts.card_id).

    provable: whether the card can prove that it is no copy; None leaves what the hub knows.
    """

    card_id: str
    state: Literal["active", "blocked", "gone"]
    member: Id | None = None
    provable: bool | None = None


class Erasure(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="erasure"):
    """Forget this member: a tombstone that wins over any later fact."""

    member: Id


class TagChange(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="tag"):
    """Two stores saw what can hardly be one card (`doubted`), or somebody has looked after that (`cleared`). It names nobody.

    tag: keyed hash of the tag or pass, as the proofs carry it that stores send to HQ.
    """

    tag: Token
    state: Literal["doubted", "cleared"]


FeedBody = MemberChange | CardChange | Erasure | TagChange


class FeedItem(Struct, frozen=True):
    """seq: rises without end, unique at HQ; the hub stores the highest it has applied."""

    seq: int
    body: FeedBody


class FeedPage(Struct, frozen=True):
    """next: the cursor to ask with; more: ask again at once."""

    items: list[FeedItem]
    next: int
    more: bool
