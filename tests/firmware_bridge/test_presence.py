"""One card left on the reader is one read; glitches change nothing; whatever repeats is believed."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.card_read import CardGone, CardHeld, CardRead, CardTrouble
from firmware_bridge.session.presence import FORGET_AFTER_S, HELD_AFTER_S, Presence, Sight
from firmware_bridge.wire.pn532_answers import Target
from tests.support.reader import told

A, B, PHONE, PHONE_AGAIN = "04A2B3C4D5E6F7", "11223344", "08AABBCC", "08112233"


def sight(text: str) -> Sight:
    """`A`, `A+B`, `-` for nothing, `?` for unreadable, `P`/`Q` for one phone under two ids."""
    names = {"A": A, "B": B, "P": PHONE, "Q": PHONE_AGAIN}
    if text == "?":
        return Sight(unreadable=True)
    return Sight(
        tuple(Target(n, b"\0\4", 8, bytes.fromhex(names[name])) for n, name in enumerate(text.split("+"), 1) if name in names)
    )


@dataclass
class Case:
    looks: str
    tale: list[str]


# One look that finds a card is enough here: whether it is believed was decided before (arrival.py). A card that takes the place
# of another only ends the visit of the first; it comes at the next look, as every card does.
CASES = {
    "nothing": Case("- - -", []),
    "one look": Case("A", [f"read {A}"]),
    "lies there": Case("A A A A A A A A", [f"read {A}"]),
    "missed once": Case("A - A", [f"read {A}"]),
    "missed twice": Case("A - - A", [f"read {A}"]),
    "missed every second time": Case("A - A - A - A - A -", [f"read {A}"]),
    "gone": Case("A - - -", [f"read {A}", "gone"]),
    "gone stays gone": Case("A - - - - - -", [f"read {A}", "gone"]),
    "comes back": Case("A - - - A", [f"read {A}", "gone", f"read {A}"]),
    "other seen once": Case("A B A", [f"read {A}"]),
    "other seen twice": Case("A B B", [f"read {A}", "gone"]),
    "other seen twice, and then": Case("A B B B", [f"read {A}", "gone", f"read {B}"]),
    "other seen with a gap": Case("A B - B - A", [f"read {A}"]),
    "other comes beside": Case("A A+B A+B A", [f"read {A}"]),
    "other comes beside and stays": Case("A A+B B B", [f"read {A}", "gone"]),
    "two at once": Case("A+B", ["trouble two_cards"]),
    "two stay": Case("A+B A+B A+B", ["trouble two_cards"]),
    "two, then one": Case("A+B A A", ["trouble two_cards"]),
    "two, one missed once": Case("A+B A A+B A+B", ["trouble two_cards"]),
    "two, as firmware 1.6 lists them": Case("A+B B - A+B B - A+B B -", ["trouble two_cards"]),
    "two, then none": Case("A+B - - -", ["trouble two_cards"]),
    "phone": Case("P", [f"read {PHONE} random"]),
    "phone changes its id": Case("P Q P Q Q Q", [f"read {PHONE} random"]),
    "phone leaves": Case("P Q - - -", [f"read {PHONE} random", "gone"]),
    "phone, then card": Case("P A A", [f"read {PHONE} random", "gone"]),
    "two phones": Case("P+Q", ["trouble two_cards"]),
    "unreadable": Case("?", ["trouble unreadable"]),
    "unreadable stays": Case("? ? ? ?", ["trouble unreadable"]),
    "unreadable leaves": Case("? - - -", ["trouble unreadable"]),
    "unreadable, then read": Case("? A A", ["trouble unreadable"]),
    "read, then unreadable once": Case("A ? A", [f"read {A}"]),
}


@pytest.mark.parametrize("name", CASES)
def test_tale(name: str) -> None:
    presence = Presence("nfc-1")
    events = [event for at, look in enumerate(CASES[name].looks.split()) for event in presence.look(sight(look), at * 0.1)]
    assert [told(event).split(" after")[0] for event in events] == CASES[name].tale


def test_durations_are_from_first_to_last_sight() -> None:
    presence = Presence("nfc-1")
    for at in (1.0, 1.5, 6.0):
        presence.look(sight("A"), at)
    presence.look(sight("-"), 6.1)
    presence.look(sight("-"), 6.2)
    assert presence.look(sight("-"), 6.3) == (CardGone("nfc-1", 6.3, 5.0),)


def test_events_carry_the_time_of_understanding() -> None:
    assert Presence("nfc-1").look(sight("A"), 42.5) == (CardRead("nfc", A, "nfc-1", 42.5),)
    assert Presence("nfc-1").look(sight("A+B"), 42.5) == (CardTrouble("nfc-1", 42.5, "two_cards"),)


@pytest.mark.parametrize(
    ("looks", "two"), [("-", False), ("A", False), ("A+B", True), ("A B", True), ("A -", False), ("A B A", False)]
)
def test_when_to_ask_for_two(looks: str, two: bool) -> None:
    presence = Presence("nfc-1")
    for at, look in enumerate(looks.split()):
        presence.look(sight(look), at * 0.1)
    assert presence.wants_two is two


@pytest.mark.parametrize(("away", "gone"), [(0.0, False), (FORGET_AFTER_S - 0.1, False), (FORGET_AFTER_S + 0.1, True)])
def test_an_outage_ends_a_visit_only_when_it_is_long(away: float, gone: bool) -> None:
    presence = Presence("nfc-1")
    presence.look(sight("A"), 5.0)
    assert bool(presence.expire(5.0 + away)) is gone
    assert presence.holding is not gone


def test_a_card_held_for_five_seconds_is_told_once() -> None:
    presence = Presence("nfc-1")
    events = [event for tenth in range(120) for event in presence.look(sight("A"), 1.0 + tenth / 10)]
    assert [type(event) for event in events] == [CardRead, CardHeld]
    held = events[1]
    assert isinstance(held, CardHeld)
    assert (held.reader, round(held.monotonic, 3), round(held.held_s, 3)) == ("nfc-1", 1.0 + HELD_AFTER_S, HELD_AFTER_S)


@pytest.mark.parametrize("look", ["A+B", "?"])
def test_what_was_no_read_is_no_hold(look: str) -> None:
    presence = Presence("nfc-1")
    events = [event for tenth in range(120) for event in presence.look(sight(look), 1.0 + tenth / 10)]
    assert [type(event) for event in events] == [CardTrouble]


def test_a_card_that_comes_again_can_be_held_again() -> None:
    presence = Presence("nfc-1")
    tale = []
    for tenth in range(200):
        look = "-" if 80 <= tenth < 90 else "A"
        tale += [type(event) for event in presence.look(sight(look), tenth / 10)]
    assert tale == [CardRead, CardHeld, CardGone, CardRead, CardHeld]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["A", "-"]), max_size=60))
def test_reads_and_departures_alternate(looks: list[str]) -> None:
    presence = Presence("nfc-1")
    events = [event for at, look in enumerate(looks) for event in presence.look(sight(look), at * 0.1)]
    assert [type(event) for event in events] == [CardRead, CardGone] * (len(events) // 2) + [CardRead] * (len(events) % 2)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["A", "B", "A+B", "P", "Q", "?", "-"]), max_size=80))
def test_only_what_was_seen_is_read(looks: list[str]) -> None:
    presence = Presence("nfc-1")
    seen: set[str] = set()
    for at, look in enumerate(looks):
        seen |= {target.value for target in sight(look).targets}
        for event in presence.look(sight(look), at * 0.1):
            assert not isinstance(event, CardRead) or event.value in seen
