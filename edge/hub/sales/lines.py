"""Pure. A line of a sales file, judged; and the rows that could not be."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct

LineKind = Literal["sale", "credit", "non_product", "set_aside"]


class SaleLine(Struct, frozen=True, array_like=True):
    """One line as it will be stored.

    line: its number in the file, the header being 1. price: exact decimal text in major units. sold_at: UTC, RFC 3339;
    sold_on: the day by the store's clock. kind, why: what it is, and for a line set aside the reason. notes: what was done
    to read it (time_ambiguous, time_shifted, read_as_cp1252).
    """

    invoice: str
    line: int
    code: str
    name: str
    quantity: int
    price: str
    sold_at: str
    sold_on: str
    customer: str | None
    country: str | None
    kind: LineKind
    why: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def money(self) -> Decimal:
        """Price times quantity, not rounded."""
        return Decimal(self.price) * self.quantity


class Refused(Struct, frozen=True):
    """A row that cannot be taken. line: in the file. money: price times quantity where both could be read, else None."""

    line: int
    code: str
    hint: str
    row: str
    money: Decimal | None = None


class FileTrouble(Struct, frozen=True):
    """Something wrong with a whole file; rows read before it count."""

    file: str
    code: str
    hint: str
