"""Bodies of the HTTP interfaces that are not facts, feed or directory. docs/messages.md shows them in use."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Struct

from edge.contracts.alert import Alert
from edge.contracts.envelope import Id
from edge.contracts.names import Name
from edge.contracts.outcomes import Caution


class Problem(Struct, frozen=True, omit_defaults=True):
    """code: stable; message: what was tried; hint: what to do next."""

    code: str
    message: str
    hint: str


class ErrorBody(Struct, frozen=True):
    """Every HTTP error of hub and HQ has this body."""

    error: Problem


class SignIn(Struct, frozen=True):
    """`POST /api/v1/session` at the hub. pin: 6 to 64 characters."""

    associate: Name
    pin: Annotated[str, msgspec.Meta(min_length=4, max_length=64)]


class Broker(Struct, frozen=True):
    """Where and as whom the phone listens; the password lives as long as the session."""

    url: str
    username: str
    password: str
    alert_topic: str
    status_topic: str


class Session(Struct, frozen=True):
    """Who is signed in. csrf: to be sent as X-Shopbell-Csrf with every request that changes something."""

    associate: Name
    display_name: str
    store: Name
    store_name: str
    csrf: str
    expires_in_s: int
    broker: Broker


class Alerts(Struct, frozen=True):
    """`GET /api/v1/alerts`: what this associate has to know now: open ones meant for them, their own claims, and what a
    colleague has taken (so that nobody walks up in vain)."""

    alerts: list[Alert]


class NewNote(Struct, frozen=True, omit_defaults=True):
    """`POST /api/v1/visits/{visit_id}/notes`. outcome: did they find what they came for."""

    text: Annotated[str, msgspec.Meta(max_length=2000)]
    topic: Literal["how_it_went", "preference", "project", "other"] = "how_it_went"
    went_well: bool | None = None


class CardLine(Struct, frozen=True, omit_defaults=True):
    """One thing worth saying or knowing, with the rule or receipt it rests on.

    text: readable in two seconds; because: "receipt 536365 of 1 March", "follow-up of 3 May", "goes with X (18 of 40 baskets)".
    """

    text: str
    because: str


class ShelfItem(Struct, frozen=True, omit_defaults=True):
    """A product to offer: where it is and how many there are. price: exact text in major units with currency."""

    product_code: str
    name: str
    aisle: str | None
    stock: int | None
    price: str | None
    because: str


class Purchase(Struct, frozen=True, omit_defaults=True):
    """One receipt, newest first. lines: short texts; total: exact text with currency, credit notes negative."""

    sold_on: str
    receipt: str
    lines: list[str]
    total: str


class ProjectView(Struct, frozen=True, omit_defaults=True):
    """A project in progress: title, state, what was bought for it, what is still missing."""

    title: str
    state: str
    bought: list[str]
    missing: list[ShelfItem]


class ClientCard(Struct, frozen=True, omit_defaults=True):
    """`GET /api/v1/visits/{visit_id}/card`: what matters about this member now.

    who: how to call them, or None. served_how: how they like to be served. open_issues: complaints and follow-ups first.
    """

    visit_id: Id
    member: Id | None
    who: str | None
    member_since: str | None
    reason: str | None
    ask: list[CardLine]
    offer: list[ShelfItem]
    open_issues: list[CardLine]
    served_how: list[CardLine]
    projects: list[ProjectView]
    purchases: list[Purchase]
    notes: list[CardLine]
    assurance: str | None = None
    caution: Caution | None = None
