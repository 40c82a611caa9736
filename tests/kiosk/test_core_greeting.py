"""Station 5: words, tone and seconds."""

from __future__ import annotations

import string
from typing import get_args

import pytest

from edge.contracts.answer import Greeting
from edge.contracts.outcomes import REASONS, Outcome
from kiosk.visit import greeting
from kiosk.visit.decide import Decision
from kiosk.visit.phrases import LANGUAGES, PHRASES, phrase, spoken
from tests.support.kiosk_core import NAME

OUTCOMES = get_args(Outcome)
PLACES = {
    "": {"en": "card, or ring", "de": "arte, oder klingeln", "fr": "carte", "es": " o toque la campana"},
    "scanner": {"en": "to the scanner", "de": "vor den Scanner", "fr": "au scanner", "es": "al escáner"},
    "camera": {"en": "to the camera", "de": "vor die Kamera", "fr": "à la caméra", "es": "a la cámara"},
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_lacks_a_word_and_all_can_be_read_in_passing(language):
    assert PHRASES[language].keys() == PHRASES["en"].keys()
    for key, (title, line) in PHRASES[language].items():
        assert 0 < len(title) <= 40, key
        assert 0 < len(line) <= 110, key
        holes = [hole for _, hole, _, _ in string.Formatter().parse(title + line) if hole is not None]
        assert holes == (["name"] if key.startswith("by_name") else []), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_differ(language):
    same = [key for key in PHRASES["en"] if language != "en" and phrase(key, language) == phrase(key, "en")]
    assert same == []


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [(("de-AT",), "de"), (("xx", "fr"), "fr"), ((None, "es"), "es"), ((), "en"), (("EN",), "en"), (("zh-Hant",), "en")],
)
def test_the_first_language_the_kiosk_speaks(wanted, expected):
    assert spoken(*wanted) == expected


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_outcome_has_its_scene_and_ends_by_itself(outcome, language):
    words = greeting.words_for(Decision(outcome, greeting="name"), language)
    assert words.scene == outcome
    assert words.language == language
    assert 0 < words.seconds <= 15
    assert "{" not in words.title + words.line


def test_what_each_scene_offers():
    offered = {o: greeting.words_for(Decision(o), "en") for o in OUTCOMES}
    assert {o for o, words in offered.items() if words.offers_reasons} == {"welcome", "repeat", "stranger", "guest"}
    assert {o for o, words in offered.items() if words.offers_not_today} == {"welcome", "repeat", "stranger", "guest"}


def test_a_member_who_wants_no_name_is_not_announced_as_known():
    assert greeting.words_for(Decision("welcome", greeting="nameless"), "en").title == "Welcome!"
    assert greeting.words_for(Decision("welcome", greeting="name"), "en").title == "Welcome back!"


@pytest.mark.parametrize(
    ("shown", "outcome", "name", "scene"),
    [
        ("welcome", "welcome", NAME, "by_name"),
        ("repeat", "repeat", NAME, "by_name"),
        ("stranger", "welcome", NAME, "by_name"),
        ("stranger", "welcome", None, "welcome"),
        ("stranger", "repeat", None, "repeat"),
        ("stranger", "stranger", None, None),
        ("welcome", "welcome", None, None),
        ("welcome", "blocked", None, "blocked"),
        ("welcome", "not_today", None, "not_today"),
        ("welcome", "not_today", NAME, "not_today"),
        ("blocked", "blocked", NAME, None),
        ("welcome", "blocked", NAME, "blocked"),
        ("not_today", "welcome", NAME, None),
        ("guest", "guest", None, None),
        ("guest", "welcome", NAME, None),
    ],
)
def test_what_the_answer_adds(shown, outcome, name, scene):
    words = greeting.words_for_answer(Greeting(outcome=outcome, name=name), shown, "en")
    assert (words.scene if words else None) == scene
    assert words is None or (NAME in words.title) == (scene == "by_name")


def test_a_name_is_text_and_nothing_else():
    words = greeting.words_for_answer(Greeting(outcome="welcome", name="{0.__class__} {name}"), "welcome", "de")
    assert words is not None
    assert words.title == "Willkommen zurück, {0.__class__} {name}!"


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_is_thanked_for_without_losing_the_title(reason):
    shown = greeting.words_for(Decision("welcome"), "fr")
    thanked = greeting.words_for_reason(shown, reason)
    assert (thanked.scene, thanked.title) == (shown.scene, shown.title)
    assert thanked.line == phrase(f"reason_{reason}", "fr")[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wallet_is_told_what_helps_instead(language):
    words = greeting.words_for(Decision("phone_uid", wallet=True), language)
    assert (words.scene, words.line, words.picture) == ("phone_uid", phrase("phone_wallet", language)[1], "card")
    assert words.line != greeting.words_for(Decision("phone_uid"), language).line


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("wallet", [False, True])
def test_a_phone_is_sent_to_what_works_here(language, wallet):
    """Each of the three places has its own words, in every language; the picture is what to hold there."""
    told = {place: greeting.words_for(Decision("phone_uid", wallet=wallet), language, codes_at=place) for place in PLACES}
    assert [words.picture for words in told.values()] == ["card", "code", "code"]
    assert [PLACES[place][language] in words.line for place, words in told.items()] == [True, True, True]
    assert len({words.line for words in told.values()}) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_that_is_held_is_told_of_its_data_without_losing_the_title(language):
    shown = greeting.words_for(Decision("welcome", greeting="name"), language)
    told = greeting.words_for_hold(shown)
    assert (told.title, told.line, told.offers_not_today) == (shown.title, phrase("held", language)[1], True)


def test_nobody_is_promised_a_bell_that_nobody_hears():
    assert greeting.guest_words("en", heard=True) != greeting.guest_words("en", heard=False)
    assert greeting.full_words("de").scene == "out_of_order"
    assert greeting.armed_words("en", 20).seconds == 20
