"""Alerts over time and restarts, with a clock that moves only when told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.hub import MARIA, STORE, HubBench


def states(bench: HubBench) -> list[str]:
    return [row["state"] for row in bench.rows("alerts")]


def test_unclaimed_it_escalates_and_expires(bench: HubBench) -> None:
    bench.put_maria(own_associate="ann")
    bench.phone("ann")
    bench.phone("ben")
    bench.take(bench.arrival())
    bench.later(59)
    assert bench.broker.alerts("ben") == []
    bench.later(1)
    assert [alert.why_you for alert in bench.broker.alerts("ben")] == ["everybody"]
    bench.later(239)
    assert states(bench) == ["open"]
    bench.later(1)
    assert states(bench) == ["expired"]
    assert bench.broker.alerts("ben")[-1].state == "expired"
    assert [fact.end for fact in bench.facts("alert_outcome")] == ["expired"]
    bench.later(1000)
    assert len(bench.facts("alert_outcome")) == 1


def test_with_nobody_on_shift_it_waits_for_somebody(bench: HubBench) -> None:
    bench.put_maria()
    bench.take(bench.arrival())
    bench.later(30)
    ann = bench.phone("ann")
    bench.later(1)
    assert len(bench.broker.alerts("ann")) == 1
    assert len(ann.alerts()) == 1


def test_a_restart_keeps_alerts_and_their_age(bench: HubBench) -> None:
    bench.put_maria()
    ann = bench.phone("ann")
    bench.take(bench.arrival())
    bench.later(100)
    bench.restart()
    ann.client = bench.hub.app.test_client()
    bench.later(199)
    assert states(bench) == ["open"]
    bench.later(1)
    assert states(bench) == ["expired"]


def test_another_boot_counts_by_the_wall_clock(bench: HubBench) -> None:
    bench.put_maria()
    bench.phone("ann")
    bench.take(bench.arrival())
    bench.clock.advance(120)
    bench.clock.reboot("boot2")
    bench.restart()
    bench.hub.keeper.turn()
    assert states(bench) == ["open"]
    bench.later(180)
    assert states(bench) == ["expired"]


def test_a_wall_clock_that_jumps_expires_nothing(bench: HubBench) -> None:
    bench.put_maria()
    bench.phone("ann")
    bench.take(bench.arrival())
    for jump in (10 * 365 * 86_400, -20 * 365 * 86_400):
        bench.clock.jump(jump)
        bench.hub.keeper.turn()
        assert states(bench) == ["open"]
        assert len(bench.rows("sessions")) == 1


def test_a_claimed_alert_ends_with_its_visit(bench: HubBench) -> None:
    bench.put_maria()
    ann = bench.phone("ann")
    bench.take(bench.arrival())
    ann.act(f"/api/v1/alerts/{ann.alerts()[0]['alert_id']}/claim")
    bench.later(5399)
    assert states(bench) == ["claimed"]
    bench.later(1)
    assert states(bench) == ["expired"]
    assert bench.rows("visits")[0]["open"] == 0


def test_what_the_broker_did_not_take_is_told_when_it_is_back(bench: HubBench) -> None:
    bench.put_maria()
    bench.phone("ann")
    bench.broker.up = False
    bench.take(bench.arrival())
    bench.restart()
    bench.hub.announcer.turn()
    assert bench.broker.sent == []
    bench.broker.up = True
    bench.hub.announcer.turn()
    bench.hub.announcer.turn()
    assert [alert.rev for alert in bench.broker.alerts("ann")] == [0], "told twice, or not at all"


def test_what_the_broker_took_and_lost_is_told_again_when_it_is_back(bench: HubBench) -> None:
    bench.put_maria()
    ann = bench.phone("ann")
    bench.take(bench.arrival(), bench.guest())
    served = ann.alerts()[1]["alert_id"]
    for act in ("claim", "served"):
        assert ann.act(f"/api/v1/alerts/{served}/{act}").status_code == 200
    bench.hub.announcer.turn()
    before = len(bench.broker.alerts("ann"))
    bench.hub.announcer.link(False)
    bench.hub.announcer.turn()
    bench.hub.announcer.link(True)
    for _ in range(3):
        bench.hub.announcer.turn()
    assert [(alert.state, alert.rev) for alert in bench.broker.alerts("ann")[before:]] == [("open", 0)]


def test_news_of_the_directory_is_one_for_many_changes(bench: HubBench) -> None:
    bench.hub.announcer.turn()
    before = len(bench.broker.sent)
    for number in range(50):
        with bench.hub.store.file.write() as connection:
            bench.hub.store.members.put_card(connection, f"typed:{number}", None, "blocked")
        bench.hub.announcer.turn()
    assert len(bench.broker.sent) == before
    bench.clock.advance(1)
    bench.hub.announcer.turn()
    bench.hub.announcer.turn()
    assert [topic.rsplit("/", 1)[1] for topic, _ in bench.broker.sent[before:]] == ["news", "news"]  # one to each door


def test_what_a_shopper_is_worth_moves_no_alert(tmp_path: Path) -> None:
    """Metamorphic: name, origin, years and purchases are permuted over the same tap; routing must not change."""
    seen = []
    people = [
        {"name": "Maria Keller", "since": "2012-01-01", "origin": "gold"},
        {"name": "Mehmet Yilmaz", "since": "2026-11-01", "origin": "import"},
        {"name": None, "call_me": None, "since": None, "origin": None},
    ]
    for number, person in enumerate(people):
        for spent in (0, 99_999_900):
            bench = HubBench(tmp_path / f"{number}-{spent}")
            bench.phone("ann", ("pickup",))
            bench.phone("ben", ("return",))
            bench.put_maria(**person)
            with bench.hub.store.file.write() as connection:
                connection.execute(
                    "INSERT INTO sale_lines (store, source, invoice, ordinal, sold_at, sold_on, product_code, description,"
                    " quantity, unit_price, amount_minor, currency, member, line_kind)"
                    " VALUES (?, 'till', 'i1', 1, '2026-11-01T10:00:00+00:00', '2026-11-01', 'P1', 'Tiles', 1, '1.00',"
                    " ?, 'GBP', ?, 'sale')",
                    (STORE, spent, MARIA),
                )
            bench.take(bench.arrival(reason="return"))
            bench.later(60)
            seen.append([(row["associate"], row["why"]) for row in bench.rows("alert_recipients")])
            bench.close()
    assert seen == [[("ben", "reason"), ("ann", "everybody")]] * 6


def test_a_second_in_which_nothing_is_due_holds_up_nobody(bench: HubBench) -> None:
    """Many visits are open and their alerts wait; whoever files an arrival meanwhile shares its lock with nobody."""
    bench.phone("ann")
    bench.take(*(bench.guest() for _ in range(40)))
    with ThreadPoolExecutor(1) as keeper:
        keeper.submit(bench.hub.keeper.turn).result()
        with bench.hub.store.file.write():
            keeper.submit(bench.hub.keeper.turn).result(timeout=10)
    bench.later(300)
    assert states(bench) == ["expired"] * 40


def test_visits_of_this_boot_and_of_another_close_by_their_own_clock(bench: HubBench) -> None:
    bench.take(bench.guest())
    bench.clock.advance(1000)
    bench.clock.reboot("boot2")
    bench.restart()
    bench.take(bench.guest())
    gap_s = 5400
    bench.later(gap_s - 1001)
    assert [row["open"] for row in bench.rows("visits")] == [1, 1]
    bench.later(1)
    assert [row["open"] for row in bench.rows("visits")] == [0, 1]
    bench.later(999)
    assert [row["open"] for row in bench.rows("visits")] == [0, 1]
    bench.later(1)
    assert [row["open"] for row in bench.rows("visits")] == [0, 0]
