"""One row of text: what it becomes, and what a person is told where it cannot be taken."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.hub.sales.judge import Rules, judge, kind_of, plain
from edge.hub.sales.lines import Refused, SaleLine
from tests.support.sales import LONDON

RULES = Rules(LONDON)
GOOD = {
    "invoice": "536365",
    "code": "85123A",
    "name": " WHITE  HANGING HOLDER ",
    "quantity": "6",
    "time": "2011-07-01 08:26:00",
    "price": "2.55",
    "customer": "17850.0",
    "country": "United Kingdom",
}


def judged(**changes: str) -> SaleLine | Refused:
    return judge({**GOOD, **changes}, line=2, raw="the row", rules=RULES)


def test_a_good_row() -> None:
    line = judged()
    assert isinstance(line, SaleLine)
    assert (line.kind, line.customer, line.name) == ("sale", "17850", "WHITE HANGING HOLDER")
    assert (line.sold_at, line.sold_on) == ("2011-07-01T07:26:00+00:00", "2011-07-01")
    assert line.money == Decimal("15.30")


@pytest.mark.parametrize(
    ("invoice", "code", "quantity", "price", "expected"),
    [
        ("536365", "85123A", 6, "2.55", ("sale", None)),
        ("C536379", "85123A", -6, "2.55", ("credit", None)),
        ("C536379", "85123A", 6, "2.55", ("set_aside", "credit_not_negative")),
        ("536379", "85123A", -6, "2.55", ("set_aside", "return_without_credit_note")),
        ("536379", "85123A", 0, "2.55", ("set_aside", "quantity_zero")),
        ("536379", "85123A", 5, "0", ("set_aside", "price_zero")),
        ("536379", "85123A", 5, "-1", ("set_aside", "price_negative")),
        ("A563185", "B", 1, "11062.06", ("set_aside", "bad_debt")),
        ("A563186", "B", 1, "-11062.06", ("set_aside", "bad_debt")),
        *[("536367", code, 1, "18", ("non_product", None)) for code in ("POST", "DOT", "M", "m", "C2", "S", "PADS", "CRUK")],
        ("C536370", "D", -1, "27.5", ("non_product", None)),
        ("536367", "BANK CHARGES", -1, "15", ("non_product", None)),
        ("536367", "gift_0001_20", 1, "16.67", ("non_product", None)),
        ("536367", "DCGSSBOY", 1, "3", ("sale", None)),
    ],
)
def test_what_a_line_is(invoice: str, code: str, quantity: int, price: str, expected: tuple[str, str | None]) -> None:
    assert kind_of(invoice, code, quantity, Decimal(price)) == expected


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"invoice": "  "}, "invoice_missing"),
        ({"code": ""}, "product_missing"),
        ({"quantity": "two"}, "quantity_bad"),
        ({"quantity": "1.5"}, "quantity_bad"),
        ({"quantity": "٣"}, "quantity_bad"),
        ({"quantity": "99999999"}, "quantity_bad"),
        ({"price": "12,75"}, "price_bad"),
        ({"price": "£2"}, "price_bad"),
        ({"price": "NaN"}, "price_bad"),
        ({"price": "1e9"}, "price_bad"),
        ({"price": "999999999e9"}, "price_bad"),
        ({"time": "yesterday"}, "date_bad"),
        ({"time": "2011-02-30 10:00"}, "date_bad"),
        ({"time": "0011-02-03 10:00"}, "date_bad"),
        ({"time": "01/12/2010 08:26"}, "date_order_unknown"),
        ({"customer": "17850.5"}, "customer_bad"),
        ({"customer": "Mr Smith"}, "customer_bad"),
        ({"name": "x" * 501}, "text_too_long"),
    ],
)
def test_a_refused_row_says_how_to_mend_it(changes: dict[str, str], code: str) -> None:
    refused = judged(**changes)
    assert isinstance(refused, Refused)
    assert refused.code == code
    assert refused.hint.endswith(".") and len(refused.hint) > 20
    assert not any(value and value in refused.hint for value in changes.values()), "the hint must not repeat what may be personal"


@pytest.mark.parametrize(("text", "customer"), [("17850", "17850"), ("17850.0", "17850"), ("", None), ("K-22", "K-22")])
def test_customer_numbers(text: str, customer: str | None) -> None:
    line = judged(customer=text)
    assert isinstance(line, SaleLine)
    assert line.customer == customer


def test_money_of_a_refused_row_is_known_where_it_can_be() -> None:
    dated, valued = judged(time="x"), judged(price="x")
    assert isinstance(dated, Refused) and isinstance(valued, Refused)
    assert (dated.money, valued.money) == (Decimal("15.30"), None)


@given(st.decimals(min_value=0, max_value=10**6, places=6, allow_nan=False))
def test_a_price_has_one_spelling_and_loses_nothing(price: Decimal) -> None:
    assert Decimal(plain(price)) == price
    assert "E" not in plain(price)
    assert plain(price) == plain(price.quantize(Decimal("0.00000001")))


@given(st.integers(-(10**6), 10**6), st.decimals(0, 10**6, places=3, allow_nan=False))
def test_money_is_exact(quantity: int, price: Decimal) -> None:
    line = judged(quantity=str(quantity), price=f"{price:f}")
    assert isinstance(line, SaleLine)
    assert line.money == price * quantity


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), st.text(max_size=40)))
def test_any_text_gives_a_line_or_a_refusal(changes: dict[str, str]) -> None:
    assert isinstance(judged(**changes), (SaleLine, Refused))
