"""The associates' interface: signing in, claims, cards, notes, repetition, and what is refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from edge.hub.web_server import WebServer
from edge.transport.http import HttpClient
from tests.support.hub import PIN, HubBench, Phone


def an_alert(bench: HubBench, phone: Phone) -> dict[str, str]:
    bench.put_maria()
    bench.take(bench.arrival())
    [alert] = phone.alerts()
    return alert


def test_signing_in_opens_a_broker_account_that_reads_its_own_alerts(bench: HubBench) -> None:
    ann = bench.phone("ann")
    broker = ann.session["broker"]
    password, rights = bench.accounts.accounts[broker["username"]]
    assert password == broker["password"]
    assert rights.write == []
    assert broker["alert_topic"] in rights.read
    assert not any("ben" in topic or ("+" in topic and "hub" not in topic) for topic in rights.read)
    assert "pin" not in str(ann.session).lower()


def test_two_phones_of_one_person_do_not_cut_each_other(bench: HubBench) -> None:
    one = bench.phone("ann")
    two = Phone(bench, "ann")
    assert one.session["broker"]["username"] != two.session["broker"]["username"]
    assert len(bench.accounts.accounts) == 2


def test_a_second_page_of_a_session_does_not_cut_the_first(bench: HubBench) -> None:
    ann = bench.phone("ann")
    again = ann.get("/api/v1/session").json
    assert again["csrf"] == ann.session["csrf"]
    assert again["broker"] == ann.session["broker"], "another password would throw the first page out, and that one the second"


def test_an_account_the_broker_has_lost_is_made_again(bench: HubBench) -> None:
    ann = bench.phone("ann")
    bench.accounts.accounts.clear()
    again = ann.get("/api/v1/session").json
    assert bench.accounts.accounts[again["broker"]["username"]][0] == again["broker"]["password"]


def test_after_a_restart_of_the_hub_the_page_gets_a_password_that_works(bench: HubBench) -> None:
    ann = bench.phone("ann")
    bench.restart()
    phone = bench.hub.app.test_client()
    phone.set_cookie("shopbell", ann.client.get_cookie("shopbell").value)  # type: ignore[union-attr]  # signed in above
    broker = phone.get("/api/v1/session").json["broker"]  # type: ignore[index]  # a session
    assert bench.accounts.accounts[broker["username"]][0] == broker["password"]


def test_the_cookie_is_closed_to_scripts_and_other_sites(bench: HubBench) -> None:
    bench.put_associate("ann")
    answer = bench.hub.app.test_client().post("/api/v1/session", json={"associate": "ann", "pin": PIN})
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/" in cookie
    stored = bench.rows("sessions")[0]["session_hash"]
    assert stored not in cookie, "the secret itself stands in the database"


def test_signing_out_cuts_the_phone(bench: HubBench) -> None:
    ann = bench.phone("ann")
    refused = ann.client.delete("/api/v1/session")
    assert (refused.status_code, refused.json["error"]["code"]) == (403, "csrf_missing")
    assert ann.client.delete("/api/v1/session", headers={"X-Shopbell-Csrf": ann.session["csrf"]}).status_code == 204
    assert bench.accounts.accounts == {}
    assert ann.get("/api/v1/alerts").status_code == 401


@pytest.mark.parametrize("seconds", [1800, 36_000])
def test_a_session_ends_by_itself_and_its_account_with_it(bench: HubBench, seconds: int) -> None:
    ann = bench.phone("ann")
    for _ in range(seconds // 1000 - 1 if seconds > 1800 else 0):
        bench.later(1000)
        assert ann.get("/api/v1/alerts").status_code == 200
    bench.later(seconds if seconds == 1800 else 1000)
    assert bench.accounts.accounts == {}
    assert ann.get("/api/v1/alerts").status_code == 401


def test_wrong_pins_are_slowed_down_and_counted_before_they_are_looked_at(bench: HubBench) -> None:
    bench.put_associate("ann")
    client = bench.hub.app.test_client()

    def attempt(pin: str) -> tuple[int, int]:
        answer = client.post("/api/v1/session", json={"associate": "ann", "pin": pin})
        return answer.status_code, int(answer.headers.get("Retry-After", 0))

    assert [attempt("wrong1")[0] for _ in range(5)] == [401] * 5
    assert attempt(PIN) == (429, 16), "the right PIN got through while the name was locked"
    bench.clock.advance(15)
    assert attempt("wrong2")[0] == 401
    assert attempt("wrong2") == (429, 31)
    for _ in range(12):
        bench.clock.advance(900)
        assert attempt("wrong3")[0] == 401
    assert attempt("wrong3") == (429, 901)
    bench.restart()
    client = bench.hub.app.test_client()
    assert attempt(PIN)[0] == 429, "a restart forgot the lock"
    bench.clock.advance(900)
    assert attempt(PIN)[0] == 200
    assert bench.rows("sign_in_tries") == []


def test_an_unknown_name_is_answered_like_a_wrong_pin(bench: HubBench) -> None:
    bench.put_associate("ann")
    client = bench.hub.app.test_client()
    bodies = [client.post("/api/v1/session", json={"associate": name, "pin": "nope1"}) for name in ("ann", "nobody")]
    assert bodies[0].status_code == bodies[1].status_code == 401
    assert bodies[0].json == bodies[1].json


def test_claim_release_served(bench: HubBench) -> None:
    ann, ben = bench.phone("ann"), bench.phone("ben")
    path = f"/api/v1/alerts/{an_alert(bench, ann)['alert_id']}"
    assert ann.act(f"{path}/claim").json["claimed_by_name"] == "Ann"
    refused = ben.act(f"{path}/claim")
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "already_claimed")
    assert "Ann" in refused.json["error"]["message"]
    [seen] = ben.alerts()
    assert (seen["state"], seen["claimed_by_name"]) == ("claimed", "Ann")
    bench.hub.announcer.turn()
    assert bench.broker.alerts("ben")[-1].claimed_by_name == "Ann"
    assert ann.act(f"{path}/release").json["state"] == "open"
    assert ben.act(f"{path}/claim").status_code == 200
    assert ann.act(f"{path}/served").status_code == 409
    assert ben.act(f"{path}/served").json["state"] == "served"
    ended = ann.act(f"{path}/claim")
    assert (ended.status_code, ended.json["error"]["code"]) == (409, "alert_ended")
    assert ann.act("/api/v1/alerts/none-such/claim").status_code == 404


@pytest.fixture
def served_hub(bench: HubBench) -> Iterator[tuple[HubBench, str]]:
    server = WebServer(bench.hub.app, "127.0.0.1", 0, 8)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield bench, f"http://127.0.0.1:{server.port}"
    server.stop()
    thread.join(5)
    assert not thread.is_alive(), "kept-alive connections held up the goodbye"


def test_claims_at_the_same_moment_end_with_one_claimer(served_hub: tuple[HubBench, str]) -> None:
    bench, url = served_hub
    phones = [bench.phone(name) for name in ("ann", "ben", "cleo", "dora")]
    bench.put_maria()
    for turn in range(10):
        bench.take(bench.guest())
        alert_id = bench.rows("alerts")[-1]["alert_id"]
        together = threading.Barrier(len(phones))

        def claim(phone: Phone, alert_id: str = alert_id, together: threading.Barrier = together, turn: int = turn) -> int:
            cookie = phone.client.get_cookie("shopbell")
            assert cookie is not None
            headers = {
                "Cookie": f"shopbell={cookie.value}",
                "X-Shopbell-Csrf": phone.session["csrf"],
                "Idempotency-Key": f"race-{turn:08d}",
            }
            together.wait(5)
            return HttpClient(url, None).post(f"/api/v1/alerts/{alert_id}/claim", b"", headers).status

        with ThreadPoolExecutor(len(phones)) as pool:
            statuses = sorted(pool.map(claim, phones))
        assert statuses == [200, 409, 409, 409]
        assert bench.rows("alerts")[-1]["rev"] == 1


def test_repeated_is_answered_as_before_and_acts_once(bench: HubBench) -> None:
    ann = bench.phone("ann")
    alert = an_alert(bench, ann)
    path = f"/api/v1/alerts/{alert['alert_id']}/claim"
    first, second = ann.act(path, key="same-key-1"), ann.act(path, key="same-key-1")
    assert first.data == second.data
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    notes = f"/api/v1/visits/{alert['visit_id']}/notes"
    assert ann.act(notes, {"text": "  \n"}).status_code == 400
    assert bench.rows("notes") == []
    one, two = (ann.act(notes, {"text": "Loved the tiles"}, key="same-key-2") for _ in range(2))
    assert (one.status_code, one.data) == (two.status_code, two.data) == (201, one.data)
    assert len(bench.rows("notes")) == len(bench.facts("note")) == 1
    other = ann.act(notes, {"text": "Something else"}, key="same-key-2")
    assert (other.status_code, other.json["error"]["code"]) == (409, "key_reused")


def test_a_refusal_is_repeated_as_well(bench: HubBench) -> None:
    ann, ben = bench.phone("ann"), bench.phone("ben")
    path = f"/api/v1/alerts/{an_alert(bench, ann)['alert_id']}"
    ann.act(f"{path}/claim")
    assert ben.act(f"{path}/claim", key="refused-1").status_code == 409
    ann.act(f"{path}/release")
    assert ben.act(f"{path}/claim", key="refused-1").status_code == 409
    assert ben.act(f"{path}/claim", key="refused-2").status_code == 200


def test_kept_answers_go_after_a_day(bench: HubBench) -> None:
    ann = bench.phone("ann")
    an_alert(bench, ann)
    ann.act(f"/api/v1/alerts/{ann.alerts()[0]['alert_id']}/claim")
    assert len(bench.rows("idempotency")) == 1
    bench.later(86_399)
    assert len(bench.rows("idempotency")) == 1
    bench.later(301)
    assert bench.rows("idempotency") == []


def test_the_card_is_for_the_claimer_and_every_look_is_logged(bench: HubBench) -> None:
    ann, ben = bench.phone("ann"), bench.phone("ben")
    alert = an_alert(bench, ann)
    card = f"/api/v1/visits/{alert['visit_id']}/card"
    assert ann.get(card).json["error"]["code"] == "card_closed"
    ann.act(f"/api/v1/alerts/{alert['alert_id']}/claim")
    assert ann.get(card).json["who"] == "Maria"
    assert ben.get(card).status_code == 403
    assert ben.act(f"/api/v1/visits/{alert['visit_id']}/notes", {"text": "Hello"}).status_code == 403
    broken = ben.act(f"{card}/break-glass", {"reason": "Ann is on her break"})
    assert broken.json["who"] == "Maria"
    assert [(row["associate"], row["kind"], row["reason"]) for row in bench.rows("looks")] == [
        ("ann", "claim", None),
        ("ben", "break_glass", "Ann is on her break"),
    ]
    ann.act(f"/api/v1/alerts/{alert['alert_id']}/served")
    assert ann.get(card).status_code == 200
    bench.clock.advance(901)
    assert ann.get(card).status_code == 403
    assert ann.get("/api/v1/visits/none-such/card").status_code == 404


def test_changing_needs_session_token_and_key(bench: HubBench) -> None:
    ann = bench.phone("ann")
    path = f"/api/v1/alerts/{an_alert(bench, ann)['alert_id']}/claim"
    assert bench.hub.app.test_client().post(path).json["error"]["code"] == "not_signed_in"
    assert ann.act(path, csrf="").json["error"]["code"] == "csrf_missing"
    assert ann.act(path, csrf="ü").status_code == 403
    assert ann.act(path, key="short").json["error"]["code"] == "key_missing"
    assert bench.rows("alerts")[0]["state"] == "open"
