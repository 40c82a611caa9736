"""The text of a member's rotating code, as the kiosk recognises it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contracts.card_id import canonical
from edge.contracts.rotating import RotatingCode, card_value, is_pass, read_rotating

GOOD = "sbq1.00112233445566778899.58812345.AbCdEfGh-_012345"


def test_a_code_is_taken_apart_and_put_together() -> None:
    code = read_rotating(GOOD)
    assert code == RotatingCode("00112233445566778899", 58812345, "AbCdEfGh-_012345")
    assert code.text == GOOD and code.card_value == "sbq1.00112233445566778899"
    assert len(GOOD) <= 53 and canonical("code", GOOD)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sbq1.",
        "sbq2" + GOOD[4:],
        GOOD + "\n",
        " " + GOOD,
        GOOD[:-1],
        GOOD + "x",
        GOOD.upper(),
        GOOD.replace("58812345", "-1"),
        GOOD.replace("58812345", "99999999999"),
        GOOD.replace("58812345", "٣"),
    ],
)
def test_any_other_text_is_an_ordinary_code(text: str) -> None:
    assert read_rotating(text) is None and card_value(text) == text


def test_what_stays_is_the_card() -> None:
    assert card_value(GOOD) == card_value(GOOD.replace("58812345", "58812346")) == "sbq1.00112233445566778899"
    assert is_pass("code:sbq1.00112233445566778899")
    assert not is_pass(f"code:{GOOD}") and not is_pass("nfc:sbq1.00112233445566778899") and not is_pass("code:4006381333931")


@given(st.binary(min_size=10, max_size=10), st.integers(0, 10**10 - 1), st.from_regex(r"[A-Za-z0-9_-]{16}", fullmatch=True))
def test_whatever_is_put_together_can_be_taken_apart(handle: bytes, step: int, code: str) -> None:
    made = RotatingCode(handle.hex(), step, code)
    assert read_rotating(made.text) == made


@given(st.text(max_size=80))
def test_any_text_is_answered(text: str) -> None:
    assert read_rotating(text) is None or read_rotating(text).text == text  # type: ignore[union-attr]  # just seen
