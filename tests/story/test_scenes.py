"""Every kind of card at the door: the right scene on the screen, and the right people told, or nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.story.shop import Shop, html_of, leaks, waiting
from tests.support.demo import until

pytestmark = [pytest.mark.chromium, pytest.mark.mosquitto]

PHONE_UID, UNKNOWN, ANOTHER_UNKNOWN = "uid:08112233", "uid:04DEADBEEF1234", "uid:04DEADBEEF9999"


@pytest.fixture(autouse=True)
def on_shift(shop: Shop) -> Iterator[None]:
    """Ana, Ben and Jan (who speaks German) are at work; afterwards nothing has complained and no log is personal."""
    pages = [shop.kiosk, *(shop.phone(name) for name in ("ana", "ben", "jan"))]
    yield
    assert [complaint for page in pages for complaint in page.complaints] == []
    assert leaks(shop.demo.folder, shop.pack) == []


@pytest.fixture
def alerts(shop: Shop) -> Callable[[], list[tuple[str, ...]]]:
    """Who was alerted since the test began: (kind, associate), once the hub has filed all that the kiosk sent."""
    before = int(shop.hub_rows("SELECT count(*) FROM alerts")[0][0])

    def told() -> list[tuple[str, ...]]:
        rows = shop.hub_rows(
            "SELECT a.kind, r.associate FROM (SELECT * FROM alerts ORDER BY rowid LIMIT -1 OFFSET ?) a"
            " JOIN alert_recipients r USING (store, alert_id) ORDER BY r.associate",
            str(before),
        )
        return [tuple(row) for row in rows]

    return told


def filed(shop: Shop) -> int:
    return int(shop.hub_rows("SELECT count(*) FROM arrivals")[0][0])


def test_a_phone_is_told_so_and_is_no_arrival(shop: Shop, alerts: Callable[[], list[tuple[str, ...]]]) -> None:
    before = filed(shop)
    shop.tap(PHONE_UID)
    shop.see("phone_uid", "Hello, phone!")
    assert "hold its code to the scanner" in shop.kiosk.locator("#line").inner_text()
    shop.tap(UNKNOWN)
    shop.see("stranger", "Welcome!")
    until(lambda: filed(shop) > before, "the next card is at the hub")
    assert filed(shop) == before + 1, "the phone was no arrival"
    assert alerts() == []


def test_a_member_code_is_greeted_and_a_product_is_not(shop: Shop, alerts: Callable[[], list[tuple[str, ...]]]) -> None:
    person = next(shop.some(greeting="name"))
    before = filed(shop)
    shop.tap("code:4006381333931")
    shop.see("unreadable", "This code is a product's")
    shop.tap(f"qr:KR-{person['key'].upper()}")
    shop.see("by_name")
    until(lambda: filed(shop) > before, "the code is at the hub")
    assert filed(shop) == before + 1, "the product was no arrival"
    assert alerts() != []


def test_an_unknown_card_calls_nobody_until_a_reason_is_chosen(shop: Shop, alerts: Callable[[], list[tuple[str, ...]]]) -> None:
    before = filed(shop)
    shop.tap(ANOTHER_UNKNOWN)
    shop.see("stranger", "Welcome!")
    until(lambda: filed(shop) > before, "the card is at the hub")
    assert alerts() == []
    shop.kiosk.locator("button[data-reason=return]").click()
    waiting(shop.phone("ana"), "A new face").get_by_text("Return").wait_for()
    assert alerts() == [("stranger", "ana"), ("stranger", "ben"), ("stranger", "jan")]


def test_a_card_left_on_the_reader_is_one_visit(shop: Shop, alerts: Callable[[], list[tuple[str, ...]]]) -> None:
    person = next(shop.some(greeting="nameless"))
    before = filed(shop)
    showing = shop.kiosk.locator("body").get_attribute("data-showing")
    shop.tap(f"member:{person['key']}", hold_s=5)
    shop.kiosk.wait_for_function("before => document.body.dataset.showing !== before", arg=showing)
    first = shop.kiosk.locator("body").get_attribute("data-showing")
    shop.see("welcome", "Welcome!")
    shop.kiosk.wait_for_timeout(5500)  # the card lies there for five seconds: that is the case itself
    assert shop.kiosk.locator("body").get_attribute("data-showing") == first
    assert filed(shop) == before + 1
    assert alerts() == [("member", "ana"), ("member", "ben"), ("member", "jan")]


def test_the_same_card_again_is_the_same_visit(shop: Shop, alerts: Callable[[], list[tuple[str, ...]]]) -> None:
    shop.tap("member:walter")
    shop.see("by_name", "Welcome back, Walter!")
    until(alerts, "somebody is alerted")
    told = alerts()
    before = filed(shop)
    again = shop.kiosk.get_by_text("Hello again, Walter!")

    def once_more() -> bool:
        """A card that is back at once never left the reader, so a hand may have to try again."""
        shop.tap("member:walter", hold_s=0.1)
        return bool(again.is_visible())

    until(once_more, "the screen says hello again")
    assert "We already know that you are here." in shop.kiosk.locator("#line").inner_text()
    until(lambda: filed(shop) > before, "the second tap is at the hub")
    assert alerts() == told
    walter = shop.member("walter")["member"]
    [(visits, arrivals)] = shop.hub_rows("SELECT count(DISTINCT visit_id), count(*) FROM arrivals WHERE member = ?", walter)
    assert visits == 1 and arrivals >= 2


def test_a_blocked_card_is_sent_to_the_counter_without_a_name(shop: Shop, alerts: Callable[[], list[tuple[str, ...]]]) -> None:
    before = filed(shop)
    shop.tap(shop.blocked_card("priya"))
    shop.see("blocked", "Please speak to us")
    until(lambda: filed(shop) > before, "the card is at the hub")
    assert alerts() == []
    assert not any("Priya" in html_of(page) for page in (shop.kiosk, shop.phone("ana"), shop.phone("ben")))


def test_a_german_is_greeted_in_german_and_goes_to_who_looks_after_him(
    shop: Shop, alerts: Callable[[], list[tuple[str, ...]]]
) -> None:
    shop.tap("member:jonas")
    shop.see("by_name", "Willkommen zurück, Herr Kranz!")
    assert shop.kiosk.locator("html").get_attribute("lang") == "de"
    assert shop.kiosk.get_by_text("Was führt Sie zu uns?").is_visible()
    told = waiting(shop.phone("jan"), "Herr Kranz")
    told.get_by_text("German", exact=True).wait_for()
    assert "You look after them" in told.inner_text()
    assert alerts() == [("member", "jan")]


def test_a_member_without_a_name_is_greeted_without_one(shop: Shop, alerts: Callable[[], list[tuple[str, ...]]]) -> None:
    shop.tap("member:nameless")
    shop.see("welcome", "Welcome!")
    until(lambda: len(alerts()) == 3, "everybody on shift is asked")
    nameless = shop.member("nameless")["member"]
    until(lambda: shop.hub_rows("SELECT 1 FROM arrivals WHERE member = ?", nameless), "the arrival is at the hub")
    assert shop.kiosk.locator("body").get_attribute("data-scene") == "welcome"


def test_who_wants_to_be_left_alone_always_is(shop: Shop, alerts: Callable[[], list[tuple[str, ...]]]) -> None:
    before = filed(shop)
    shop.tap("member:ruth")
    shop.see("not_today", "All right")
    until(lambda: filed(shop) > before, "it is counted")
    assert alerts() == []
    assert shop.hub_rows("SELECT 1 FROM arrivals WHERE member = ?", shop.member("ruth")["member"]) == []


def test_not_today_before_the_tap_calls_nobody(shop: Shop, alerts: Callable[[], list[tuple[str, ...]]]) -> None:
    before = filed(shop)
    shop.see("idle", within_s=30)
    shop.kiosk.locator("#not-today-button").click()
    shop.see("not_today", "As you like")
    shop.tap("member:priya")
    shop.see("not_today", "All right")
    until(lambda: filed(shop) > before, "it is counted")
    assert alerts() == []
    assert "Priya" not in html_of(shop.kiosk) + html_of(shop.phone("ana"))
    assert shop.hub_rows("SELECT 1 FROM arrivals WHERE member = ?", shop.member("priya")["member"]) == []
    shop.hq_shows("arrivals", lambda row: "Wants no attention" in row, "an arrival at HQ that is nobody's")
