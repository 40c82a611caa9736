"""HQ's changes onto what a store knows: idempotent, and a tombstone wins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contracts.errors import ContractError
from edge.contracts.feed import CardChange, MemberChange
from edge.sync.merge import Shared, merge_card, merge_member

KNOWN = Shared("Maria", "de", "name")


@pytest.mark.parametrize(
    ("known", "change", "expected"),
    [
        (None, MemberChange("m"), Shared()),
        (None, MemberChange("m", name="Maria", language="de", greeting="name"), KNOWN),
        (KNOWN, MemberChange("m"), None),
        (KNOWN, MemberChange("m", name="Maria"), None),
        (KNOWN, MemberChange("m", name="Maria K."), Shared("Maria K.", "de", "name")),
        (KNOWN, MemberChange("m", name=""), Shared(None, "de", "nameless")),
        (KNOWN, MemberChange("m", greeting="nameless"), Shared("Maria", "de", "nameless")),
        (KNOWN, MemberChange("m", language="fr"), Shared("Maria", "fr", "name")),
    ],
)
def test_a_change_of_a_member(known: Shared | None, change: MemberChange, expected: Shared | None) -> None:
    assert merge_member(known, False, change) == expected
    assert merge_member(known, True, change) is None


texts = st.none() | st.sampled_from(["", "Maria", "Max"])
changes = st.builds(
    MemberChange, st.just("m"), texts, st.none() | st.sampled_from(["de", "en"]), st.sampled_from([None, "name", "nameless"])
)


@given(st.none() | st.builds(Shared, st.sampled_from([None, "Ada"]), st.none(), st.sampled_from(["name", "nameless"])), changes)
def test_twice_is_as_good_as_once(known: Shared | None, change: MemberChange) -> None:
    once = merge_member(known, False, change) or known
    assert merge_member(once, False, change) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (CardChange("04A2", "active", "m"), "card_id_invalid"),
        (CardChange("nfc:04a2b3c4d5e6f7", "active", "m"), "card_id_invalid"),
        (CardChange("face:1", "active", "m"), "card_id_invalid"),
        (CardChange("nfc:zz", "active", "m"), "card_id_invalid"),
        (CardChange("typed:1", "active", None), "card_without_member"),
    ],
)
def test_a_bad_card_is_refused_with_a_code(change: CardChange, code: str) -> None:
    with pytest.raises(ContractError) as refused:
        merge_card(change, lambda _: False)
    assert refused.value.code == code


def test_a_card_of_an_erased_member_is_passed_over() -> None:
    change = CardChange("typed:1", "active", "m")
    assert merge_card(change, lambda member: member == "m") is None
    assert merge_card(change, lambda _: False) == change
    assert merge_card(CardChange("typed:1", "gone"), lambda _: True) is not None
