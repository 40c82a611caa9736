"""Every page a person looks at, as axe-core sees it: nothing serious, in light and in dark, on the real demo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.story.shop import Shop, waiting
from tests.support.screen import serious

pytestmark = [pytest.mark.chromium, pytest.mark.mosquitto]
CONSOLE_PAGES = ("", "arrivals", "visits", "notes", "members", "parked")


@pytest.fixture(scope="module", autouse=True)
def busy(shop: Shop) -> Iterator[None]:
    """Something to look at: Maria was here and was served."""
    ana, _ = shop.phone("ana"), shop.kiosk
    shop.tap("member:maria")
    waiting(ana, "Maria").get_by_role("button", name="Take").click()
    ana.get_by_role("button", name="Write down & finish").click()
    ana.get_by_label("What should the next person know?").fill("Asked for the matching skirting.")
    ana.get_by_role("button", name="Done").click()
    shop.hq_shows("notes", lambda row: "skirting" in row, "the note at HQ")
    yield


def both_ways(page: Any) -> list[str]:
    """Serious findings in the light and in the dark."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        # a colour on its way from one scheme to the other has neither's contrast
        page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished)).then(() => true)")
        found += [f"{scheme}: {finding}" for finding in serious(page)]
    return found


def test_the_kiosk(shop: Shop) -> None:
    for card, scene in (("uid:08112233", "phone_uid"), ("uid:04DEADBEEF1234", "stranger"), ("member:walter", "by_name")):
        shop.tap(card)
        shop.see(scene)
        assert both_ways(shop.kiosk) == [], scene


def test_the_app(shop: Shop) -> None:
    fresh = shop.page(shop.demo.ready["associates"], (390, 844))
    fresh.get_by_label("PIN").wait_for()
    assert both_ways(fresh) == [], "sign-in"
    ana, ben = shop.phone("ana"), shop.phone("ben")
    assert both_ways(ben) == [], "nobody waits"
    shop.tap("member:tom")
    waiting(ben, "Tom").wait_for()
    assert both_ways(ben) == [], "an arrival"
    waiting(ben, "Tom").get_by_role("button", name="Take").click()
    ana.locator("li[data-taken]").first.wait_for()
    assert both_ways(ana) == [], "taken by a colleague"
    ben.get_by_role("heading", name="Deck behind the house").wait_for()
    assert both_ways(ben) == [], "the client card"
    ben.get_by_role("button", name="Write down & finish").click()
    assert both_ways(ben) == [], "the note"
    ana.get_by_role("button", name="Mine").click()
    assert both_ways(ana) == [], "mine"
    ana.get_by_role("button", name="Settings").click()
    assert both_ways(ana) == [], "settings"
    ana.context.set_offline(True)
    ana.get_by_text("Offline — showing what was known at").wait_for()
    assert both_ways(ana) == [], "offline"
    ana.context.set_offline(False)


def test_the_console(shop: Shop) -> None:
    fresh = shop.page(shop.demo.ready["hq"], (1280, 900))
    assert both_ways(fresh) == [], "sign-in"
    maria = shop.member("maria")["member"]
    for path in (*CONSOLE_PAGES, f"members/{maria}", f"members/{maria}/erase"):
        shop.console.goto(shop.demo.ready["hq"] + path)
        assert both_ways(shop.console) == [], path or "overview"
    assert shop.console.complaints == []
