"""What the hub gives its kiosks over HTTP: keyed hashes, opaque references, language, greeting level. No name.

`GET /api/v1/directory?after=CURSOR&limit=N` with the kiosk's bearer token, oldest change first.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Struct

from edge.contracts.arrival import Token
from edge.contracts.envelope import Id

DIRECTORY_MAX_PAGE = 5000
CardState = Literal["active", "blocked", "gone"]
GreetingLevel = Literal["name", "nameless"]


class DirectoryEntry(Struct, frozen=True, omit_defaults=True):
    """One card's newest state.

    state: `gone` removes the token (card withdrawn, member erased); `blocked` is a card reported lost.
    greeting: `name` if the member asked to be greeted by name; the name itself comes only in the hub's answer.
    not_today: the member's standing wish to be left alone.
    """

    token: Token
    state: CardState
    member: Id | None = None
    language: str | None = None
    greeting: GreetingLevel = "nameless"
    not_today: bool = False


class DirectoryPage(Struct, frozen=True):
    """key: mark of the card key the tokens were made with and of the database the cursor counts in. Another mark, or a `next`
    below the cursor asked with (the database was restored), means: start again from 0.

    hub_key: the hub's public key for evidence, base64. next: the cursor to ask with. more: ask again at once.
    """

    entries: Annotated[list[DirectoryEntry], msgspec.Meta(max_length=DIRECTORY_MAX_PAGE)]
    next: int
    more: bool
    key: str
    hub_key: str
