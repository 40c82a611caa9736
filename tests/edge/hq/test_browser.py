"""The console in a real Chromium, at the size of a desk and of a phone. SHOPBELL_SHOTS names a folder for pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from edge.contracts.facts import MemberBody
from edge.hq.store import people
from edge.hq.store.database import Database, open_database
from edge.hq.store.schema import migrate
from edge.process.clock import SystemClock
from tests.support import hq
from tests.support.needs import needs

pytestmark = pytest.mark.chromium
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
PAGES = {
    "overview": "/",
    "arrivals": "/arrivals",
    "visits": "/visits",
    "notes": "/notes",
    "members": "/members",
    "member": "/members/0198a1c2-main-maria",
    "erase": "/members/0198a1c2-main-maria/erase",
    "parked": "/parked",
    "alarms": "/alarms",
}
CLOCK = SystemClock()
# Controls too low for a thumb, as their own markup.
_TOO_SMALL = """() => [...document.querySelectorAll('a.button, button, select, input')]
    .filter(e => !['hidden', 'radio', 'checkbox'].includes(e.type) && e.offsetParent)
    .filter(e => e.getBoundingClientRect().height < 40).map(e => e.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A made-up day of two stores."""
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('hq') / 'hq.db'}")
    migrate(database)
    now = CLOCK.now()
    for store, facts in hq.a_day(now).items():
        hq.send(database, *facts, store=store, now=now)
    yield database
    database.close()


@pytest.fixture(scope="module")
def address(stored: Database) -> Iterator[str]:
    with hq.serving(hq.parts(stored, CLOCK, stores={**hq.STORES, "airport": "Airport"})) as url:
        yield url


@pytest.fixture(params=list(SIZES))
def size(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(chromium: Browser, address: str, size: str) -> Iterator[Page]:
    """A signed-in page; whatever the browser complains about fails the test."""
    width, height = SIZES[size]
    context = chromium.new_context(viewport={"width": width, "height": height}, has_touch=size == "phone", base_url=address)
    opened = context.new_page()
    complaints: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "status of 503" not in message.text:  # one test answers 503 itself
            complaints.append(message.text)

    opened.on("console", complain)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto("/sign-in")
    _shot(opened, size, "sign-in")
    opened.get_by_label("User name").fill(hq.USERNAME)
    opened.get_by_label("Password").fill(hq.PASSWORD)
    opened.get_by_role("button", name="Sign in").click()
    expect(opened.get_by_role("heading", name="Overview")).to_be_visible()
    yield opened
    context.close()
    assert complaints == []


def _shot(page: Page, size: str, name: str) -> None:
    folder = os.environ.get("SHOPBELL_SHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"hq-{size}-{name}.png")


def test_every_page_fits_its_screen_and_its_looks_are_loaded(page: Page, size: str) -> None:
    for name, path in PAGES.items():
        page.goto(path)
        _shot(page, size, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0], name
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(251, 247, 240)", name
        assert page.evaluate(_TOO_SMALL) == [], name


def test_every_control_can_be_found_by_its_name(page: Page) -> None:
    page.goto("/members/0198a1c2-main-maria")
    for label in ("Name", "Language"):
        expect(page.get_by_label(label, exact=True)).to_be_visible()
    expect(page.get_by_role("radio", name="Greet by name")).to_be_checked()
    expect(page.get_by_role("navigation", name="Pages of the console").get_by_role("link")).to_have_count(7)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_person_renames_a_member(page: Page, stored: Database, size: str) -> None:
    page.goto("/members")
    page.get_by_label("Name or reference").fill("jonas")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Jonas", exact=False).first.click()
    page.get_by_label("Name", exact=True).fill(f"Jonas {size}")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    assert people.find(stored, "0198a1c2-main-jonas")[0].name == f"Jonas {size}"


def test_a_person_erases_a_member(page: Page, stored: Database, size: str) -> None:
    ref = f"0198a1c2-main-gone-{size}"
    hq.send(stored, hq.fact(7000 + len(size), MemberBody(ref, 1, "Somebody Else"), CLOCK.now()), now=CLOCK.now())
    page.goto(f"/members/{ref}")
    page.get_by_role("link", name="Erase").click()
    page.get_by_label("The member asked for this").check()
    page.get_by_role("button", name="Erase for ever").click()
    expect(page.get_by_role("status").filter(has_text="forgotten")).to_be_visible()
    assert people.find(stored, ref) == []


def test_an_arrival_appears_without_a_hand_being_moved(page: Page, stored: Database, size: str) -> None:
    page.goto("/arrivals")
    number = 8000 + len(size)
    member = f"0198a1c2-main-new-{size}"
    facts = [MemberBody(member, 1, f"Newcomer {size}"), hq.arrival(number, CLOCK.now(), member)]
    hq.send(stored, *(hq.fact(number + 100 * place, body, CLOCK.now()) for place, body in enumerate(facts)), now=CLOCK.now())
    expect(page.get_by_role("link", name=f"Newcomer {size}")).to_be_visible(timeout=20_000)


def test_the_page_says_when_hq_does_not_answer_and_when_it_does_again(page: Page) -> None:
    failures: list[str] = []
    page.goto("/visits")
    lost = page.get_by_role("status").filter(has_text="does not answer")
    page.route("**/visits", lambda route: (failures.append("x"), route.fulfill(status=503, body="")))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(lost).to_be_visible(timeout=20_000)
    page.unroute("**/visits")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(lost).to_be_hidden(timeout=20_000)
    assert failures
