"""What people can do with Shopbell, done by them: a tap becomes a greeting, an alert, a claim, a client card and a fact at HQ.

One real demo, real pages. Each test is somebody's visit; the store stays open between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.story.shop import PHONE, Shop, html_of, leaks, read_code, taken, waiting
from tests.support.demo import until

pytestmark = [pytest.mark.chromium, pytest.mark.mosquitto]


@pytest.fixture(autouse=True)
def on_shift(shop: Shop) -> Iterator[None]:
    """Ana and Ben are at work, the screen is on; afterwards no page has complained and no log holds anything personal."""
    pages = [shop.kiosk, shop.phone("ana"), shop.phone("ben")]
    for page in pages[1:]:
        home(page)
    yield
    assert [complaint for page in pages for complaint in page.complaints] == []
    assert leaks(shop.demo.folder, shop.pack) == []


def text_of(page: Any) -> str:
    return str(page.locator("main").inner_text())


def test_maria_taps_ana_takes_her_ben_sees_it_and_hq_knows(shop: Shop) -> None:
    kiosk, ana, ben = shop.kiosk, shop.phone("ana"), shop.phone("ben")
    shop.seen()
    shop.tap("member:maria")
    shop.see("by_name", "¡Hola, Maria!")
    titles = [title for _, title in shop.seen()]
    assert "¡Qué alegría!" in titles, "the first welcome is nameless"
    assert titles.index("¡Qué alegría!") < titles.index("¡Hola, Maria!")
    assert kiosk.locator("html").get_attribute("lang") == "es"

    waiting(ana, "Maria").wait_for()
    arrival = waiting(ana, "Maria").inner_text()
    assert "Spanish" in arrival and "Door 1" in arrival and "You look after them" in arrival
    assert waiting(ben, "Maria").count() == 0, "her own associate is asked first"

    waiting(ana, "Maria").get_by_role("button", name="Take").click()
    taken(ben, "Maria").wait_for()
    line = taken(ben, "Maria")
    assert "taken by Ana Beltrán" in line.inner_text()
    assert line.get_by_role("button").count() == 0
    assert ben.get_by_role("button", name="Take").count() == 0

    ana.get_by_role("heading", name="Bathroom").wait_for()
    card = text_of(ana)
    for said in ("How did the Rainy Harbour hallway turn out?", "Few words, short visits", "Show the shelf", "Still missing"):
        assert said in card, said
    assert "Member since" in card
    bathroom = ana.locator("section", has=ana.get_by_role("heading", name="Bathroom")).inner_text()
    bought, missing = bathroom.partition("Bought")[2], bathroom.partition("Bought")[0]
    assert "tile" in bought.lower() and "grout" not in bought.lower()
    assert "grout" in missing.lower() and "£" not in missing, "named here; place and price stand once, under Offer"
    offer = ana.locator("section", has=ana.get_by_role("heading", name="Offer")).inner_text()
    assert "grout" in offer.lower() and "in stock" in offer and "£" in offer and "aisle" in offer.lower()
    assert traces(ben, "Rainy Harbour", "Few words", "Bathroom") == [], "the card is for who serves her"

    ana.get_by_role("button", name="Write down & finish").click()
    ana.locator("label.choice__one", has_text="Yes").click()
    ana.get_by_label("What should the next person know?").fill("Took the grout; wants the silicone next week.")
    ana.get_by_role("button", name="Done").click()
    ana.get_by_text("Done. Thank you.").wait_for()
    until(lambda: taken(ben, "Maria").count() == 0, "Ben's page knows that she is served")

    came = shop.hq_shows("arrivals", lambda row: "Maria" in row, "Maria's arrival at HQ")
    assert "Welcome" in came or "Member" in came
    shop.hq_shows("visits", lambda row: "Maria" in row and "Served" in row, "Maria's visit at HQ, served")
    note = shop.hq_shows("notes", lambda row: "Took the grout" in row, "the note at HQ")
    assert "ana" in note.lower()


def test_tom_chooses_pickup_and_then_wants_to_be_forgotten(shop: Shop) -> None:
    kiosk, ana, ben = shop.kiosk, shop.phone("ana"), shop.phone("ben")
    shop.tap("member:tom")
    shop.see("by_name", "Welcome back, Tom!")
    waiting(ben, "Tom").wait_for()
    kiosk.locator("button[data-reason=pickup]").click()
    waiting(ben, "Tom").get_by_text("Pick-up").wait_for()
    kiosk.get_by_text("We are told that you are here to collect.").wait_for()
    waiting(ben, "Tom").get_by_role("button", name="Take").click()
    taken(ana, "Tom").wait_for()
    ben.get_by_role("heading", name="Deck behind the house").wait_for()

    kiosk.locator("#not-today-button").click()
    shop.see("not_today")
    for page in (ana, ben):
        page.get_by_text("Forgotten, at the shopper's wish.").first.wait_for()
        assert traces(page, "Tom", "Ashgrove", "Deck behind") == [], "the phone has forgotten him"
    assert traces(kiosk, "Tom") == []
    tom = shop.member("tom")["member"]
    assert shop.hub_rows("SELECT 1 FROM arrivals WHERE member = ?", tom) == []
    assert shop.hub_rows("SELECT 1 FROM visits WHERE member = ?", tom) == []
    shop.hq_shows("arrivals", lambda row: "Not today" in row, "an arrival at HQ that is nobody's")
    shop.console.goto(f"{shop.demo.ready['hq']}members/{tom}")
    assert "Has not come since this HQ was set up." in text_of(shop.console)


def test_not_today_is_heard_at_hq_even_when_the_arrival_had_left(shop: Shop) -> None:
    person = [one for one in shop.some(greeting="name") if one["call_me"]][7]
    shop.tap(f"member:{person['key']}")
    shop.see("by_name", f"Welcome back, {person['call_me']}!")
    shop.hq_shows("arrivals", lambda row: person["name"] in row, "the arrival at HQ, with the member")
    shop.kiosk.locator("#not-today-button").click()
    shop.see("not_today")

    def forgotten() -> bool:
        shop.console.goto(f"{shop.demo.ready['hq']}members/{person['member']}")
        return "Has not come since this HQ was set up." in text_of(shop.console)

    until(forgotten, "HQ has forgotten that it was them", 30)


def test_a_guest_rings_and_is_served_by_the_same_flow(shop: Shop) -> None:
    kiosk, ana, ben = shop.kiosk, shop.phone("ana"), shop.phone("ben")
    shop.rest()
    kiosk.locator("#bell-button").click()
    shop.see("guest", "We have rung for you")
    for page in (ana, ben):
        waiting(page, "A guest").wait_for()
    kiosk.locator("button[data-reason=help]").click()
    waiting(ana, "A guest").get_by_text("Needs help").wait_for()
    waiting(ana, "A guest").get_by_role("button", name="Take").click()
    taken(ben, "A guest").wait_for()
    ana.get_by_text("What brings you in today?").wait_for()
    ana.get_by_role("button", name="Write down & finish").click()
    ana.get_by_label("What should the next person know?").fill("Wanted one screw, got one screw.")
    ana.get_by_role("button", name="Done").click()
    ana.get_by_text("Done. Thank you.").wait_for()
    shop.hq_shows("notes", lambda row: "one screw" in row, "the guest's note at HQ")
    shop.hq_shows(
        "visits", lambda row: all(said in row for said in ("Nobody named", "Help", "Served")), "the guest's visit at HQ"
    )


def test_the_screen_rests_by_itself_and_keeps_no_name(shop: Shop) -> None:
    somebody = next(shop.some(greeting="name"))
    shop.tap(f"member:{somebody['key']}")
    called = somebody["call_me"] or somebody["name"]
    shop.see("by_name", f"Welcome back, {called}!")
    shop.rest()
    assert traces(shop.kiosk, called, somebody["member"]) == []
    assert shop.kiosk.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])") == '[{},{},""]'


def test_two_claims_at_the_same_moment_have_one_claimer(shop: Shop) -> None:
    pages = [shop.phone("ana"), shop.phone("ben")]
    for person in [one for one, _ in zip(shop.some(greeting="nameless"), range(3), strict=False)]:
        shop.tap(f"member:{person['key']}")
        for page in pages:
            waiting(page, "A member").wait_for()
        at = pages[0].evaluate("Date.now() + 400")
        for page in pages:
            button = waiting(page, "A member").get_by_role("button", name="Take")
            button.evaluate("(button, at) => void setTimeout(() => button.click(), at - Date.now())", at)
        until(lambda: [page for page in pages if page.locator("main.page--card").count()], "one of them has the card")
        winner, loser = sorted(pages, key=lambda page: -int(page.locator("main.page--card").count()))
        taken(loser, "A member").wait_for()
        assert winner.locator("li[data-taken]").count() == 0 and loser.locator("main.page--card").count() == 0
        assert waiting(loser, "A member").count() == 0
        winner.get_by_role("button", name="Write down & finish").click()
        winner.get_by_role("button", name="Done").click()
        taken(loser, "A member").wait_for(state="detached")


def test_a_phone_without_network_says_so_and_catches_up(shop: Shop) -> None:
    ana = shop.phone("ana")
    ana.context.set_offline(True)
    ana.get_by_text("Offline — showing what was known at").wait_for()
    ingrid = shop.member("ingrid")["call_me"]
    shop.tap("member:ingrid")
    waiting(shop.phone("ben"), ingrid).wait_for()
    assert all(button.is_disabled() for button in ana.get_by_role("button", name="Take").all())
    ana.context.set_offline(False)
    ana.wait_for_selector("[data-link=live]")
    waiting(ana, ingrid).wait_for()
    assert waiting(ana, ingrid).get_by_role("button", name="Take").is_enabled()


def test_an_answer_that_comes_late_never_names_the_one_before(shop: Shop) -> None:
    people = shop.some(greeting="name")
    first, second = [one for one in people if one["call_me"]][3:5]
    shop.seen()
    with shop.silent("hub"):
        shop.tap(f"member:{first['key']}")
        shop.see("welcome", "Welcome back!")
        showing = shop.kiosk.locator("body").get_attribute("data-showing")
        shop.tap(f"member:{second['key']}")
        shop.kiosk.wait_for_function("before => document.body.dataset.showing !== before", arg=showing)
    shop.see("by_name", f"Welcome back, {second['call_me']}!", within_s=30)
    filed = "SELECT count(*) FROM arrivals WHERE member IN (?, ?)"
    until(lambda: shop.hub_rows(filed, first["member"], second["member"])[0][0] == 2, "both arrivals are at the hub")
    assert not [title for _, title in shop.seen() if first["call_me"] in title]
    assert traces(shop.kiosk, first["call_me"]) == []


def test_a_member_changed_at_hq_is_greeted_so_at_the_door(shop: Shop) -> None:
    person = [one for one in shop.some(greeting="nameless") if one["call_me"]][4]
    page = shop.console
    page.goto(f"{shop.demo.ready['hq']}members/{person['member']}")
    page.get_by_label("Name", exact=True).fill("Juniper Fable")
    page.get_by_label("Greet by name").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved", exact=False).first.wait_for()
    named = "SELECT 1 FROM members WHERE member = ? AND name = 'Juniper Fable' AND greeting = 'name'"
    until(lambda: shop.hub_rows(named, person["member"]), "the feed reached the hub", 30)
    shop.tap(f"member:{person['key']}")
    shop.see("by_name", "Welcome back, Juniper Fable!")
    waiting(shop.phone("ana"), "Juniper Fable").wait_for()


def home(page: Any) -> None:
    """Back to the list of arrivals, wherever an earlier visit left this phone."""
    back = page.get_by_role("button", name="Back", exact=True)
    while back.count():
        back.click()
    page.get_by_role("button", name="Arrivals").click()


def traces(page: Any, *words: str) -> list[str]:
    """Which of these words stand anywhere in the page."""
    held = html_of(page)
    return [word for word in words if word in held]


def test_a_member_without_a_card_is_given_a_pass_and_comes_back_with_it(shop: Shop) -> None:
    member = next(shop.some(greeting="name"))
    ana = shop.phone("ana")
    shop.tap(f"member:{member['key']}")
    waiting(ana, member["call_me"] or member["name"]).get_by_role("button", name="Take").click()
    ana.get_by_role("button", name="Give a pass").click()
    link = read_code(ana.get_by_alt_text("Code with the link to the pass"))
    ana.get_by_role("button", name="Write down & finish").click()
    ana.locator("label.choice__one", has_text="Yes").click()
    ana.get_by_role("button", name="Done").click()

    own = shop.page(link, PHONE)
    own.wait_for_selector("#code:not([hidden])")
    code = read_code(own.locator("#picture"))
    shop.rest()
    shop.tap(f"qr:{code}")
    shop.see("by_name")
    proofs = "SELECT assurance, proof FROM arrivals ORDER BY rowid"
    assert shop.hub_rows(proofs)[-1] == ("proven", "proven")

    shop.rest()
    shop.seen()
    shop.tap(f"qr:{code}")
    until(lambda: shop.hub_rows(proofs)[-1] == (None, "proof_repeated"), "a code counts once")
    assert member["name"].split()[0] not in repr(shop.seen())
