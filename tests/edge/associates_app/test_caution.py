"""What an associate's phone says of a card in doubt: edge/associates/app/words.js and arrivals.js in a real browser."""

from __future__ import annotations

from typing import Any

import pytest

from tests.edge.associates_app.test_state import page

__all__ = ["page"]  # the blank page of the app's own origin
pytestmark = pytest.mark.chromium
CHIPS = """async (who) => {
  const { h, render } = await import('preact');
  const { Chips } = await import('/app/arrivals.js');
  const place = document.createElement('div');
  render(h(Chips, { alert: { who, reason: null } }), place);
  return place.innerHTML;
}"""


def words(page: Any, assurance: str | None, caution: str | None) -> Any:
    body = "async ([level, caution]) => (await import('/app/words.js')).assuranceOf(level, caution)"
    return page.evaluate(body, [assurance, caution])


def test_a_caution_says_more_than_the_assurance(page: Any) -> None:
    assert words(page, "plain", None)["text"] == "Card not proven"
    assert words(page, "plain", "unproven")["text"] == "Card did not prove itself"
    assert words(page, "proven", "clone")["text"] == "Perhaps a copied card"
    assert words(page, "plain", "two_doors")["text"] == "At two doors at once"
    for caution in ("unproven", "clone", "two_doors"):
        assert "Ask who they are" in words(page, "plain", caution)["hint"]
    assert words(page, None, None) is None


def test_the_chip_of_a_card_in_doubt_stands_out(page: Any) -> None:
    page.goto(page.url.rpartition("/")[0] + "/")
    chip = page.evaluate(CHIPS, {"kind": "member", "assurance": "plain", "caution": "clone"})
    assert "badge--rust" in chip and "Perhaps a copied card" in chip
    assert "badge--rust" not in page.evaluate(CHIPS, {"kind": "member", "assurance": "plain"})
    assert page.evaluate(CHIPS, {"kind": "member", "assurance": "proven"}) == ""
