"""Which lines are there already, which are new, which contradict what is stored."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from edge.hub.sales.invoices import Offered, Stored, place


def stored(*lines: str) -> list[Stored]:
    return [Stored(ordinal, line.partition("=")[0], line) for ordinal, line in enumerate(lines, 1)]


def offered(*lines: str) -> list[Offered]:
    return [Offered(line.partition("=")[0], line) for line in lines]


def fates(have: list[Stored], come: list[Offered]) -> list[tuple[str, int]]:
    return [(where.fate, where.ordinal) for where in place(have, come)]


def test_a_new_invoice_is_numbered_from_one_and_keeps_equal_lines() -> None:
    assert fates([], offered("tile=4", "tile=4", "grout=1")) == [("new", 1), ("new", 2), ("new", 3)]


def test_the_same_lines_again_in_any_order() -> None:
    assert fates(stored("a=1", "b=1", "a=1"), offered("b=1", "a=1", "a=1")) == [("there", 2), ("there", 1), ("there", 3)]


def test_a_grown_invoice() -> None:
    assert fates(stored("a=1"), offered("a=1", "a=1", "b=2")) == [("there", 1), ("new", 2), ("new", 3)]


def test_a_part_of_an_invoice_is_there_already() -> None:
    assert fates(stored("a=1", "b=1"), offered("b=1")) == [("there", 2)]


def test_another_part_of_an_invoice_in_another_file() -> None:
    assert fates(stored("a=1", "b=1"), offered("c=1", "d=1")) == [("new", 3), ("new", 4)]


def test_a_corrected_line_is_a_conflict_and_the_rest_is_there() -> None:
    assert fates(stored("a=1", "b=1"), offered("a=1", "b=2")) == [("there", 1), ("conflict", 0)]


def test_a_changed_invoice_of_one_line_is_a_conflict() -> None:
    assert fates(stored("a=1"), offered("a=2")) == [("conflict", 0)]


def test_another_product_in_a_restated_invoice_is_a_conflict() -> None:
    assert fates(stored("a=1", "b=1"), offered("a=1", "c=1")) == [("there", 1), ("conflict", 0)]


lines = st.lists(st.sampled_from(["a=1", "a=2", "b=1", "c=1"]), max_size=8)


@given(lines, lines)
def test_nothing_is_doubled_whatever_comes(first: list[str], second: list[str]) -> None:
    """The stored lines after two imports are at most the larger count of each line, or parts with no product in common."""
    have = stored(*first)
    places = place(have, offered(*second))
    matched = [where.ordinal for where in places if where.fate == "there"]
    new = [where.ordinal for where in places if where.fate == "new"]
    assert len(set(matched)) == len(matched), "one stored line answers for one offered line"
    assert not set(new) & {line.ordinal for line in have} and len(set(new)) == len(new)
    kept = Counter(first) + Counter(line for line, where in zip(second, places, strict=True) if where.fate == "new")
    again = place([*have, *(Stored(o, line[0], line) for line, o in _new(second, places))], offered(*second))
    assert not [where for where in again if where.fate == "new"], "the same file a third time adds nothing"
    if set(first) & set(second):
        assert all(kept[line] <= max(Counter(first)[line], Counter(second)[line]) for line in kept)


def _new(second: list[str], places: list) -> list[tuple[str, int]]:  # type: ignore[type-arg] # places are Place
    return [(line, where.ordinal) for line, where in zip(second, places, strict=True) if where.fate == "new"]
