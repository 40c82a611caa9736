"""Pairs counted from baskets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.crm.goes_with import companions

TILES = (
    [frozenset({"tile", "grout"})] * 18
    + [frozenset({"tile", "sponge"})] * 3
    + [frozenset({"tile"})] * 19
    + [frozenset({"grout"})] * 9
)


def test_support_is_counted_over_the_baskets_that_hold_the_product() -> None:
    (pair,) = companions(TILES, "tile")
    assert (pair.code, pair.goes_with, pair.support) == ("grout", "tile", "18 of 40 baskets")


def test_a_rare_pair_is_chance() -> None:
    assert companions([frozenset({"tile", "grout"})] * 3, "tile") == ()
    many = [frozenset({"tile", "grout"})] * 4 + [frozenset({"tile"})] * 40
    assert companions(many, "tile") == ()


def test_nothing_known_of_a_product_never_sold() -> None:
    assert companions(TILES, "saw") == ()


baskets = st.lists(st.frozensets(st.sampled_from("abcde"), min_size=1), max_size=40)


@given(baskets)
def test_counts_are_symmetric_and_bounded(drawn: list[frozenset[str]]) -> None:
    for pair in companions(drawn, "a"):
        assert pair.together == sum(1 for basket in drawn if {"a", pair.code} <= basket) <= pair.baskets
        back = [other for other in companions(drawn, pair.code) if other.code == "a"]
        assert not back or back[0].together == pair.together
        assert pair.code != "a"


@given(baskets, st.randoms(use_true_random=False))
def test_the_order_of_baskets_does_not_matter(drawn: list[frozenset[str]], rng) -> None:  # type: ignore[no-untyped-def] # a Random
    shuffled = list(drawn)
    rng.shuffle(shuffled)
    assert companions(drawn, "a") == companions(shuffled, "a")
