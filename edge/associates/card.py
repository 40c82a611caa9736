"""Pure. The client card: the page that tells the associate what matters about this member now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from edge.contracts.http import CardLine, ClientCard, ProjectView, Purchase, ShelfItem
from edge.contracts.money import line_amount
from edge.crm.material import Material, Note, Project
from edge.crm.offers import Offer, missing_offers, offers
from edge.crm.projects import progress
from edge.crm.receipts import Line, Receipt, receipts
from edge.crm.tact import may_be_said, veiled
from edge.crm.talking import Point, open_issues, questions, served_how
from edge.crm.words import day, glance, month, price, product

MOST_RECEIPTS = 12
MOST_LINES = 8
MOST_NOTES = 8
_STATES = {"in_progress": "in progress since", "waiting": "waiting, begun", "done": "done, begun"}
_STATE_ORDER = ("in_progress", "waiting", "done")
_TYPED = CardLine(text="Card number was typed: ask before you name anything", because="assurance typed")


def compose(
    material: Material, *, visit_id: str, who: str | None, reason: str | None, assurance: str | None, today: date
) -> ClientCard:
    """The card of a member. who: how to call them, as far as the member allows; today: the day by the store's clock."""
    return ClientCard(
        visit_id=visit_id,
        member=material.member,
        who=who,
        member_since=month(material.since) if material.since else None,
        reason=reason,
        ask=_lines(questions(material, today)),
        offer=[_shelf(offer) for offer in offers(material, today)],
        open_issues=([_TYPED] if assurance == "typed" else []) + _lines(open_issues(material, today)),
        served_how=_lines(served_how(material, today)),
        projects=[_project(project, material, today) for project in _in_order(material.projects)],
        purchases=[_purchase(receipt, material, today) for receipt in receipts(material.lines)[:MOST_RECEIPTS]],
        notes=[_note(note, today) for note in _newest(material.notes)],
        assurance=assurance,
    )


def compose_unknown(*, visit_id: str, who: str | None, reason: str | None, assurance: str | None) -> ClientCard:
    """The card of a guest or a stranger: nothing is known, so nothing is guessed."""
    ask = [CardLine(text="What brings you in today?", because="no history: nobody is known by this arrival")]
    return ClientCard(
        visit_id=visit_id,
        member=None,
        who=who,
        member_since=None,
        reason=reason,
        ask=ask,
        offer=[],
        open_issues=[],
        served_how=[],
        projects=[],
        purchases=[],
        notes=[],
        assurance=assurance,
    )


def _lines(points: Iterable[Point]) -> list[CardLine]:
    return [CardLine(text=point.text, because=point.because) for point in points]


def _shelf(offer: Offer) -> ShelfItem:
    item = offer.item
    return ShelfItem(
        product_code=item.code,
        name=product(item.name),
        aisle=item.where,
        stock=item.stock,
        price=None if item.unit_price is None else price(line_amount(item.unit_price, 1, item.currency)),
        because=offer.because,
    )


def _in_order(projects: Iterable[Project]) -> list[Project]:
    shown = [project for project in projects if may_be_said(project.title)]
    return sorted(shown, key=lambda project: (_STATE_ORDER.index(project.state), -project.started_on.toordinal()))


def _project(project: Project, material: Material, today: date) -> ProjectView:
    state = progress(project, material)
    since = f"{_STATES[project.state]} {day(project.started_on, today)}"
    return ProjectView(
        title=project.title,
        state=f"{since}; next: {glance(project.next_step)}" if project.next_step else since,
        bought=[f"{holding.quantity} × {_named(holding.name, holding.code, material)}" for holding in state.bought],
        missing=[] if project.state == "done" else [_shelf(offer) for offer in missing_offers(state.missing, material, today)],
    )


def _purchase(receipt: Receipt, material: Material, today: date) -> Purchase:
    lines = [_line(line, material) for line in receipt.lines]
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"and {len(lines) - MOST_LINES + 1} more lines"]
    return Purchase(sold_on=day(receipt.sold_on, today), receipt=receipt.invoice, lines=lines, total=price(receipt.total))


def _line(line: Line, material: Material) -> str:
    text = f"{abs(line.quantity)} × {_named(line.name, line.code, material)}"
    if line.kind == "non_product":
        text = product(line.name)
    return f"returned: {text}" if line.quantity < 0 and line.kind == "credit" else text


def _named(name: str, code: str, material: Material) -> str:
    """The product's name, or a veil where another customer glancing at the phone would learn too much."""
    return "a private item" if veiled(name, category=material.category(code)) else glance(product(name), 60)


def _newest(notes: Iterable[Note]) -> list[Note]:
    return sorted(notes, key=lambda note: note.written_on, reverse=True)[:MOST_NOTES]


def _note(note: Note, today: date) -> CardLine:
    ending = {True: "; found what they came for", False: "; did not find what they came for", None: ""}[note.went_well]
    return CardLine(text=note.text, because=f"note by {note.author} on {day(note.written_on, today)}{ending}")
