"""Pure. What to offer: first what a project lacks, then what is bought with what they bought. In stock before out of stock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from edge.crm.material import Material, Product, support_of
from edge.crm.projects import Missing, progress
from edge.crm.receipts import Holding
from edge.crm.tact import may_be_said
from edge.crm.words import day, spoken

MOST_OFFERS = 5
# Of what is bought with one product; the next product has its say too.
_MOST_PER_PRODUCT = 2


@dataclass(frozen=True, slots=True)
class Offer:
    """A product and why. item: without aisle, stock and price where the catalogue does not know them."""

    item: Product
    because: str


def missing_offers(missing: tuple[Missing, ...], material: Material, today: date) -> list[Offer]:
    """What a project lacks, as offers; what must not be voiced is left out."""
    found = [_missing_offer(one, material, today) for one in missing]
    return [offer for offer in found if offer is not None]


def offers(material: Material, today: date) -> list[Offer]:
    """At most five, no product twice; what is on the shelf comes first."""
    found: dict[str, Offer] = {}
    for project in material.projects:
        if project.state == "in_progress" and may_be_said(project.title):
            for offer in missing_offers(progress(project, material).missing, material, today):
                found.setdefault(offer.item.code, offer)
    for offer in _by_receipts(material, today):
        found.setdefault(offer.item.code, offer)
    on_shelf_first = sorted(found.values(), key=lambda offer: offer.item.stock is not None and offer.item.stock <= 0)
    return on_shelf_first[:MOST_OFFERS]


def _missing_offer(missing: Missing, material: Material, today: date) -> Offer | None:
    item = material.catalogue.get(missing.code)
    if item is None or not may_be_said(item.name, category=item.category):
        return None
    return Offer(item, _why(missing, material, today))


def _why(missing: Missing, material: Material, today: date) -> str:
    if missing.goes_with is None:
        return "planned for the project"
    base = missing.goes_with
    if not may_be_said(base.name, category=material.category(base.code), gift=base.gift):
        return "belongs to the project"
    pair = support_of(material, missing.code, base.code)
    name = spoken(base.name)
    return f"goes with {name} ({pair.support})" if pair else f"goes with {name}, bought {day(base.last_on, today)}"


def _by_receipts(material: Material, today: date) -> list[Offer]:
    held = material.held()
    found = []
    for base in held.values():
        if may_be_said(base.name, category=material.category(base.code), gift=base.gift):
            found += _companions_of(base, held, material)
    return found


def _companions_of(base: Holding, held: dict[str, Holding], material: Material) -> list[Offer]:
    found = []
    for pair in material.companions.get(base.code, ()):
        item = material.catalogue.get(pair.code)
        if item is not None and pair.code not in held and may_be_said(item.name, category=item.category):
            found.append(Offer(item, f"goes with {spoken(base.name)} ({pair.support})"))
    return found[:_MOST_PER_PRODUCT]
