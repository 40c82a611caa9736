"""What is never voiced."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.crm.tact import kept_quiet, may_be_said, veiled

FORBIDDEN = [
    ("Gift card, 25 pounds", "gift"),
    ("BIRTHDAY PARTY CANDLES", "age"),
    ("Wrap as a present for her husband", "gift"),
    ("PLASTERS IN TIN CIRCUS PARADE", "health"),
    ("First-aid kit, workshop", "health"),
    ("Grab rail, white", "health"),
    ("Came back from surgery", "health"),
    ("Sanitary towels", "intimate"),
    ("Going through a divorce", "intimate"),
    ("Stair gate, white metal", "age"),
    ("Nursery", "age"),
    ("She is 83 years old", "age"),
    ("Retired last year", "age"),
]
SPEAKABLE = [
    "Finish plaster, 25 kg",
    "Plasterboard fixings",
    "Sanitary silicone, white",
    "Spray lubricant",
    "Dust mask, 5 pieces",
    "SET 7 BABUSHKA NESTING BOXES",
    "Presentation easel",
    "Cotton dust sheet",
    "Drill bit, 8 mm",
    "Silly string",
]


@pytest.mark.parametrize(("text", "why"), FORBIDDEN)
def test_never_voiced(text: str, why: str) -> None:
    assert kept_quiet(text) == kept_quiet(text.upper()) == kept_quiet(text.lower()) == why


@pytest.mark.parametrize("text", SPEAKABLE)
def test_trade_goods_are_spoken_of(text: str) -> None:
    assert may_be_said(text) and not veiled(text)


@pytest.mark.parametrize(("category", "why"), [("First Aid", "health"), ("baby", "age"), (" gift ", "gift"), ("tiles", None)])
def test_the_category_decides_where_words_do_not(category: str, why: str | None) -> None:
    assert kept_quiet("Box no. 4", category=category) == why


@given(st.text(max_size=60))
def test_a_gift_is_never_voiced_whatever_it_is_called(name: str) -> None:
    assert kept_quiet(name, gift=True) == "gift"


def test_a_gift_stands_in_the_list_of_purchases_but_health_does_not() -> None:
    assert not veiled("Gift card") and veiled("Wheelchair ramp") and veiled("x", category="intimate")
