"""Stations 3 to 6 together: the arrival that is recorded."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.contracts.arrival import read_arrival
from edge.contracts.directory import DirectoryEntry
from edge.contracts.envelope import ARRIVAL_MAX_BYTES, encode
from edge.contracts.outcomes import ARRIVAL_OUTCOMES, REASONS
from edge.contracts.sealed import Evidence, unseal
from edge.process.clock import ManualClock
from firmware_bridge.card_read import CardRead, CardTrouble
from kiosk.visit.check_in import MAX_REV, Door, Tap, check_in, ring, with_not_today, with_reason
from kiosk.visit.decide import Recent
from kiosk.visit.recognise import identify
from tests.support.kiosk_core import (
    CARD_KEY,
    HUB_PRIVATE,
    HUB_PUBLIC,
    KIOSK,
    MARIA,
    MARIA_UID,
    NAME,
    STORE,
    entry,
    moment,
    read,
    token_of,
)

DOOR = Door(STORE, KIOSK, "en", hub_key=HUB_PUBLIC)
ARRIVAL_ID = "00000000-0000-7000-8000-000000000001"


def tap(**changes):
    return Tap(**({"arrival_id": ARRIVAL_ID, "moment": moment(ManualClock())} | changes))


def checked_in(presented, found=None, door=DOOR, **changes):
    return check_in(presented, identify(presented, CARD_KEY), found, door, tap(**changes))


def test_a_member():
    result = checked_in(read(), entry(language="de"))
    arrival = result.arrival
    assert (arrival.outcome, arrival.member, arrival.card_token, arrival.evidence) == (
        "welcome",
        MARIA,
        token_of(MARIA_UID),
        None,
    )
    assert (arrival.arrival_id, arrival.rev, arrival.source, arrival.language) == (ARRIVAL_ID, 0, f"{STORE}/kiosk/{KIOSK}", "de")
    assert result.words.language == "de"


def test_a_stranger_is_sealed_to_the_hub_and_bound_to_this_arrival():
    arrival = checked_in(read()).arrival
    assert arrival.member is None
    assert unseal(arrival.evidence, HUB_PRIVATE, ARRIVAL_ID) == Evidence(f"nfc:{MARIA_UID}")
    assert MARIA_UID.encode() not in encode(arrival)


def test_without_the_hubs_key_a_card_id_is_left_out():
    arrival = checked_in(read(), door=Door(STORE, KIOSK)).arrival
    assert (arrival.outcome, arrival.evidence) == ("stranger", None)


def test_a_lost_card_travels_without_its_member():
    arrival = checked_in(read(), entry(state="blocked")).arrival
    assert (arrival.outcome, arrival.member, arrival.card_token) == ("blocked", None, token_of(MARIA_UID))


def test_language_chosen_on_the_screen_comes_first():
    result = checked_in(read(), entry(language="de"), chosen="es")
    assert (result.words.language, result.arrival.language) == ("es", "es")


def test_a_phone_leaves_no_arrival():
    result = checked_in(read("08A1B2C3", random_id=True))
    assert (result.decision.outcome, result.arrival, result.words.scene) == ("phone_uid", None, "phone_uid")


def test_a_guest_names_nobody():
    arrival = ring(DOOR, tap(chosen="fr"), heard=True).arrival
    assert (arrival.outcome, arrival.member, arrival.card_token, arrival.evidence, arrival.language) == (
        "guest",
        None,
        None,
        None,
        "fr",
    )


def test_a_reason_is_a_revision_and_the_same_again_is_none():
    arrival = checked_in(read(), entry()).arrival
    first = with_reason(arrival, "pickup", None)
    assert (first.rev, first.reason, first.member, first.arrival_id) == (1, "pickup", MARIA, ARRIVAL_ID)
    assert with_reason(first, "pickup", None) is None
    assert with_reason(first, "help", "de").rev == 2


def test_a_stuck_button_ends():
    arrival = checked_in(read(), entry()).arrival
    presses = 0
    for number in range(100):
        newer = with_reason(arrival, REASONS[number % 2], None)
        presses += newer is not None
        arrival = newer or arrival
    assert presses == MAX_REV
    assert with_not_today(arrival).rev == MAX_REV + 1, "to be left alone is always possible"


def test_not_today_afterwards_names_nobody_and_is_final():
    arrival = with_reason(checked_in(read(), entry(language="de")).arrival, "help", None)
    newer = with_not_today(arrival)
    assert (newer.rev, newer.outcome) == (2, "not_today")
    assert (newer.member, newer.card_token, newer.evidence, newer.reason, newer.language) == (None,) * 5
    assert with_not_today(newer) is None
    assert with_reason(newer, "help", None) is None


presented = st.one_of(
    st.builds(
        CardRead,
        st.sampled_from(["nfc", "code", "typed"]),
        st.sampled_from([MARIA_UID, "04A1", "A" * 255, "08A1B2C3", "~ \u00e9"]),
        st.just("nfc-1"),
        st.just(1.0),
        st.booleans(),
        st.none() | st.text(max_size=3000),
    ),
    st.builds(CardTrouble, st.just("nfc-1"), st.just(1.0), st.sampled_from(["unreadable", "two_cards"])),
)
found = st.none() | st.builds(
    DirectoryEntry,
    st.just("0" * 32),
    st.sampled_from(["active", "blocked", "gone"]),
    st.none() | st.just("m_1"),
    st.none() | st.sampled_from(["de", "zh-Hant"]),
    st.sampled_from(["name", "nameless"]),
    st.booleans(),
)


@settings(max_examples=200)
@given(presented, found, st.booleans(), st.booleans(), st.none() | st.just("fr"))
def test_every_arrival_is_one_the_hub_can_read_and_no_bigger_than_allowed(card, known, armed, seen, chosen):
    now = moment(ManualClock())
    recent = [Recent("m_1", now.boot, now.monotonic - 5)] if seen else []
    result = check_in(
        card, identify(card, CARD_KEY), known, DOOR, tap(recent=recent, armed_at=now.monotonic if armed else None, chosen=chosen)
    )
    if result.arrival is None:
        assert result.decision.outcome not in ARRIVAL_OUTCOMES
        return
    payload = encode(result.arrival)
    assert len(payload) <= ARRIVAL_MAX_BYTES
    assert read_arrival(payload) == result.arrival
    named = (result.arrival.member, result.arrival.card_token, result.arrival.evidence)
    assert (result.arrival.outcome == "not_today") == (named == (None, None, None))
    assert result.arrival.outcome == "not_today" or not armed


@given(presented, st.booleans())
def test_nothing_that_is_decided_said_or_recorded_holds_a_name(card, armed):
    """The name is put where free text can enter, the evidence of a reader; unsealed it gets no further."""
    named = msgspec.structs.replace(entry(), language=None)
    if isinstance(card, CardRead):
        card = CardRead(card.medium, card.value, card.reader, card.monotonic, card.random_id, NAME)
    result = check_in(card, identify(card, CARD_KEY), named, DOOR, tap(armed_at=1000.0 if armed else None))
    assert NAME not in repr(result.words)
    assert result.arrival is None or NAME not in encode(result.arrival).decode()


@pytest.mark.parametrize("days", [-3650, 3650])
def test_a_wrong_wall_clock_is_only_noted(days):
    clock = ManualClock()
    clock.jump(days * 86_400)
    clock.reboot("boot1", "unset")
    result = checked_in(read(), entry(), moment=moment(clock))
    assert (result.decision.outcome, result.arrival.clock, result.arrival.at) == ("welcome", "unset", clock.now())
