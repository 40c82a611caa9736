"""What a phone knows of alerts and what it tells of them: alerts_state.js and feedback.js, run where they run: in a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from edge.associates.web import create_blueprint
from tests.edge.associates_app.test_web import LOOK
from tests.support.needs import needs
from tests.support.screen import chromium

pytestmark = pytest.mark.chromium
# Helpers every case uses: an alert of the contract, and the module under test as `s`.
PRELUDE = """
const s = await import('/app/alerts_state.js');
const alert = (id, rev, state, more = {}) => ({ kind: 'alert', v: '1.0', alert_id: id, visit_id: 'v-' + id, rev, state,
  who: { kind: 'member', name: 'Maria' }, arrived_at: '2026-11-20T09:00:00Z', ...more });
const learn = (known, ...alerts) => alerts.reduce((k, a) => s.take(k, a, 1000).known, known);
const ids = (list) => list.map((a) => a.alert_id);
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    app = Flask("app", static_folder=None)
    app.register_blueprint(create_blueprint(ws_origin="ws://127.0.0.1:1", look_folder=LOOK))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with chromium(needs("chromium")) as browser:
        blank = browser.new_page()
        blank.goto(f"http://127.0.0.1:{server.server_port}/manifest.webmanifest")
        yield blank
    server.shutdown()


def run(page: Any, body: str) -> Any:
    return page.evaluate(f"async () => {{ {PRELUDE} {body} }}")


@pytest.mark.parametrize(
    ("told", "waiting", "mine", "taken"),
    [
        ("alert('a', 0, 'open')", ["a"], [], []),
        ("alert('a', 0, 'open'), alert('a', 1, 'claimed', {claimed_by: 'ana'})", [], ["a"], []),
        ("alert('a', 0, 'open'), alert('a', 1, 'claimed', {claimed_by: 'ben'})", [], [], ["a"]),
        ("alert('a', 1, 'claimed', {claimed_by: 'ben'}), alert('a', 0, 'open')", [], [], ["a"]),
        ("alert('a', 1, 'claimed', {claimed_by: 'ana'}), alert('a', 2, 'open')", ["a"], [], []),
        ("alert('a', 0, 'open'), alert('a', 1, 'served')", [], [], []),
        ("alert('a', 1, 'withdrawn'), alert('a', 0, 'open')", [], [], []),
        ("alert('a', 3, 'expired'), alert('a', 4, 'open')", [], [], []),
        ("alert('a', 0, 'open'), alert('a', 0, 'served')", ["a"], [], []),
        ("alert('b', 0, 'open', {arrived_at: '2026-11-20T09:05:00Z'}), alert('a', 0, 'open')", ["a", "b"], [], []),
    ],
)
def test_the_highest_revision_is_true_and_an_end_is_final(
    page: Any, told: str, waiting: list[str], mine: list[str], taken: list[str]
) -> None:
    found = run(
        page, f"const k = learn(s.nothing(), {told}); return [s.waiting(k), s.mine(k, 'ana'), s.taken(k, 'ana')].map(ids);"
    )
    assert found == [waiting, mine, taken]


@pytest.mark.parametrize("end", ["served", "withdrawn", "expired"])
def test_nothing_of_the_person_stays_of_an_ended_alert(page: Any, end: str) -> None:
    kept = run(
        page,
        f"const k = learn(s.nothing(), alert('a', 0, 'open'), alert('a', 1, '{end}'));"
        "return JSON.stringify([[...k.alerts], [...k.ended]]);",
    )
    assert "Maria" not in kept and "v-a" not in kept and f'"{end}"' in kept


