"""The kiosk's page in a real Chromium, in front of the real server."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from edge.process.clock import ManualClock
from kiosk.screen.phrases import resting
from kiosk.screen.scene import RESTING
from kiosk.visit.decide import Decision
from kiosk.visit.greeting import words_for
from kiosk.visit.phrases import LANGUAGES
from kiosk.visit.words import Reads, SceneKind, Tone, Words
from tests.support.needs import needs
from tests.support.screen import LANDSCAPE, PORTRAIT, SMALL, Screen, chromium, page_of, screen, serious, until, words

pytestmark = pytest.mark.chromium

SCENES: tuple[SceneKind, ...] = get_args(SceneKind)
VISITS: tuple[SceneKind, ...] = ("welcome", "by_name", "stranger", "guest", "repeat")
TONES: dict[SceneKind, Tone] = {
    "phone_uid": "puzzled",
    "unreadable": "puzzled",
    "ambiguous": "puzzled",
    "blocked": "sorry",
}
TELLING: tuple[SceneKind, ...] = ("idle", "welcome", "unreadable", "blocked")  # one of each layout
SIZES = {"portrait": PORTRAIT, "landscape": LANDSCAPE, "small": SMALL}

# Everything that is drawn and could be cut off: outside the window, scrolled, or lying on something else.
MISFITS = """() => {
  const drawn = 'h1, .line, h2, button, .reader__words, .emblem';
  const seen = [...document.querySelectorAll(drawn)].filter((e) => e.checkVisibility());
  const box = (e) => e.getBoundingClientRect();
  const told = [];
  for (const e of seen) {
    const b = box(e), name = e.id || e.className + ':' + e.textContent.trim().slice(0, 20);
    if (b.left < -1 || b.top < -1 || b.right > innerWidth + 1 || b.bottom > innerHeight + 1) told.push(`outside: ${name}`);
    if (e.matches('button') && (b.width < 48 || b.height < 48)) told.push(`small: ${name} ${b.width}x${b.height}`);
    if (e.matches('button') && e.scrollWidth > e.clientWidth + 1) told.push(`cut: ${name}`);
    for (const o of seen) {
      if (o === e || o.contains(e) || e.contains(o)) continue;
      const c = box(o);
      const wide = Math.min(b.right, c.right) - Math.max(b.left, c.left);
      const high = Math.min(b.bottom, c.bottom) - Math.max(b.top, c.top);
      if (wide > 2 && high > 2) told.push(`on each other: ${name} / ${o.id || o.className}`);
    }
  }
  return told;
}"""


def said(scene: SceneKind, title: str, line: str, language: str = "en", seconds: float = 120) -> Words:
    """A resting scene says its own words and no others."""
    if scene in RESTING:
        return resting(scene, language)
    visit = scene in VISITS
    tone: Tone = TONES.get(scene, "warm" if visit else "calm")
    return words(scene, title, line, tone=tone, seconds=seconds, language=language, reasons=visit, not_today=visit)


def put(on: Screen, page: Any, shown: Words, arrival: str | None = None) -> None:
    on.board.show(shown, arrival)
    until(lambda: page.locator("#title").text_content() == shown.title)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium(needs("chromium")) as running:
        yield running


@pytest.fixture
def on() -> Iterator[Screen]:
    with screen() as served:
        served.board.show(resting("idle", "en"))
        yield served


@pytest.fixture
def page(on: Screen, browser: Any) -> Iterator[Any]:
    with page_of(browser, on.url) as opened:
        opened.wait_for_selector("body[data-scene=idle][data-link=up]")
        yield opened


def text(page: Any) -> str:
    return str(page.evaluate("document.documentElement.outerHTML"))


@pytest.mark.parametrize("size", SIZES)
def test_every_scene_is_drawn_whole_distinct_and_accessible(on: Screen, browser: Any, size: str) -> None:
    pictures = set()
    with page_of(browser, on.url, SIZES[size], reduced_motion="reduce") as page:
        page.wait_for_selector("body[data-link=up]")
        for scene in SCENES:
            put(on, page, said(scene, f"Scene {scene}", "A line that says what to do."), "a1" if scene in VISITS else None)
            assert page.locator("#title").is_visible() and page.locator("#line").is_visible()
            picture = page.evaluate(
                """() => {
                  const medal = document.querySelector('.emblem__medal');
                  if (!medal.checkVisibility()) return 'bell';
                  return document.getElementById('medal').getAttribute('href') + getComputedStyle(medal).borderRadius;
                }"""
            )
            pictures.add(picture)
            assert page.evaluate(MISFITS) == [], scene
            assert serious(page) == [], scene
        assert page.complaints == []
    assert len(pictures) == len(SCENES) - 2  # idle, welcome and by name show the brass bell; its waves and words differ


def test_the_picture_is_what_helps_a_phone_and_goes_with_it(on: Screen, browser: Any) -> None:
    with page_of(browser, on.url, PORTRAIT, reduced_motion="reduce") as page:
        page.wait_for_selector("body[data-link=up]")
        medals = []
        for place in ("scanner", "camera", ""):
            told = words_for(Decision("phone_uid", wallet=True), "en", codes_at=place)  # type: ignore[arg-type]  # from a table
            put(on, page, told)
            until(lambda line=told.line: page.locator("#line").text_content() == line)
            medals.append(page.locator("#medal").get_attribute("href"))
            assert (
                page.evaluate("document.querySelector(document.getElementById('medal').getAttribute('href')).tagName") == "symbol"
            )
        put(on, page, said("unreadable", "Once more", "Hold it flat."))
        assert [*medals, page.locator("#medal").get_attribute("href")] == ["#phone-code", "#phone-code", "#card", "#card-again"]


@pytest.mark.parametrize("size", SIZES)
def test_the_longest_words_fit_in_every_language(on: Screen, browser: Any, size: str) -> None:
    line = "Donaudampfschifffahrt trifft auf eine Zeile, die einhundertzehn Zeichen lang ist, und auch sie passt hier rein."
    longest_name = "Welcome back, " + "Wolfeschlegelsteinhausenbergerdorff" * 2 + "x" * 10 + "!"
    assert (len(line), len(longest_name)) >= (110, 94)
    with page_of(browser, on.url, SIZES[size], reduced_motion="reduce") as page:
        page.wait_for_selector("body[data-link=up]")
        for language in LANGUAGES:
            for scene in TELLING:
                title = f"Willkommen zurück, Maximiliane-Joseph {scene[0]}{language}"
                assert len(title) >= 40
                put(on, page, said(scene, title, line, language), "a1" if scene in VISITS else None)
                assert page.evaluate(MISFITS) == [], (scene, language)
            for cards, codes in itertools.product((True, False), repeat=2):
                on.board.reads(Reads(cards, codes))
                on.board.show(resting("idle", language))
                until(lambda: page.locator("#line").text_content() == on.board.view().line)
                assert page.evaluate(MISFITS) == [], (cards, codes, language)
        put(on, page, said("by_name", longest_name, "Hello."), "a1")
        assert page.evaluate(MISFITS) == []


def test_a_greeting_is_completed_in_place_and_leaves_no_trace(on: Screen, page: Any) -> None:
    on.board.show(said("welcome", "Welcome", "Lovely.", seconds=20), "a1")
    page.wait_for_selector("body[data-scene=welcome]")
    assert on.board.complete("a1", said("by_name", "Hello Zaphodine", "Lovely.", seconds=20))
    page.wait_for_selector("body[data-scene=by_name]")
    assert "Zaphodine" in text(page)
    on.board.show(resting("idle", "en"))
    page.wait_for_selector("body[data-scene=idle]")
    assert "Zaphodine" not in text(page)
    assert "a1" not in page.evaluate("[...document.querySelectorAll('*')].flatMap((e) => [...e.attributes].map((a) => a.value))")
    assert (
        page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, history.state, document.cookie])")
        == '[{},{},null,""]'
    )
    assert page.title() == "Shopbell"


def test_back_shows_nothing(on: Screen, page: Any) -> None:
    put(on, page, said("by_name", "Hello Zaphodine", "Lovely."), "a1")
    assert page.evaluate("history.length") <= 2  # the empty page it was opened from, and itself
    page.go_back()
    assert "Zaphodine" not in text(page)
    on.board.show(resting("idle", "en"))
    page.go_forward()
    page.wait_for_selector("body[data-scene=idle][data-link=up]")
    assert "Zaphodine" not in text(page)


def test_a_name_leaves_even_when_the_kiosk_no_longer_says_so(browser: Any) -> None:
    with screen(ManualClock()) as on, page_of(browser, on.url) as page:  # the kiosk's time stands still
        on.board.show(said("by_name", "Hello Zaphodine", "Lovely.", seconds=20), "a1")
        page.wait_for_selector("body[data-scene=by_name]")
        page.clock.install()
        on.board.complete("a1", said("by_name", "Hello Zaphodine!", "Lovely.", seconds=20))
        until(lambda: page.evaluate("document.getElementById('title').textContent.endsWith('!')"))
        page.clock.run_for(20_000)
        assert "Zaphodine" in text(page)
        page.clock.run_for(2_000)
        assert "Zaphodine" not in text(page)
        assert page.locator("#moment").is_visible()


def test_the_stream_drops_and_comes_back(on: Screen, browser: Any) -> None:
    with page_of(browser, on.url) as page:
        put(on, page, said("by_name", "Hello Zaphodine", "Lovely."), "a1")
        port = on.port
        on.stop()
        page.wait_for_selector("#moment:visible")
        assert page.locator("#moment").inner_text().startswith("One moment")
        assert "Zaphodine" not in text(page)
        assert serious(page) == []
        with screen(port=port) as again:
            again.board.show(said("welcome", "Welcome back", "Here we are."), "a2")
            page.wait_for_selector("body[data-scene=welcome][data-link=up]", timeout=20_000)
            assert not page.locator("#moment").is_visible()
            assert page.url == f"{on.url}/"
            page.get_by_role("button", name="Just looking").click()
            until(lambda: again.deeds.asked == [("reason", "a2", "looking")])


def test_buttons_do_what_they_say(on: Screen, page: Any) -> None:
    page.get_by_role("button", name="Not today, thanks").click()
    until(lambda: on.deeds.asked == [("not_today", None, None)])
    page.get_by_role("button", name="Ring the bell").click()
    until(lambda: on.deeds.asked[-1] == ("bell", "en", None))
    put(on, page, said("guest", "We have rung", "Somebody is coming."), "a7")
    for name, reason in (("Pick up an order", "pickup"), ("I need some help", "help"), ("Appointment", "appointment")):
        page.get_by_role("button", name=name).click()
        page.wait_for_selector(f"button[data-reason={reason}][aria-pressed=true]")
        assert on.deeds.asked[-1] == ("reason", "a7", reason)
    assert page.locator("button[data-reason][aria-pressed=true]").count() == 1
    page.get_by_role("button", name="Not today, thanks").click()
    until(lambda: on.deeds.asked[-1] == ("not_today", "a7", None))
    assert page.complaints == []


def test_a_button_that_fails_says_so_kindly(on: Screen, page: Any) -> None:
    on.deeds.trouble = RuntimeError("no")
    page.get_by_role("button", name="Ring the bell").click()
    page.wait_for_selector("#trouble:visible")
    assert "try again" in page.locator("#trouble").inner_text()
    assert serious(page) == []


def test_the_screen_can_be_used_by_keyboard_alone(on: Screen, page: Any) -> None:
    put(on, page, said("welcome", "Welcome", "Lovely."), "a1")
    page.locator("[data-reason]").first.wait_for()
    for _ in range(9):  # languages may stand before the reasons
        page.keyboard.press("Tab")
        reason = page.evaluate("document.activeElement.dataset.reason")
        if reason:
            break
    assert reason and page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    until(lambda: ("reason", "a1", reason) in on.deeds.asked)
    on.board.show(resting("idle", "en"))
    page.wait_for_selector("body[data-scene=idle]")
    assert page.evaluate("document.activeElement.id") == "scene"  # not lost with the button that went


def test_another_language_at_a_touch(on: Screen, page: Any) -> None:
    page.get_by_role("button", name="Deutsch").click()
    until(lambda: page.evaluate("document.getElementById('title').textContent === 'Willkommen'"))
    assert page.get_by_role("button", name="Glocke läuten").is_visible()
    assert page.evaluate("document.documentElement.lang") == "de"
    page.get_by_role("button", name="Glocke läuten").click()
    until(lambda: on.deeds.asked == [("language", "de", None), ("bell", "de", None)])
    on.board.show(said("guest", "Wir haben geläutet", "Gleich.", "de"), "a1")
    page.wait_for_selector("body[data-scene=guest]")
    assert page.evaluate("document.getElementById('says').lang") == "de"
    on.board.show(resting("idle", "en"))
    until(lambda: page.evaluate("document.documentElement.lang === 'en'"))


def test_a_touch_anywhere_and_a_button_give_more_time(browser: Any) -> None:
    clock = ManualClock()
    with screen(clock) as on, page_of(browser, on.url) as page:
        on.board.show(said("welcome", "Welcome", "Lovely.", seconds=30), "a1")
        page.wait_for_selector("body[data-scene=welcome]")
        clock.advance(25)
        page.locator("#title").click()
        until(lambda: on.board.view().ends_in_s == 20)
        clock.advance(15)
        page.get_by_role("button", name="More time, please").click()
        until(lambda: on.board.view().ends_in_s == 20)
        until(lambda: page.evaluate("Number(document.getElementById('seconds').textContent) > 15"))


def test_a_page_says_that_it_lives(on: Screen, page: Any) -> None:
    until(lambda: "shopbell_screen_page_age_seconds -1.0" not in on.get("/metrics").text)
    assert on.send("GET", "/healthz", None, {})[1]["parts"][0]["part"] == "screen"


def test_a_reader_that_rests_is_told(on: Screen, page: Any) -> None:
    assert page.locator("#reader").inner_text() == "Hold your card here"
    on.board.reads(Reads(cards=False, codes=True))
    page.wait_for_selector("#reader[data-ok=false]")
    assert page.locator("#reader").inner_text() == "The card reader is having a short break."
    assert page.locator("#line").inner_text().startswith("Show your code, or ring the bell")
    assert serious(page) == []


def test_nothing_moves_for_who_wants_it_still(on: Screen, browser: Any) -> None:
    with page_of(browser, on.url, reduced_motion="reduce") as page:
        put(on, page, said("by_name", "Hello", "Lovely."), "a1")
        moving = "document.getAnimations().filter((one) => one.effect.getComputedTiming().duration > 1).length"
        assert page.evaluate(moving) == 0, "a change of a millisecond is none that is seen"
        page.emulate_media(reduced_motion="no-preference")
        assert page.evaluate(moving) > 0, "or nothing would be shown by that"


def test_a_page_of_an_older_build_loads_itself_again_once(on: Screen, browser: Any) -> None:
    with page_of(browser, "about:blank") as page:
        loads = []

        def older(route: Any) -> None:
            answer = route.fetch()
            loads.append(answer.status)
            route.fulfill(response=answer, body=answer.text().replace('data-build="', 'data-build="0'))

        page.route(f"{on.url}/", older)
        page.goto(on.url)
        until(
            lambda: (page.wait_for_timeout(20), len(loads) == 3)[1]
        )  # the page, the question whether the new one is there, the page again
        page.wait_for_selector("body[data-link=up]")
        on.board.show(said("welcome", "Welcome", "Lovely."), "a1")
        page.wait_for_selector("body[data-scene=welcome]")
        assert len(loads) == 3
