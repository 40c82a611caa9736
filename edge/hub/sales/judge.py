"""Pure. One row of text to a judged line, or why it is refused and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from msgspec import Struct

from edge.hub.sales.lines import LineKind, Refused, SaleLine
from edge.hub.sales.local_time import DateOrder, Note, TimeUnread, read_time

T = TypeVar("T")
_MOST_REMEMBERED = 200  # characters
# Codes of a till that are no goods: carriage, discount, manual entry, samples, bank and marketplace fees, donations.
NON_PRODUCTS = frozenset(
    {"POST", "DOT", "C2", "D", "M", "S", "B", "CRUK", "PADS", "BANK CHARGES", "AMAZONFEE", "ADJUST", "ADJUST2", "TEST001"}
)
_NON_PRODUCT_START = "GIFT_"  # vouchers
# Why a line is set aside: kept, counted, and no purchase.
SET_ASIDE = {
    "bad_debt": "a bookkeeping entry; nothing was sold",
    "price_zero": "a sample, a correction of stock or a free addition; nothing was paid",
    "price_negative": "a bookkeeping entry; give it a credit note's number if something came back",
    "quantity_zero": "nothing changed hands",
    "credit_not_negative": "a credit note's quantities are negative; correct the sign in the till's export",
    "return_without_credit_note": "a negative quantity outside a credit note; give the invoice a number that starts with C",
    "conflict": "this invoice is stored with other lines, and those stay; book the difference as a credit note or a new invoice",
}
_WHOLE = re.compile(r"([+-]?\d{1,7})(?:\.0*)?\Z")
_DECIMAL = re.compile(r"[+-]?\d{1,9}(?:\.\d{0,6}|\.0{7,20})?(?:[eE]-?\d{1,2})?\Z")
_CUSTOMER = re.compile(r"([A-Za-z0-9_-]{1,40})(?:\.0+)?\Z")
_HINTS = {
    "row_width": "The row must have as many fields as the header: quote a field that holds the separator.",
    "invoice_missing": "Give the row the number of its invoice.",
    "product_missing": "Give the row a product code; a fee or discount has a code of its own (POST, D, M).",
    "quantity_bad": "Write the quantity as a whole number such as 6 or -2; sell parts in a smaller unit.",
    "price_bad": "Write the unit price with a decimal point and no sign of currency, such as 2.55.",
    "customer_bad": "Write the customer number as letters and digits, or leave it empty.",
    "text_too_long": "Shorten the field: codes to 64, descriptions to 500 characters.",
}


class Rules(Struct, frozen=True):
    """What a file cannot say of itself: the store's zone, and which of day and month comes first."""

    zone: ZoneInfo
    order: DateOrder = "iso"


class _Mend(Exception):
    def __init__(self, code: str, hint: str | None = None) -> None:
        super().__init__(code)
        self.code, self.hint = code, hint or _HINTS[code]


def judge(fields: Mapping[str, str], *, line: int, raw: str, rules: Rules, note: str = "") -> SaleLine | Refused:
    """fields: by column (invoice, code, name, quantity, time, price, customer, country), as text. note: how it was decoded."""
    money = None
    try:
        quantity = _quantity(fields["quantity"])
        price = _price(fields["price"])
        money = price * quantity
        return _line(fields, quantity, price, line, rules, note)
    except _Mend as mend:
        return Refused(line, mend.code, mend.hint, raw, money if money is not None else _money(fields))
    except TimeUnread as unread:
        return Refused(line, unread.code, unread.hint, raw, money)


def refused_width(line: int, raw: str) -> Refused:
    """A row with too many or too few fields; what it is worth cannot be known."""
    return Refused(line, "row_width", _HINTS["row_width"], raw)


def kind_of(invoice: str, code: str, quantity: int, price: Decimal) -> tuple[LineKind, str | None]:
    """What a line is, and why it is set aside if it is."""
    upper = code.upper()
    if invoice[:1] == "A" and invoice[1:].isdigit():
        return "set_aside", "bad_debt"
    if price <= 0:
        return "set_aside", "price_zero" if price == 0 else "price_negative"
    if quantity == 0:
        return "set_aside", "quantity_zero"
    if upper in NON_PRODUCTS or upper.startswith(_NON_PRODUCT_START):
        return "non_product", None
    if invoice[:1] == "C":
        return ("credit", None) if quantity < 0 else ("set_aside", "credit_not_negative")
    return ("sale", None) if quantity > 0 else ("set_aside", "return_without_credit_note")


def _line(fields: Mapping[str, str], quantity: int, price: Decimal, line: int, rules: Rules, note: str) -> SaleLine:
    invoice, code, name = fields["invoice"].strip().upper(), fields["code"].strip(), _one_line(fields["name"])
    if not invoice:
        raise _Mend("invoice_missing")
    if not code:
        raise _Mend("product_missing")
    if max(len(invoice), len(code)) > 64 or len(name) > 500:
        raise _Mend("text_too_long")
    sold_at, sold_on, time_note = _time(fields["time"].strip(), rules.zone, rules.order)
    kind, why = kind_of(invoice, code, quantity, price)
    return SaleLine(
        invoice=invoice,
        line=line,
        code=code,
        name=name,
        quantity=quantity,
        price=plain(price),
        sold_at=sold_at,
        sold_on=sold_on,
        customer=_customer(fields["customer"].strip()),
        country=fields["country"].strip()[:80] or None,
        kind=kind,
        why=why,
        notes=tuple(word for word in (time_note, note) if word),
    )


def _remember(read: Callable[[str], T]) -> Callable[[str], T]:
    """A till writes the same few prices, quantities, names and customers over and over: each text is read once and remembered.
    Bounded: what was refused is not kept, nor what is longer than any till writes."""
    remembered = lru_cache(maxsize=4096)(read)
    return lambda text: remembered(text) if len(text) <= _MOST_REMEMBERED else read(text)


@_remember
def _one_line(text: str) -> str:
    return " ".join(text.split())


@lru_cache(maxsize=4096)  # the lines of one invoice have one time
def _time(text: str, zone: ZoneInfo, order: DateOrder) -> tuple[str, str, Note]:
    utc, sold_on, note = read_time(text, zone, order)
    return utc.isoformat(), sold_on, note


@lru_cache(maxsize=4096)
def plain(price: Decimal) -> str:
    """One spelling per value: `2.5` for 2.50, `0` for 0.00, never an exponent."""
    return f"{price.normalize():f}" if price else "0"


@_remember
def _quantity(text: str) -> int:
    match = _WHOLE.match(text.strip())
    if match is None or not text.isascii():
        raise _Mend("quantity_bad")
    return int(match.group(1))


@_remember
def _price(text: str) -> Decimal:
    text = text.strip()
    if not (text.isascii() and _DECIMAL.match(text)):
        raise _Mend("price_bad")
    price = Decimal(text)
    if abs(price) >= 10**9 or (price and price.adjusted() < -9):
        raise _Mend("price_bad")
    return price


@_remember
def _customer(text: str) -> str | None:
    if not text:
        return None
    match = _CUSTOMER.match(text)
    if match is None or not text.isascii():
        raise _Mend("customer_bad")
    return match.group(1)


def _money(fields: Mapping[str, str]) -> Decimal | None:
    try:
        return _price(fields["price"]) * _quantity(fields["quantity"])
    except _Mend:
        return None
