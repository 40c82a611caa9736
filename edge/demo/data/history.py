"""Pure. Eighteen months of made-up receipts: jobs people do, with what belongs to them, and small change in between."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from edge.demo.data.products import DemoProduct

DAYS = 548
_JOB_SIZES = (1, 1, 2, 2, 3, 6)


@dataclass(frozen=True, slots=True)
class DemoReceipt:
    """member: reference, or None for a customer without a card. minute: of the store's day. items: code, quantity, price."""

    days_ago: int
    minute: int
    member: str | None
    items: tuple[tuple[str, int, str], ...]
    gift: bool = False
    is_credit: bool = False


class History:
    """Draws receipts. rng: seeded by the caller; the same seed gives the same history."""

    def __init__(self, catalogue: list[DemoProduct], rng: Random) -> None:
        self._by_code = {product.code: product for product in catalogue}
        self._rng = rng
        self._bases = [product for product in catalogue if product.goes_with]
        self._small = [product for product in catalogue if Decimal(product.price) < 10 and product.category != "gift"]

    def receipt(self, member: str | None, newest_days_ago: int = 0) -> DemoReceipt:
        """One visit to the store: mostly a job, sometimes just a few small things."""
        rng = self._rng
        codes = self._job() if rng.random() < 0.7 else []
        while len(codes) < 1 or rng.random() < 0.25:
            codes.append(rng.choice(self._small).code)
        items = tuple((code, self._quantity(code), self._by_code[code].price) for code in dict.fromkeys(codes))
        return DemoReceipt(rng.randint(max(1, newest_days_ago), DAYS), self.minute(), member, items)

    def minute(self) -> int:
        """Between eight in the morning and six in the evening."""
        return self._rng.randint(8 * 60, 18 * 60 - 1)

    def price(self, code: str) -> str:
        """As in the catalogue."""
        return self._by_code[code].price

    def _job(self) -> list[str]:
        base = self._rng.choice(self._bases)
        belongs = [code for place, code in enumerate(base.goes_with) if self._rng.random() < (0.75 if place < 3 else 0.35)]
        return [base.code, *belongs]

    def _quantity(self, code: str) -> int:
        size = self._rng.choice(_JOB_SIZES)
        return size * 10 if code in ("T102", "T103", "T104") else size
