"""Exact money: whole numbers of the currency's minor unit for amounts, decimals for unit prices, never floats."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Struct

Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="ISO 4217")]

# ISO 4217 minor units of currencies that do not have two.
_MINOR_UNITS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3}


def minor_units(currency: str) -> int:
    """Number of decimals of a currency's minor unit (2 for most)."""
    return _MINOR_UNITS.get(currency, 2)


class Money(Struct, frozen=True):
    """minor: whole minor units (cents), may be negative; currency: ISO 4217."""

    minor: int
    currency: Currency

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.minor + other.minor, self.currency)


def line_amount(unit_price: Decimal, quantity: Decimal | int, currency: str) -> Money:
    """Price of one line, rounded once, half to even, to the currency's minor unit."""
    return Money(round((unit_price * quantity).scaleb(minor_units(currency))), currency)


def exact(money: Money) -> Decimal:
    """The amount in major units."""
    return Decimal(money.minor).scaleb(-minor_units(money.currency))


def major(money: Money) -> str:
    """`"15.30"`: the amount in major units as text, exact."""
    return f"{exact(money):.{minor_units(money.currency)}f}"
