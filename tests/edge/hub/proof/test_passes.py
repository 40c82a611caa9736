"""A member's pass: given by the associate who has them before them, opened once, renewed, given back. In a real browser too."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest
import zxingcpp
from werkzeug.serving import make_server

from edge.contracts.rotating import read_rotating
from edge.hub.pass_desk import LINK_S, MOST_PHONES
from edge.hub.store.times import now_of
from tests.support.hub import MARIA, PIN, HubBench, Phone
from tests.support.needs import needs
from tests.support.proofs import maria_tag, proof_config, showed, tapped
from tests.support.screen import chromium

OWN = {"X-Shopbell-Pass": "1"}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[HubBench]:
    made = HubBench(tmp_path / "hub", proof=proof_config(tmp_path), idle_s=36_000)
    made.put_maria()
    yield made
    made.close()


def served(bench: HubBench, proof: str | None = None) -> tuple[Phone, str]:
    """Ann has taken Maria's alert; the visit."""
    ann = bench.phone("ann")
    bench.take(tapped(bench, proof or maria_tag(7).read()))
    [alert] = ann.alerts()
    assert ann.act(f"/api/v1/alerts/{alert['alert_id']}/claim").status_code == 200
    return ann, alert["visit_id"]


def link_for(bench: HubBench) -> str:
    ann, visit = served(bench)
    answer = ann.act(f"/api/v1/visits/{visit}/pass")
    assert answer.status_code == 201, answer.json
    return str(answer.json["url"].partition("#")[2])


def opened(bench: HubBench, link: str) -> Any:
    client = bench.hub.app.test_client()
    assert client.post("/api/v1/pass", json={"link": link}, headers=OWN).status_code == 204
    return client


def test_from_the_link_to_a_proven_arrival(bench: HubBench) -> None:
    phone = opened(bench, link_for(bench))
    shown = phone.get("/api/v1/pass").json
    code = read_rotating(shown["text"])
    assert code is not None and 0 < shown["left_s"] <= 30 and shown["svg"].startswith("<svg")
    [result] = bench.take(showed(bench, shown["text"]))
    assert result.greeting is not None
    assert (result.greeting.name, result.greeting.assurance, result.greeting.member) == ("Maria", "proven", MARIA)
    bench.clock.advance(30)
    assert phone.get("/api/v1/pass").json["text"] != shown["text"]


def test_a_link_opens_once_and_not_for_long(bench: HubBench) -> None:
    link = link_for(bench)
    client = bench.hub.app.test_client()
    assert client.post("/api/v1/pass", json={"link": link}).status_code == 403, "another site's page cannot open it"
    opened(bench, link)
    again = client.post("/api/v1/pass", json={"link": link}, headers=OWN)
    assert (again.status_code, again.json["error"]["code"]) == (404, "pass_link_used")
    other = link_for(bench)
    bench.clock.advance(LINK_S)
    assert client.post("/api/v1/pass", json={"link": other}, headers=OWN).status_code == 404
    assert client.get("/api/v1/pass").json["error"]["code"] == "pass_unknown"


def test_no_secret_of_link_or_phone_is_kept_or_logged(bench: HubBench, capsys: pytest.CaptureFixture[str]) -> None:
    link = link_for(bench)
    phone = opened(bench, link)
    [cookie] = phone._cookies.values()
    stored = repr({table: rows for table, rows in bench.dump().items() if table != "idempotency"})
    assert link not in stored and cookie.value not in stored
    assert link not in "".join(capsys.readouterr())
    assert cookie.http_only and cookie.same_site == "Strict"


def test_a_pass_is_given_only_to_somebody_who_is_in_no_doubt(bench: HubBench) -> None:
    recorded = maria_tag(7).read()
    ann, visit = served(bench, recorded)
    bench.take(tapped(bench, recorded))
    refused = ann.act(f"/api/v1/visits/{visit}/pass")
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "card_in_doubt")
    ben = bench.phone("ben")
    assert ben.act(f"/api/v1/visits/{visit}/pass").json["error"]["code"] == "card_closed"


def test_a_guest_has_no_pass(bench: HubBench) -> None:
    ann = bench.phone("ann")
    bench.take(bench.guest())
    [alert] = ann.alerts()
    ann.act(f"/api/v1/alerts/{alert['alert_id']}/claim")
    assert ann.act(f"/api/v1/visits/{alert['visit_id']}/pass").json["error"]["code"] == "nobody_known"


def test_without_a_key_for_codes_there_is_no_pass(tmp_path: Path) -> None:
    plain = HubBench(tmp_path / "plain")
    plain.put_maria()
    ann, visit = served(plain)
    assert ann.act(f"/api/v1/visits/{visit}/pass").json["error"]["code"] == "codes_not_set_up"
    plain.close()


def test_a_pass_that_was_given_back_holds_no_longer(bench: HubBench) -> None:
    phone = opened(bench, link_for(bench))
    text = phone.get("/api/v1/pass").json["text"]
    assert phone.delete("/api/v1/pass").status_code == 403
    assert phone.delete("/api/v1/pass", headers=OWN).status_code == 204
    assert phone.get("/api/v1/pass").status_code == 401
    [result] = bench.take(showed(bench, text))
    assert result.greeting is not None and result.greeting.outcome == "stranger"


