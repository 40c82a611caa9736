"""The stage: what stays, what ends, what a late answer may do, and that nothing of a visit outlives it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edge.contracts.outcomes import Reason
from kiosk.screen.phrases import resting
from kiosk.screen.scene import LANGUAGE_S, LEAST_TO_ACT_S, LONGEST_S, RESTING, Stage
from kiosk.visit.phrases import LANGUAGES
from kiosk.visit.words import Reads, SceneKind, Words
from tests.support.screen import words

SCENES: tuple[SceneKind, ...] = get_args(SceneKind)
PASSING = tuple(scene for scene in SCENES if scene not in RESTING)


def stage() -> Stage:
    fresh = Stage(resting, "en")
    fresh.show(resting("idle", "en"), None, 0.0)
    return fresh


def test_it_starts_with_starting() -> None:
    view = Stage(resting, "de").view(0.0)
    assert (view.scene, view.language, view.ends_in_s, view.version) == ("starting", "de", None, 1)


@pytest.mark.parametrize("scene", PASSING)
def test_every_passing_scene_ends_by_itself(scene: SceneKind) -> None:
    on = stage()
    on.show(words(scene, "Hello Maria", seconds=6), "a1", 10.0)
    assert on.view(15.9).scene == scene
    assert on.view(16.0).scene == "idle"
    assert "Maria" not in msgspec.json.encode(on.view(16.0)).decode()


@pytest.mark.parametrize("scene", sorted(RESTING))
def test_a_resting_scene_stays_and_is_returned_to(scene: SceneKind) -> None:
    on = stage()
    on.show(resting(scene, "en"), None, 0.0)
    assert on.view(1e6).scene == scene
    on.show(words("guest", seconds=5), None, 1e6)
    assert on.view(1e6 + 5).scene == scene


def test_out_of_order_with_seconds_passes() -> None:
    on = stage()
    on.show(words("out_of_order", seconds=8), None, 0.0)
    assert on.view(7.9).scene == "out_of_order"
    assert on.view(8.0).scene == "idle"


def test_what_offers_buttons_stays_long_enough_to_use_them() -> None:
    on = stage()
    on.show(words("welcome", seconds=4, reasons=True), "a1", 0.0)
    assert on.view(0.0).ends_in_s == LEAST_TO_ACT_S


@pytest.mark.parametrize("seconds", [0, -3, math.nan, math.inf, 1e9])
def test_a_name_never_stays_for_ever(seconds: float) -> None:
    on = stage()
    on.show(words("by_name", seconds=seconds), "a1", 0.0)
    assert on.view(0.0).scene == "by_name"
    assert on.view(LONGEST_S).scene == "idle"


def test_more_time_can_be_asked_for_at_least_ten_times() -> None:
    on = stage()
    on.show(words("welcome", seconds=20, reasons=True), "a1", 0.0)
    now = 0.0
    for _ in range(10):
        now += 19.0
        assert on.touch(on.view(now).showing, now)
        assert on.view(now).ends_in_s == 20.0


def test_time_asked_for_an_earlier_scene_is_not_given_to_the_next() -> None:
    on = stage()
    on.show(words("welcome", seconds=20), "a1", 0.0)
    earlier = on.view(0.0).showing
    on.show(words("welcome", seconds=20), "a2", 1.0)
    assert not on.touch(earlier, 15.0)
    assert on.view(15.0).ends_in_s == 6.0


def test_choosing_marks_the_reason_and_gives_time() -> None:
    on = stage()
    on.show(words("welcome", seconds=20, reasons=True), "a1", 0.0)
    assert on.choose("a1", "pickup", 15.0)
    view = on.view(15.0)
    assert (view.reason, view.ends_in_s) == ("pickup", 20.0)
    assert not on.choose("a2", "help", 15.0)
    assert on.view(40.0).reason is None


def test_a_late_answer_completes_only_its_own_arrival() -> None:
    on = stage()
    on.show(words("welcome"), "a1", 0.0)
    before = on.view(1.0)
    assert on.complete("a1", words("by_name", "Hello Maria"), 1.0)
    after = on.view(1.0)
    assert (after.scene, after.title, after.showing) == ("by_name", "Hello Maria", before.showing)
    on.show(words("welcome"), "a2", 2.0)
    assert not on.complete("a1", words("by_name", "Hello Maria"), 3.0)
    assert on.view(3.0).scene == "welcome"


def test_an_answer_after_the_end_is_forgotten() -> None:
    on = stage()
    on.show(words("welcome", seconds=6), "a1", 0.0)
    assert not on.complete("a1", words("by_name", "Hello Maria"), 6.0)
    assert on.view(6.0).scene == "idle"


@pytest.mark.parametrize("settled", ["not_today", "blocked"])
def test_nothing_brings_a_name_back_after(settled: SceneKind) -> None:
    on = stage()
    on.show(words(settled), "a1", 0.0)
    assert not on.complete("a1", words("by_name", "Hello Maria"), 1.0)
    assert on.view(1.0).scene == settled


def test_a_chosen_language_is_the_next_shoppers_only() -> None:
    on = stage()
    on.speak("de", 0.0)
    assert (on.view(1.0).title, on.view(1.0).language) == ("Willkommen", "de")
    on.show(words("welcome", language="de", seconds=5), "a1", 2.0)
    assert on.chosen_language(3.0) == "de"
    assert on.view(7.0).language == "en"
    on.speak("fr", 10.0)
    assert on.view(10.0 + LANGUAGE_S - 0.1).language == "fr"
    assert on.view(10.0 + LANGUAGE_S).language == "en"


def test_a_language_chosen_during_a_visit_reaches_the_buttons_at_once() -> None:
    on = stage()
    on.show(words("welcome", language="en"), "a1", 0.0)
    on.speak("es", 1.0)
    assert (on.view(1.0).language, on.view(1.0).words_language) == ("es", "en")


def test_only_an_arrival_can_be_left_alone_or_have_a_reason() -> None:
    on = stage()
    assert on.view(0.0).offers_not_today  # armed before the tap
    on.show(words("guest", reasons=True, not_today=True), None, 0.0)
    view = on.view(0.0)
    assert (view.offers_reasons, view.offers_not_today) == (False, False)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scene", sorted(RESTING))
def test_the_resting_screen_speaks_every_language(scene: SceneKind, language: str) -> None:
    said = resting(scene, language)
    assert said.language == language
    assert said.title and said.line
    if language != "en":
        assert said.line != resting(scene, "en").line


def test_an_untranslated_language_is_answered_in_english() -> None:
    assert resting("idle", "nl") == resting("idle", "en")


ANY_WORDS = st.builds(
    words,
    st.sampled_from(SCENES),
    st.just("SECRET"),
    st.just("SECRET"),
    seconds=st.one_of(st.floats(0, 400), st.sampled_from([0.0, math.nan, math.inf, -1.0])),
    language=st.sampled_from(LANGUAGES),
    reasons=st.booleans(),
    not_today=st.booleans(),
)
ARRIVALS = st.sampled_from(["a1", "a2", "a3"])


class AnyEvening(RuleBasedStateMachine):
    """Any order of taps, answers, touches and waiting."""

    @initialize()
    def open(self) -> None:
        self.now = 100.0
        self.stage = stage()
        self.seen = 0
        self.last_busy = -math.inf
        self.personal_until = -math.inf

    @rule(said=ANY_WORDS, arrival=st.one_of(st.none(), ARRIVALS))
    def show(self, said: Words, arrival: str | None) -> None:
        if said.scene in RESTING and not said.seconds > 0:
            said = resting(said.scene, said.language)
            arrival = None
        else:
            self.personal_until = self.now + LONGEST_S
        self.stage.show(said, arrival, self.now)

    @rule(said=ANY_WORDS, arrival=ARRIVALS)
    def complete(self, said: Words, arrival: str) -> None:
        before = self.stage.view(self.now)
        done = self.stage.complete(arrival, said, self.now)
        after = self.stage.view(self.now)
        assert done == (
            before.arrival_id == arrival and before.scene not in ("not_today", "blocked") and said.scene not in RESTING
        )
        assert (after.showing, after.arrival_id) == (before.showing, before.arrival_id)
        if not done:
            assert after == before

    @rule(arrival=ARRIVALS, reason=st.sampled_from(["help", "pickup"]))
    def choose(self, arrival: str, reason: Reason) -> None:
        before = self.stage.view(self.now)
        chosen = self.stage.choose(arrival, reason, self.now)
        assert chosen == (before.arrival_id == arrival and before.offers_reasons)
        if chosen:
            assert self.stage.view(self.now).reason == reason

    @rule(back=st.integers(0, 2))
    def touch(self, back: int) -> None:
        before = self.stage.view(self.now)
        touched = self.stage.touch(before.showing - back, self.now)
        assert touched == (back == 0 and before.ends_in_s is not None)

    @rule(language=st.sampled_from(LANGUAGES))
    def speak(self, language: str) -> None:
        self.stage.speak(language, self.now)
        assert self.stage.view(self.now).language == language

    @rule(cards=st.booleans(), codes=st.booleans())
    def reads(self, cards: bool, codes: bool) -> None:
        self.stage.reads(Reads(cards, codes))

    @rule(seconds=st.floats(0, 120))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.stage.next_change() is not None)
    @rule()
    def wait_for_the_next_change(self) -> None:
        change = self.stage.next_change()
        assert change is not None
        if change > self.now:
            version = self.stage.view(self.now).version
            self.now = change
            assert self.stage.tick(self.now)
            assert self.stage.view(self.now).version > version

    @invariant()
    def holds(self) -> None:
        view = self.stage.view(self.now)
        assert view.version >= self.seen
        self.seen = view.version
        assert view == self.stage.view(self.now)
        assert (view.ends_in_s is None) or 0 <= view.ends_in_s <= LONGEST_S
        if view.ends_in_s is None:
            assert view.scene in RESTING
            assert "SECRET" not in msgspec.json.encode(view).decode()
            assert (view.arrival_id, view.reason, view.offers_reasons) == (None, None, False)
        else:
            assert self.now < self.personal_until
        assert not self.stage.tick(self.now)


AnyEvening.TestCase.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
TestAnyEvening = AnyEvening.TestCase


@given(said=ANY_WORDS, waited=st.floats(0, 1000))
@settings(max_examples=200, deadline=None)
def test_after_its_time_every_scene_leaves_a_view_that_was_there_before(said: Words, waited: float) -> None:
    on, fresh = stage(), stage()
    if said.scene in RESTING and not said.seconds > 0:
        return
    on.show(said, "a1", 0.0)
    on.touch(on.view(0.0).showing, min(waited, 10.0))
    left = msgspec.structs.replace(on.view(LONGEST_S + waited), version=0, showing=0)
    assert left == msgspec.structs.replace(fresh.view(0.0), version=0, showing=0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_the_idle_line_speaks_of_what_can_be_read(language):
    every = [Reads(cards, codes) for cards in (True, False) for codes in (True, False)]
    for scene in ("starting", "idle", "out_of_order"):
        said = [resting(scene, language, reads) for reads in every]
        assert len({one.line for one in said}) == (4 if scene == "idle" else 1)
        assert {replace(one, line="") for one in said} == {replace(said[0], line="")}
        assert max(len(one.line) for one in said) <= 110


def test_the_idle_line_promises_only_what_works_just_now():
    on = stage()
    versions = [on.view(0.0).version]
    for reads, named in (
        (Reads(True, True), ("card", "code")),
        (Reads(False, True), ("code", "bell")),
        (Reads(False, False), ("bell",)),
        (Reads(True, False), ("card",)),
    ):
        on.reads(reads)
        view = on.view(0.0)
        assert {word for word in ("card", "code", "bell") if word in view.line} == set(named)
        assert view.reader_ok == reads.cards
        versions.append(view.version)
    assert sorted(set(versions)) == versions, "every page hears of it"
    on.reads(Reads(True, False))
    assert on.view(0.0).version == versions[-1]
