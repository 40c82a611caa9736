"""Pure. What a member bought: lines, receipts, and what is left of it once credit notes have taken their part back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from edge.contracts.money import Money

LineKind = Literal["sale", "credit", "non_product", "set_aside"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a receipt.

    (source, invoice, ordinal) is its identity. sold_on: the day by the store's clock; sold_at: UTC text
    that sorts by time. quantity: negative on a credit note.
    unit_price: major units. amount: exact. gift: the receipt says it was bought for somebody else.
    """

    source: str
    invoice: str
    ordinal: int
    sold_on: date
    sold_at: str
    code: str
    name: str
    quantity: int
    unit_price: Decimal
    amount: Money
    kind: LineKind = "sale"
    gift: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """All lines of one invoice, in their order. total: every line of it, fees and discounts too; credits are negative."""

    source: str
    invoice: str
    sold_on: date
    sold_at: str
    lines: tuple[Line, ...]
    total: Money

    @property
    def is_credit(self) -> bool:
        """Whether the receipt only gives back."""
        return all(line.quantity < 0 for line in self.lines)


@dataclass(frozen=True, slots=True)
class Holding:
    """What a member still has of one product: bought less credited.

    quantity, amount: net. times: receipts it stands on. last_*: of the newest purchase. gift: ever bought as one.
    """

    code: str
    name: str
    quantity: int
    amount: Money
    times: int
    last_on: date
    last_at: str
    last_receipt: str
    gift: bool


def receipts(lines: Iterable[Line]) -> list[Receipt]:
    """Lines grouped to receipts, newest first. Lines set aside (stock movements, samples at no price) are no purchase."""
    grouped: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        if line.kind != "set_aside":
            grouped.setdefault((line.source, line.invoice), []).append(line)
    found = [_receipt(source, invoice, group) for (source, invoice), group in grouped.items()]
    return sorted(found, key=lambda receipt: (receipt.sold_at, receipt.source, receipt.invoice), reverse=True)


def holdings(lines: Iterable[Line]) -> dict[str, Holding]:
    """Per product what is left after credits: newest receipt first, on it the dearest. What was wholly returned is left out."""
    grouped: dict[str, list[Line]] = {}
    for line in lines:
        if line.kind in ("sale", "credit"):
            grouped.setdefault(line.code, []).append(line)
    held = [holding for holding in map(_holding, grouped.values()) if holding is not None and holding.quantity > 0]
    held.sort(key=lambda holding: holding.code)
    held.sort(key=lambda holding: (holding.last_at, holding.last_receipt, holding.amount.minor), reverse=True)
    return {holding.code: holding for holding in held}


def total(lines: Sequence[Line]) -> Money:
    """Exact sum of the lines' amounts; there must be at least one line."""
    result = Money(0, lines[0].amount.currency)
    for line in lines:
        result += line.amount
    return result


def _receipt(source: str, invoice: str, group: list[Line]) -> Receipt:
    ordered = tuple(sorted(group, key=lambda line: line.ordinal))
    newest = max(ordered, key=lambda line: line.sold_at)
    return Receipt(source, invoice, newest.sold_on, newest.sold_at, ordered, total(ordered))


def _holding(lines: list[Line]) -> Holding | None:
    bought = [line for line in lines if line.kind == "sale"]
    if not bought:  # a credit for something bought before the history begins
        return None
    newest = max(bought, key=lambda line: (line.sold_at, line.invoice, line.ordinal))
    return Holding(
        code=newest.code,
        name=newest.name,
        quantity=sum(line.quantity for line in lines),
        amount=total(lines),
        times=len({(line.source, line.invoice) for line in bought}),
        last_on=newest.sold_on,
        last_at=newest.sold_at,
        last_receipt=newest.invoice,
        gift=any(line.gift for line in bought),
    )
