"""Talking points, projects, offers, headline: what is said, on what ground, and what is left unsaid."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contracts.money import Money
from edge.crm.goes_with import Companion
from edge.crm.headline import HEADLINE_MAX, headline
from edge.crm.material import Complaint, FollowUp, Material, Note, Preference, Product, Project
from edge.crm.offers import offers
from edge.crm.projects import progress
from edge.crm.tact import may_be_said
from edge.crm.talking import open_issues, questions, served_how
from edge.crm.words import GLANCE, day, glance, listed, month, price, spoken
from tests.edge.crm.test_receipts import line

TODAY = date(2026, 3, 20)
CATALOGUE = {
    "tile": Product("tile", "Riven slate tile, 60 x 30", "7", "1", 184, Decimal("4.20")),
    "adhesive": Product("adhesive", "Tile adhesive, 20 kg", "7", "4", 38, Decimal("21.90")),
    "grout": Product("grout", "Flexible grout, 5 kg", "7", "5", 31, Decimal("12.75")),
    "spacers": Product("spacers", "Tile spacers, 3 mm", "7", "5", 0, Decimal("3.10")),
    "rail": Product("rail", "Grab rail, white", "1", "1", 5, Decimal("18.90"), category="mobility"),
}
LINKS = {"tile": ("adhesive", "grout", "spacers", "rail"), "adhesive": ("grout",)}
BATHROOM = Project("p1", "Bathroom", "in_progress", date(2026, 3, 1), ("tile", "adhesive", "grout"))
MARIA = Material(
    "m1",
    since=date(2023, 10, 1),
    language="es",
    own_associate="Ana",
    lines=(
        line("tile", 46, "4.20", day=2, name="Riven slate tile, 60 x 30"),
        line("adhesive", 3, "21.90", day=2, ordinal=2, name="Tile adhesive, 20 kg"),
        line("tile", -4, "4.20", invoice="C9", day=9),
    ),
    projects=(BATHROOM,),
    preferences=(Preference("Few words, short visits", "told Ana"),),
    catalogue=CATALOGUE,
    links=LINKS,
    companions={"tile": (Companion("grout", "tile", 18, 40),)},
)


def test_a_project_knows_what_was_bought_and_what_is_missing() -> None:
    state = progress(BATHROOM, MARIA)
    assert [(held.code, held.quantity) for held in state.bought] == [("tile", 42), ("adhesive", 3)]
    assert [missing.code for missing in state.missing] == ["grout", "spacers", "rail"]


def test_only_receipts_since_the_project_began_count_and_what_was_returned_is_missing_again() -> None:
    later = replace(BATHROOM, started_on=date(2026, 3, 5))
    assert progress(later, MARIA).bought == ()
    back = replace(MARIA, lines=(*MARIA.lines, line("adhesive", -3, "21.90", invoice="C10", day=10)))
    assert "adhesive" in [missing.code for missing in progress(BATHROOM, back).missing]


def test_offers_cite_receipts_or_purchase_and_put_the_empty_shelf_last() -> None:
    found = [(offer.item.code, offer.because) for offer in offers(MARIA, TODAY)]
    assert found == [
        ("grout", "goes with riven slate tile (18 of 40 baskets)"),
        ("spacers", "goes with riven slate tile, bought 2 March"),
    ], "and the grab rail is not offered"


def test_offers_from_receipts_alone() -> None:
    material = replace(MARIA, projects=(), links={}, companions={"tile": tuple(Companion(c, "tile", 9, 20) for c in CATALOGUE)})
    codes = [offer.item.code for offer in offers(material, TODAY)]
    assert codes == ["grout", "spacers"], "nothing they have, nothing private, two per product"


def test_questions_with_their_receipts() -> None:
    asked = replace(MARIA, follow_ups=(FollowUp("f1", "ask", "How did the hallway turn out?", date(2026, 3, 12)),))
    assert [(point.text, point.because) for point in questions(asked, TODAY)] == [
        ("How did the hallway turn out?", "follow-up of 12 March"),
        ("Bathroom: how is it coming along?", "riven slate tile, receipt 1 of 2 March"),
    ]


@pytest.mark.parametrize(
    ("days", "text"),
    [(1, None), (20, "How did the riven tile turn out?"), (400, "Still happy with the riven tile?")],
)
def test_without_a_project_the_last_purchase_is_asked_about(days: int, text: str | None) -> None:
    material = Material("m", lines=(replace(line("tile", 1, day=1), name="RIVEN TILE, LARGE"),))
    asked = questions(material, date.fromordinal(date(2026, 3, 1).toordinal() + days))
    assert [point.text for point in asked] == ([text] if text else [])


def test_what_is_not_due_yet_is_not_asked() -> None:
    early = Material(
        "m", follow_ups=(FollowUp("f", "ask", "And?", date(2026, 3, 21)), FollowUp("g", "promise", "call", date(2026, 4, 1)))
    )
    assert questions(early, TODAY) == [] and open_issues(early, TODAY) == []


def test_complaints_come_first() -> None:
    material = replace(
        MARIA,
        complaints=(Complaint("c", "the drill's battery is dead", date(2026, 3, 9), "a new battery"),),
        follow_ups=(FollowUp("g", "promise", "call about the battery", date(2026, 3, 15)),),
    )
    assert [(point.text, point.because) for point in open_issues(material, TODAY)] == [
        ("Open complaint: the drill's battery is dead", "complaint of 9 March; promised: a new battery"),
        ("We promised: call about the battery", "promise due 15 March"),
    ]
    assert (headline(material, "pickup", TODAY) or "").startswith("Open complaint: ")


def test_how_they_like_to_be_served() -> None:
    note = Note("Bring the sample board", "preference", "Ben", date(2026, 3, 3))
    points = served_how(replace(MARIA, notes=(note,)), TODAY)
    assert [point.text for point in points] == [
        "Few words, short visits",
        "Bring the sample board",
        "Speaks Spanish",
        "Usually served by Ana",
    ]
    assert points[1].because == "note by Ben on 3 March"


def test_headlines() -> None:
    newest = "Last bought 2 March: riven slate tile and tile adhesive"
    project = "Bathroom: has riven slate tile and tile adhesive, not yet flexible grout and tile spacers"
    assert headline(MARIA, None, TODAY) == f"{project}. {newest}"
    assert headline(MARIA, "return", TODAY) == f"{newest}. {project}"
    assert headline(Material("m"), None, TODAY) is None


def test_who_only_looks_around_is_not_questioned() -> None:
    material = Material("m", follow_ups=(FollowUp("f1", "ask", "How did it go?", date(2026, 3, 12)),))
    assert headline(material, "help", TODAY) == "How did it go?" and headline(material, "looking", TODAY) is None


PRIVATE = ("Gift card", "Nursery", "First aid kit", "Sanitary towels", "Birthday candles", "Wheelchair ramp")


@given(st.data())
def test_nothing_private_is_ever_said(data: st.DataObject) -> None:
    """Whatever is private and wherever it stands, it is neither asked, offered, nor in the headline."""
    text = data.draw(st.sampled_from(PRIVATE))
    gift = data.draw(st.booleans())
    item = Product("x", text, "1", "1", 5, Decimal(1))
    bought = replace(line("x", 1, day=3, invoice="7", gift=gift), name=text)
    material = replace(
        MARIA,
        lines=(*MARIA.lines, bought),
        projects=(BATHROOM, Project("p2", text, "in_progress", date(2026, 3, 1), ("x", "tile"))),
        follow_ups=(FollowUp("f", "ask", f"How is the {text}?", date(2026, 3, 1)),),
        complaints=(Complaint("c", f"{text} was late", date(2026, 3, 1)),),
        preferences=(Preference(f"Likes {text}", "note"),),
        catalogue={**CATALOGUE, "x": item},
        links={**LINKS, "adhesive": ("x",)},
    )
    points = [*questions(material, TODAY), *open_issues(material, TODAY), *served_how(material, TODAY)]
    said = [point.text for point in points] + [point.because for point in points]
    said += [word for offer in offers(material, TODAY) for word in (offer.item.name, offer.because)]
    said += [headline(material, reason, TODAY) or "" for reason in (None, "pickup", "looking")]
    assert all(may_be_said(one) for one in said)


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
def test_everything_said_is_read_at_a_glance(title: str, text: str, name: str) -> None:
    material = replace(
        MARIA,
        lines=(replace(MARIA.lines[0], name=name or "x"), *MARIA.lines[1:]),
        projects=(replace(BATHROOM, title=title),),
        preferences=(Preference(text, "note"),),
        complaints=(Complaint("c", text, date(2026, 3, 1)),),
    )
    points = [*questions(material, TODAY), *open_issues(material, TODAY), *served_how(material, TODAY)]
    assert all(len(point.text) <= GLANCE for point in points)
    assert len(headline(material, None, TODAY) or "") <= HEADLINE_MAX


def test_words() -> None:
    assert (day(date(2026, 3, 1), TODAY), day(date(2025, 3, 1), TODAY)) == ("1 March", "1 March 2025")
    assert month(date(2023, 10, 4)) == "October 2023"
    assert [price(Money(*m)) for m in ((1530, "GBP"), (-425, "GBP"), (5, "EUR"), (1200, "JPY"), (1530, "CHF"))] == [
        *("£15.30", "-£4.25", "€0.05", "1200 JPY", "15.30 CHF"),
    ]
    assert [listed(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c", "d"])] == [
        "",
        "a",
        "a and b",
        "a, b, c and 1 more",
    ]
    assert (spoken("Matt emulsion, Fresh Linen"), spoken("PTFE tape"), spoken("WHITE METAL LANTERN")) == (
        *("matt emulsion", "PTFE tape", "white metal lantern"),
    )
    assert glance("one two three", 9) == "one two…" and glance("unbreakable", 6) == "unbre…"
