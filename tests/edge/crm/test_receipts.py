"""Net of credits, exact money, receipts in their order."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from edge.contracts.money import Money, line_amount
from edge.crm.receipts import Line, LineKind, holdings, receipts


def line(
    code: str,
    quantity: int,
    price: str = "1.50",
    *,
    invoice: str = "1",
    ordinal: int = 1,
    day: int = 1,
    kind: LineKind | None = None,
    gift: bool = False,
    name: str = "",
) -> Line:
    amount = line_amount(Decimal(price), quantity, "GBP")
    sold_on, kind = date(2026, 3, day), kind or ("sale" if quantity > 0 else "credit")
    sold_at = f"{sold_on}T10:00:00+00:00"
    return Line(
        "till", invoice, ordinal, sold_on, sold_at, code, name or code.upper(), quantity, Decimal(price), amount, kind, gift
    )


def test_credits_lower_what_they_credit() -> None:
    held = holdings([line("tile", 46), line("tile", -4, invoice="C2", day=8), line("grout", 2), line("grout", -2, invoice="C3")])
    assert list(held) == ["tile"]
    assert (held["tile"].quantity, held["tile"].amount, held["tile"].times) == (42, Money(6300, "GBP"), 1)
    assert (held["tile"].last_receipt, held["tile"].last_on) == ("1", date(2026, 3, 1)), "a credit is no purchase"


def test_a_credit_without_its_purchase_is_nothing_held() -> None:
    assert holdings([line("tile", -4)]) == {}


def test_fees_and_lines_set_aside_are_nothing_held_but_fees_stand_on_the_receipt() -> None:
    lines = [
        line("tile", 1),
        line("post", 1, "18", ordinal=2, kind="non_product"),
        line("free", 9, "0", ordinal=3, kind="set_aside"),
    ]
    assert list(holdings(lines)) == ["tile"]
    (receipt,) = receipts(lines)
    assert [one.code for one in receipt.lines] == ["tile", "post"] and receipt.total == Money(1950, "GBP")


def test_newest_first_and_the_dearest_of_a_receipt_first() -> None:
    lines = [
        line("old", 1, "99", day=1),
        line("nail", 1, "0.05", invoice="2", day=5),
        line("saw", 1, "15", invoice="2", ordinal=2, day=5),
    ]
    assert list(holdings(lines)) == ["saw", "nail", "old"]
    assert [receipt.invoice for receipt in receipts(lines)] == ["2", "1"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 50), st.sampled_from(["0.05", "1.15", "2.335"]), st.booleans())))
def test_the_sum_of_receipts_is_the_sum_of_lines(drawn: list[tuple[str, int, str, bool]]) -> None:
    lines = [
        line(code, -quantity if credit else quantity, price, invoice=str(number // 3), ordinal=number)
        for number, (code, quantity, price, credit) in enumerate(drawn, 1)
    ]
    assert sum(receipt.total.minor for receipt in receipts(lines)) == sum(one.amount.minor for one in lines)
    for code, holding in holdings(lines).items():
        assert holding.quantity == sum(one.quantity for one in lines if one.code == code) > 0
