"""Station 3: a card read and the directory's answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contracts.sealed import Evidence
from firmware_bridge.card_read import CardRead
from kiosk.visit.recognise import identify, recognise
from tests.support.kiosk_core import CARD_KEY, LOST_UID, MARIA, MARIA_UID, entry, read, token_of, trouble


def recognised(presented, found=None):
    return recognise(presented, identify(presented, CARD_KEY), found)


@pytest.mark.parametrize(
    ("presented", "found", "kind"),
    [
        (read(), entry(), "member"),
        (read(), None, "stranger"),
        (read(), entry(state="gone"), "stranger"),
        (read(), entry(member=None), "stranger"),
        (read(LOST_UID), entry(LOST_UID, state="blocked"), "blocked"),
        (read("08A1B2C3", random_id=True), None, "phone_uid"),
        (read("08A1B2C3", random_id=True, wallet="apple"), None, "phone_uid"),
        (read("08A1B2C3", random_id=True, evidence="ndef:..."), None, "stranger"),
        (read("04A1"), None, "unreadable"),
        (read("", medium="code"), None, "unreadable"),
        (read("4006381333931", medium="code"), entry(), "member"),
        (trouble("unreadable"), None, "unreadable"),
        (trouble("two_cards"), None, "ambiguous"),
    ],
)
def test_every_kind(presented, found, kind):
    assert recognised(presented, found).kind == kind


def test_a_member_is_what_the_directory_says():
    known = recognised(read(), entry(language="de", not_today=True))
    assert (known.member, known.token, known.language, known.greeting, known.wishes_not_today) == (
        MARIA,
        token_of(MARIA_UID),
        "de",
        "name",
        True,
    )
    assert known.evidence is None


def test_a_lost_card_does_not_give_its_member():
    assert recognised(read(LOST_UID), entry(LOST_UID, state="blocked")).member is None


def test_only_what_the_hub_must_judge_is_evidence():
    assert recognised(read()).evidence == Evidence(f"nfc:{MARIA_UID}")
    assert recognised(read(evidence="sun"), entry()).evidence == Evidence(f"nfc:{MARIA_UID}", "sun")


def test_a_random_id_is_never_looked_up():
    phone = read("08A1B2C3", random_id=True, evidence="ndef")
    assert identify(phone, CARD_KEY) is None
    assert recognised(phone).token is None


@given(st.sampled_from(["nfc", "code", "typed"]), st.text(max_size=300), st.booleans(), st.none() | st.text(max_size=40))
def test_whatever_a_reader_says_is_recognised_as_something(medium, value, random_id, evidence):
    kind = recognised(CardRead(medium, value, "nfc-1", 1.0, random_id, evidence)).kind
    assert kind in ("stranger", "unreadable", "phone_uid")
