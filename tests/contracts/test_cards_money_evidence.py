"""Card ids and their keyed hash, sealed evidence, exact money."""

from __future__ import annotations

import base64
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contracts.card_id import canonical, card_token
from edge.contracts.errors import ContractError
from edge.contracts.money import Money, line_amount, major, minor_units
from edge.contracts.sealed import Evidence, public_key_of, seal, unseal

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))


@pytest.mark.parametrize(
    ("medium", "value", "expected"),
    [
        ("nfc", "04a2b3c4", "nfc:04A2B3C4"),
        ("nfc", "04A2B3C4D5E6F7", "nfc:04A2B3C4D5E6F7"),
        ("nfc", "04A2B3C4D5E6F7112233", "nfc:04A2B3C4D5E6F7112233"),
        ("code", "KR-1234", "code:KR-1234"),
        ("typed", "17850", "typed:17850"),
    ],
)
def test_canonical_ids(medium: str, value: str, expected: str) -> None:
    assert canonical(medium, value) == expected  # type: ignore[arg-type]  # a table of literals


@pytest.mark.parametrize(
    ("medium", "value"),
    [
        ("nfc", "04A2B3"),
        ("nfc", ""),
        ("nfc", "04A2B3CG"),
        ("nfc", "04A2B3C4D5"),
        ("code", ""),
        ("code", " x"),
        ("code", "a\nb"),
        ("code", "ü"),
        ("code", "x" * 256),
        ("typed", ""),
    ],
)
def test_what_is_no_card_id(medium: str, value: str) -> None:
    with pytest.raises(ContractError) as refused:
        canonical(medium, value)  # type: ignore[arg-type]  # a table of literals
    assert refused.value.code == "card_id_invalid"


def test_token_against_rfc_4231_construction() -> None:
    """HMAC-SHA256 computed here from its definition, not by the hmac module."""
    import hashlib

    block = KEY + bytes(32)
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + b"nfc:04A2B3C4").digest()
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).hexdigest()
    assert card_token(KEY, "nfc:04A2B3C4") == outer[:32]


def test_token_depends_on_key_and_medium() -> None:
    tokens = {card_token(key, card) for key in (KEY, OTHER_KEY) for card in ("code:1234", "typed:1234")}
    assert len(tokens) == 4


@pytest.mark.parametrize("key", [b"", b"x", bytes(31), bytes(33)])
def test_a_short_key_is_refused(key: bytes) -> None:
    with pytest.raises(ContractError) as refused:
        card_token(key, "nfc:04A2B3C4")
    assert refused.value.code == "card_key_invalid"


@given(card=st.text(max_size=120), proof=st.none() | st.text(max_size=120))
def test_evidence_is_opened_by_the_hub_alone(card: str, proof: str | None) -> None:
    evidence = Evidence(card, proof)
    box = seal(evidence, public_key_of(KEY), "arrival-1")
    assert unseal(box, KEY, "arrival-1") == evidence
    for key, arrival_id in ((OTHER_KEY, "arrival-1"), (KEY, "arrival-2")):
        with pytest.raises(ContractError) as refused:
            unseal(box, key, arrival_id)
        assert refused.value.code == "evidence_unopened"


@given(flip=st.integers(0, 10_000))
def test_a_changed_bit_closes_the_evidence(flip: int) -> None:
    box = bytearray(base64.b64decode(seal(Evidence("nfc:04A2B3C4"), public_key_of(KEY), "a")))
    box[flip // 8 % len(box)] ^= 1 << flip % 8
    with pytest.raises(ContractError):
        unseal(base64.b64encode(bytes(box)).decode(), KEY, "a")


@given(text=st.text(max_size=200))
def test_any_text_as_evidence_is_refused_by_code(text: str) -> None:
    with pytest.raises(ContractError) as refused:
        unseal(text, KEY, "a")
    assert refused.value.code == "evidence_unopened"


def test_sealing_twice_never_looks_the_same() -> None:
    assert seal(Evidence("nfc:04A2B3C4"), public_key_of(KEY), "a") != seal(Evidence("nfc:04A2B3C4"), public_key_of(KEY), "a")


@pytest.mark.parametrize(
    ("price", "quantity", "currency", "minor", "shown"),
    [
        ("2.55", 6, "GBP", 1530, "15.30"),
        ("2.55", -6, "GBP", -1530, "-15.30"),
        ("0.001", 5, "GBP", 0, "0.00"),
        ("0.005", 1, "GBP", 0, "0.00"),
        ("0.015", 1, "GBP", 2, "0.02"),
        ("0", 100, "GBP", 0, "0.00"),
        ("-11062.06", 1, "GBP", -1106206, "-11062.06"),
        ("1.5", 3, "JPY", 4, "4"),
        ("1.2345", 1, "KWD", 1234, "1.234"),
    ],
)
def test_line_amounts(price: str, quantity: int, currency: str, minor: int, shown: str) -> None:
    amount = line_amount(Decimal(price), quantity, currency)
    assert (amount.minor, major(amount)) == (minor, shown)


@given(price=st.decimals(min_value=-(10**6), max_value=10**6, places=2), quantity=st.integers(-(10**5), 10**5))
def test_two_decimals_times_whole_numbers_are_exact(price: Decimal, quantity: int) -> None:
    assert Decimal(line_amount(price, quantity, "GBP").minor) == price * quantity * 100


@given(st.lists(st.integers(-(10**12), 10**12), max_size=30))
def test_adding_up_loses_nothing(amounts: list[int]) -> None:
    total = Money(0, "EUR")
    for minor in amounts:
        total += Money(minor, "EUR")
    assert total.minor == sum(amounts)
    assert Decimal(major(total)).scaleb(minor_units("EUR")) == sum(amounts)


def test_currencies_are_not_mixed() -> None:
    with pytest.raises(ValueError, match="cannot add"):
        Money(1, "EUR") + Money(1, "GBP")