def test_a_sixth_phone_takes_the_place_of_the_oldest(bench: HubBench) -> None:
    ann, visit = served(bench)
    phones = []
    for _ in range(MOST_PHONES + 1):
        url = ann.act(f"/api/v1/visits/{visit}/pass").json["url"]
        phones.append(opened(bench, url.partition("#")[2]))
        bench.clock.advance(1)
    assert [phone.get("/api/v1/pass").status_code for phone in phones] == [401] + [200] * MOST_PHONES


def test_an_erased_member_has_no_pass(bench: HubBench) -> None:
    phone = opened(bench, link_for(bench))
    with bench.hub.store.file.write() as connection:
        bench.hub.eraser.erase_member(connection, MARIA, now_of(bench.clock))
    assert phone.get("/api/v1/pass").status_code == 401 and bench.rows("passes") == []


@contextlib.contextmanager
def page_of(bench: HubBench, **options: Any) -> Iterator[tuple[Any, str]]:
    """A member's phone in a real browser, and the hub's address."""
    server = make_server("127.0.0.1", 0, bench.hub.app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with chromium(needs("chromium")) as browser:
            yield browser.new_page(viewport={"width": 390, "height": 844}, **options), f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


@pytest.mark.chromium
def test_the_page_speaks_the_phones_language_and_goes_on_by_itself(bench: HubBench) -> None:
    link = link_for(bench)
    with page_of(bench, locale="fr-CA") as (page, hub):
        page.route("**/api/v1/pass", lambda route: route.abort())
        page.goto(f"{hub}/pass#{link}")
        page.wait_for_function("said.textContent.startsWith('Le magasin est injoignable')")
        page.unroute_all()
        page.wait_for_selector("#code:not([hidden])")
        assert page.get_attribute("html", "lang") == "fr" and page.inner_text("h1") == "Mon passe"
        page.route("**/api/v1/pass", lambda route: route.fulfill(status=503))
        page.click("#remove")
        page.wait_for_function("said.textContent.startsWith('Le magasin est injoignable')")
        assert page.is_visible("#code"), "what was not removed is still here"
        page.unroute_all()
        page.goto(f"{hub}/pass?#{link}")
        page.wait_for_selector("#code:not([hidden])")
        assert "caméra" in page.inner_text("#said"), "its old link, opened again, shows the pass it gave"


@pytest.mark.chromium
def test_the_page_opens_shows_renews_and_removes(bench: HubBench, tmp_path: Path) -> None:
    """In a real browser; the picture on its screen is read by a decoder of QR codes, as the kiosk's camera would."""
    link = link_for(bench)
    with page_of(bench) as (page, hub):
        troubles: list[str] = []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
        page.goto(f"{hub}/pass#{link}")
        page.wait_for_selector("#code:not([hidden])")
        assert page.url.endswith("/pass"), "the address has forgotten the link"
        first = seen_on(page, tmp_path / "first.png")
        assert troubles == []
        bench.clock.advance(30)
        was = page.evaluate("picture.src")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait_for_function("was => document.getElementById('picture').src !== was", arg=was)
        second = seen_on(page, tmp_path / "second.png")
        assert read_rotating(first) is not None and second != first
        assert re.fullmatch(r"New in \d+ s\.", page.inner_text("#left"))
        page.click("#remove")
        page.wait_for_selector("#code[hidden]", state="attached")
        assert "removed" in page.inner_text("#said")
        page.reload()
        page.wait_for_function("() => document.getElementById('said').textContent.includes('no pass on this phone')")


@pytest.mark.chromium
def test_an_associate_gives_a_pass_from_the_card(bench: HubBench, tmp_path: Path) -> None:
    """In the associates' app: take the arrival, give a pass; the picture on the associate's screen is the member's link."""
    bench.put_associate("ann")
    with page_of(bench) as (page, hub):
        page.goto(hub)
        page.get_by_label("Name").fill("ann")
        page.get_by_label("PIN").fill(PIN)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_selector(".inside")  # on shift: the alert finds somebody
        bench.take(tapped(bench, maria_tag(7).read()))
        page.reload()
        page.get_by_role("button", name="Take").first.click()
        page.get_by_role("button", name="Give a pass").click()
        picture = page.get_by_alt_text("Code with the link to the pass")
        picture.wait_for()
        page.wait_for_function("document.querySelector('img.pass').naturalWidth > 0")
        picture.screenshot(path=tmp_path / "link.png")
        found = zxingcpp.read_barcodes(cv2.imread(str(tmp_path / "link.png")))
        base, _, link = str(found[0].text).partition("/pass#")
        assert base == hub
        assert opened(bench, link).get("/api/v1/pass").status_code == 200


def seen_on(page: Any, picture: Path) -> str:
    page.wait_for_function("picture.complete && picture.naturalWidth > 0")
    page.screenshot(path=picture)
    found = zxingcpp.read_barcodes(cv2.imread(str(picture)))
    assert len(found) == 1, "the code on the screen can be read"
    return str(found[0].text)
