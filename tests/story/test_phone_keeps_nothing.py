"""A lost phone tells nothing: what the app leaves in the browser, and what becomes of it when the session ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.story.shop import Shop, open_shop, waiting
from tests.support.demo import until

pytestmark = [pytest.mark.chromium, pytest.mark.mosquitto]

EVERYTHING_KEPT = """async () => {
  const kept = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), document.cookie];
  for (const database of await indexedDB.databases()) kept.push(database.name);
  const requests = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      requests.push(new URL(request.url).pathname);
      kept.push(await (await cache.match(request)).text());
    }
  }
  return { kept: kept.join('\\n'), requests };
}"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("kept")) as opened:
        yield opened


def kept_by(phone: Any) -> dict[str, Any]:
    return dict(phone.evaluate(EVERYTHING_KEPT))


def test_the_browser_keeps_the_shell_and_nobody(shop: Shop) -> None:
    ana = shop.phone("ana")
    until(lambda: kept_by(ana)["requests"], "the shell in the cache")
    shop.tap("member:maria")
    waiting(ana, "Maria")
    ana.get_by_role("button", name="Take", exact=True).click()
    ana.get_by_text("Flexible grout").first.wait_for()
    kept = kept_by(ana)
    assert any(path.endswith("/app.js") for path in kept["requests"])
    assert not [path for path in kept["requests"] if path.startswith("/api/")]
    for word in ("Flexible grout", "Rainy Harbour", "Quintero", "Bathroom", "main-street.associate"):
        assert word not in kept["kept"], word


def test_a_session_that_ended_wipes_the_page(shop: Shop) -> None:
    ana = shop.phone("ana")
    assert "Maria" in ana.content()
    ana.context.clear_cookies()
    ana.evaluate("dispatchEvent(new Event('online')); document.dispatchEvent(new Event('visibilitychange'))")
    ana.get_by_label("PIN").wait_for()
    assert "Maria" not in ana.content() and "grout" not in ana.content()
