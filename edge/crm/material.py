"""Pure. Everything the store remembers about one member, as it is given to the rules that make talking points of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from edge.crm.goes_with import Companion
from edge.crm.receipts import Holding, Line, holdings

ProjectState = Literal["in_progress", "waiting", "done"]
NoteTopic = Literal["how_it_went", "preference", "project", "other"]


@dataclass(frozen=True, slots=True)
class Product:
    """aisle, bay, stock and price are None where the catalogue does not know them. category: for the tact filter."""

    code: str
    name: str
    aisle: str | None = None
    bay: str | None = None
    stock: int | None = None
    unit_price: Decimal | None = None
    currency: str = "GBP"
    category: str = ""

    @property
    def where(self) -> str | None:
        """`7, bay 3`."""
        return None if self.aisle is None else self.aisle if self.bay is None else f"{self.aisle}, bay {self.bay}"


@dataclass(frozen=True, slots=True)
class Project:
    """scope: product codes the project was planned with. next_step: what was agreed, or None."""

    project_id: str
    title: str
    state: ProjectState
    started_on: date
    scope: tuple[str, ...]
    next_step: str | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """kind `ask`: how did it turn out? `promise`: something the store said it would do. due_on: not before that day."""

    follow_up_id: str
    kind: Literal["ask", "promise"]
    text: str
    due_on: date


@dataclass(frozen=True, slots=True)
class Complaint:
    """An open complaint: what about, since when, what the store has promised."""

    complaint_id: str
    text: str
    opened_on: date
    promised: str | None = None


@dataclass(frozen=True, slots=True)
class Preference:
    """How they like to be served. because: how the store came to know."""

    text: str
    because: str


@dataclass(frozen=True, slots=True)
class Note:
    """What an associate wrote down. went_well: whether they found what they came for, or None."""

    text: str
    topic: NoteTopic
    author: str
    written_on: date
    went_well: bool | None = None


@dataclass(frozen=True, slots=True)
class Material:
    """One member. lines: their receipts. since: the day they joined. own_associate: who usually serves them, as a display name.

    catalogue: products that are spoken of. links: per product what the catalogue says goes with it. companions: per product
    what other receipts say.
    """

    member: str
    since: date | None = None
    language: str | None = None
    own_associate: str | None = None
    lines: Sequence[Line] = ()
    projects: Sequence[Project] = ()
    follow_ups: Sequence[FollowUp] = ()
    complaints: Sequence[Complaint] = ()
    preferences: Sequence[Preference] = ()
    notes: Sequence[Note] = ()
    catalogue: Mapping[str, Product] = field(default_factory=dict)
    links: Mapping[str, Sequence[str]] = field(default_factory=dict)
    companions: Mapping[str, Sequence[Companion]] = field(default_factory=dict)

    def held(self, since: date | None = None) -> dict[str, Holding]:
        """What they have, net of credits, newest first; `since`: counting receipts of that day and later only."""
        return holdings(line for line in self.lines if since is None or line.sold_on >= since)

    def category(self, code: str) -> str:
        """The product's category, or an empty text."""
        product = self.catalogue.get(code)
        return product.category if product else ""


def support_of(material: Material, code: str, goes_with: str) -> Companion | None:
    """What the receipts say of this pair, or None where it is too rare to count."""
    return next((pair for pair in material.companions.get(goes_with, ()) if pair.code == code), None)