def test_any_order_of_the_same_revisions_ends_in_the_same(page: Any) -> None:
    """All 120 orders of five revisions of one alert."""
    outcomes = run(
        page,
        """
        const all = [alert('a', 0, 'open'), alert('a', 1, 'claimed', {claimed_by: 'ben'}), alert('a', 2, 'open'),
          alert('a', 3, 'claimed', {claimed_by: 'ana'}), alert('a', 4, 'claimed', {claimed_by: 'ana', reason: 'pickup'})];
        const orders = (rest) => rest.length < 2 ? [rest] : rest.flatMap((x, i) =>
          orders([...rest.slice(0, i), ...rest.slice(i + 1)]).map((tail) => [x, ...tail]));
        return orders(all).map((order) => s.mine(learn(s.nothing(), ...order), 'ana').map((a) => [a.rev, a.reason]));
        """,
    )
    assert len(outcomes) == 120
    assert all(outcome == [[4, "pickup"]] for outcome in outcomes)


@pytest.mark.parametrize(
    "value",
    [
        "null",
        "[]",
        "'x'",
        "{}",
        "alert('a', -1, 'open')",
        "alert('a', 1.5, 'open')",
        "alert('a', 0, 'closed')",
        "alert('', 0, 'open')",
        "alert('a', 0, 'open', {v: '2.0'})",
        "alert('a', 0, 'open', {who: null})",
        "alert('a', 0, 'open', {test: true})",
    ],
)
def test_what_is_no_alert_for_people_is_ignored(page: Any, value: str) -> None:
    assert run(page, f"return s.readAlert({value});") is None


def test_a_newer_minor_is_read(page: Any) -> None:
    assert run(page, "return s.readAlert(alert('a', 0, 'open', {v: '1.7', colour: 'red'})).rev;") == 0


def test_catching_up_takes_away_what_the_hub_does_not_list(page: Any) -> None:
    found = run(
        page,
        """
        let k = learn(s.nothing(), alert('gone', 0, 'open'), alert('stays', 0, 'open'));
        const since = k.turn;
        k = learn(k, alert('just-came', 0, 'open'));
        const listed = [alert('stays', 1, 'open'), alert('new', 0, 'open')];
        const answer = s.catchUp(k, listed, { since, me: 'ana', now: 2000, complete: true });
        return [ids(s.waiting(answer.known)).sort(), answer.news.map((n) => [n.alert_id, n.what]).sort()];
        """,
    )
    assert found == [["just-came", "new", "stays"], [["gone", "gone"], ["new", "arrived"], ["stays", "changed"]]]


@pytest.mark.parametrize(("minutes", "rings"), [(0, True), (4.9, True), (5.1, False), (600, False)])
def test_the_bell_rings_only_for_who_came_in_just_now(page: Any, minutes: float, rings: bool) -> None:
    """Guarantee G3: nothing older than five minutes is announced as new."""
    found = run(
        page,
        f"const now = Date.parse('2026-11-20T09:00:00Z') + {minutes} * 60000;"
        "return s.deservesBell(s.take(s.nothing(), alert('a', 0, 'open'), now).news, now);",
    )
    assert found is rings


def test_memory_is_bounded(page: Any) -> None:
    size = run(
        page,
        "let k = s.nothing(); for (let i = 0; i < 2000; i++) k = learn(k, alert('a' + i, 0, 'open'));"
        "for (let i = 0; i < 2000; i++) k = learn(k, alert('b' + i, 0, 'served')); return [k.alerts.size, k.ended.size];",
    )
    assert max(size) <= 300


def test_title_and_badge_hear_of_a_new_count_once_and_of_the_last_one_in_the_end(page: Any) -> None:
    told = page.evaluate(
        """async () => {
          const { Feedback } = await import('/app/feedback.js');
          const badges = [];
          Object.defineProperty(navigator, 'setAppBadge', { configurable: true, value: async (n) => { badges.push(n); } });
          const feedback = new Feedback();
          for (const waiting of [1, 1, 2, 2, 0, 2]) feedback.count(waiting, 'Main Street');
          const before = document.title;
          await new Promise((done) => setTimeout(done, 50));
          const shown = document.title;
          feedback.count(0, null);
          await new Promise((done) => setTimeout(done, 50));
          return { before, shown, after: document.title, badges };
        }"""
    )
    assert told == {"before": "", "shown": "(2) Main Street", "after": "Shopbell", "badges": [1, 2, 0, 2, 0]}
