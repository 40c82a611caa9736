"""What goes to the hub and what comes back: only an answer empties the outbox."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from edge.contracts.answer import ArrivalResult
from edge.contracts.arrival import read_arrival
from edge.contracts.envelope import encode
from edge.contracts.errors import ContractError
from edge.contracts.status import read_status
from edge.process.ids import CountingIds
from kiosk.answers import Answers
from kiosk.hub_link import MAILBOX, REFILL, STORED_MAX_BYTES, WINDOW, HubLink
from kiosk.messages import Messages
from tests.support.kiosk_core import KIOSK, NAME, NEW_UID, STORE, answer, bench, greeted


class Wire:
    """A line that takes what it is given, or refuses while `open` is False."""

    def __init__(self):
        self.sent, self.open, self.trouble = [], True, None

    def publish(self, topic, payload, *, retain=False):
        if self.open:
            self.sent.append((topic.rsplit("/", 1)[1], payload, retain))
        return self.open

    def problem(self):
        return self.trouble

    def arrivals(self):
        taken, self.sent = self.sent, []
        return [read_arrival(payload) for channel, payload, _ in taken if channel == "arrival"]


class Desk:
    """A bench with its hub link, turned by hand: one `turn` is one round of its thread."""

    def __init__(self, kiosk):
        self.kiosk, self.wire, self.greeted, self.news = kiosk, Wire(), [], []
        self.messages = Messages(STORE, KIOSK, kiosk.clock, CountingIds(10_000), kiosk.book.numbers)
        self.answers = Answers(kiosk.book, STORE, lambda *greeting: self.greeted.append(greeting), kiosk.clock)
        self.link = HubLink(
            book=kiosk.book,
            messages=self.messages,
            answers=self.answers,
            news=self.news.append,
            health=kiosk.health,
            clock=kiosk.clock,
            salt="bench",
        )

    def turn(self):
        return self.link.turn(self.wire)

    def answered(self, *results, **changes):
        self.link.deliver(self.messages.answer_topic, answer(results, **changes))
        self.turn()

    def keys(self):
        return [row.key for row in self.kiosk.book.outbox.rows()]

    def ill(self):
        return {part.part: part.code for part in self.kiosk.health.report().parts if not part.well}


@pytest.fixture
def desk(tmp_path):
    with bench(tmp_path) as kiosk:
        made = Desk(kiosk)
        made.link.link(True)
        yield made


def test_an_arrival_goes_out_at_once_and_stays_until_it_is_answered(desk):
    arrival = desk.kiosk.tap()
    desk.turn()
    (sent,) = desk.wire.arrivals()
    assert (sent.arrival_id, sent.age_s, sent.boot) == (arrival.arrival_id, 0.0, "boot1")
    assert desk.keys() == [f"{arrival.arrival_id}:0"]
    desk.answered(greeted(arrival))
    assert desk.keys() == []
    assert [a.arrival_id for a in desk.wire.arrivals()] == []
    assert desk.greeted == [(arrival.arrival_id, greeted(arrival).greeting)]
    assert desk.kiosk.book.visits.find(arrival.arrival_id).state == "answered"


def test_every_send_is_stamped_anew(desk):
    desk.kiosk.tap()
    sent = []
    for _ in range(4):
        desk.turn()
        sent += desk.wire.arrivals()
        desk.kiosk.clock.advance(5)
        desk.kiosk.clock.jump(-(10**8))
    assert len({a.id for a in sent}) == len(sent) == 4, "at once, then after about 1, 2 and 4 s"
    assert [a.age_s for a in sent] == [0.0, 5.0, 10.0, 15.0]
    assert sorted(a.seq for a in sent) == [a.seq for a in sent]
    assert len({a.at for a in sent}) == 1


def test_a_row_too_large_for_the_hub_is_parked_and_holds_nobody_up(desk):
    too_large, good = desk.kiosk.tap(), desk.kiosk.tap(NEW_UID)
    with desk.kiosk.book._file.write() as connection:
        desk.kiosk.book.outbox.rewrite(connection, f"{too_large.arrival_id}:0", b" " * (STORED_MAX_BYTES + 1))
    desk.turn()
    assert [a.arrival_id for a in desk.wire.arrivals()] == [good.arrival_id]
    assert [(row.key, row.code) for row in desk.kiosk.book.outbox.parked()] == [(f"{too_large.arrival_id}:0", "too_large")]
    assert desk.ill() == {"outbox": "arrivals_parked"}


def test_the_largest_arrival_a_kiosk_makes_is_none_that_is_parked(desk):
    made = desk.kiosk.tap()
    longest = {"source": f"{'s' * 32}/kiosk/{'k' * 32}", "arrival_id": "a" * 36, "member": "m" * 64, "card_token": "0" * 32}
    wordy = {"outcome": "stranger", "reason": "appointment", "language": "abc-12345678", "evidence": "e" * 1200}
    assert len(encode(replace(made, rev=1000, age_s=1 / 3, boot="b" * 32, **longest, **wordy))) <= STORED_MAX_BYTES


def test_after_a_restart_of_the_machine_the_age_is_unknown(desk):
    desk.kiosk.tap()
    desk.kiosk.clock.reboot("boot2")
    desk.turn()
    (sent,) = desk.wire.arrivals()
    assert (sent.age_s, sent.boot) == (None, "boot2")


def test_nothing_is_sent_and_no_try_is_used_up_while_the_link_is_down(desk):
    desk.link.link(False)
    desk.kiosk.tap()
    desk.turn()
    assert (desk.wire.sent, desk.kiosk.book.outbox.rows()[0].tries) == ([], 0)
    desk.link.link(True)
    desk.turn()
    assert len(desk.wire.arrivals()) == 1


def test_when_the_link_returns_nobody_waits_for_a_backoff(desk):
    desk.kiosk.tap()
    for _ in range(6):
        desk.turn()
        desk.kiosk.clock.advance(30)
    desk.turn()
    desk.wire.arrivals()
    assert desk.turn() > 1
    assert desk.wire.arrivals() == []
    desk.link.link(False)
    desk.link.link(True)
    desk.turn()
    assert len(desk.wire.arrivals()) == 1


def test_what_the_line_does_not_take_counts_as_not_sent(desk):
    desk.kiosk.tap()
    desk.wire.open = False
    assert desk.turn() == 1.0
    assert desk.kiosk.book.outbox.rows()[0].tries == 0


def test_a_long_backlog_goes_in_windows(desk):
    for number in range(WINDOW + 50):
        desk.kiosk.tap(f"04A1B2C3{number:06X}")
    desk.turn()
    first = desk.wire.arrivals()
    assert len(first) == WINDOW
    desk.turn()
    assert desk.wire.arrivals() == []
    desk.answered(*(ArrivalResult(a.arrival_id, 0, "new") for a in first[: REFILL - 1]))
    assert desk.wire.arrivals() == [], "looking at what waits costs more than it brings for so few"
    desk.answered(ArrivalResult(first[REFILL - 1].arrival_id, 0, "new"))
    assert len(desk.wire.arrivals()) == REFILL


def test_a_full_window_whose_answers_stay_away_is_looked_at_in_time(desk):
    for number in range(WINDOW + 50):
        desk.kiosk.tap(f"04A1B2C3{number:06X}")
    desk.turn()
    first = desk.wire.arrivals()
    desk.answered(ArrivalResult(first[0].arrival_id, 0, "new"))
    desk.kiosk.clock.advance(0.5)
    desk.turn()
    assert len(desk.wire.arrivals()) == 1


@pytest.mark.parametrize(
    "forged",
    [
        b"",
        b"not json",
        b"\xff",
        b"[" * 5000,
        b"{}",
        b'{"kind":"answer","v":"2.0"}',
        b'{"kind":"alert","v":"1.0"}',
        b"x" * 20_000,
    ],
)
def test_garbage_removes_nothing(desk, forged):
    arrival = desk.kiosk.tap()
    desk.link.deliver(desk.messages.answer_topic, forged)
    desk.turn()
    assert (desk.keys(), desk.answers.refused, desk.greeted) == ([f"{arrival.arrival_id}:0"], 1, [])


@pytest.mark.parametrize("source", ["other-store/hub/hub", f"{STORE}/kiosk/door-2", f"{STORE}/associate/eve"])
def test_only_the_hub_of_this_store_answers(desk, source):
    arrival = desk.kiosk.tap()
    desk.answered(greeted(arrival), source=source)
    assert (desk.keys(), desk.answers.refused, desk.greeted) == ([f"{arrival.arrival_id}:0"], 1, [])


def test_an_answer_to_something_we_never_said_is_nothing(desk):
    arrival = desk.kiosk.tap()
    desk.answered(ArrivalResult("nobody", 0, "new"), ArrivalResult(arrival.arrival_id, 7, "duplicate"))
    assert desk.keys() == [f"{arrival.arrival_id}:0"]


def test_an_answer_on_another_topic_is_nothing(desk):
    arrival = desk.kiosk.tap()
    desk.link.deliver("shopbell/v1/main-street/kiosk/door-2/answer", answer([greeted(arrival)]))
    desk.turn()
    assert len(desk.keys()) == 1


def test_the_answer_to_an_older_revision_leaves_the_newer_one(desk):
    arrival = desk.kiosk.tap()
    desk.kiosk.reception.choose_reason(arrival.arrival_id, "pickup")
    desk.answered(greeted(arrival))
    assert desk.keys() == [f"{arrival.arrival_id}:1"]
    assert desk.kiosk.book.visits.find(arrival.arrival_id).state == "waiting"


def test_what_the_hub_refuses_is_set_aside_with_its_code_and_holds_nobody_up(desk):
    bad, good = desk.kiosk.tap(), desk.kiosk.tap(NEW_UID)
    desk.answered(ArrivalResult(bad.arrival_id, 0, "refused", code="kiosk_unknown", hint="Add it."), greeted(good))
    assert desk.keys() == []
    assert [(row.key, row.code, row.hint) for row in desk.kiosk.book.outbox.parked()] == [
        (f"{bad.arrival_id}:0", "kiosk_unknown", "Add it.")
    ]
    assert desk.ill() == {"outbox": "arrivals_parked"}
    assert desk.kiosk.book.visits.find(bad.arrival_id).state == "refused"


def test_a_row_that_cannot_be_read_is_set_aside_and_the_next_goes_out(desk):
    bad, good = desk.kiosk.tap(), desk.kiosk.tap(NEW_UID)
    with desk.kiosk.book._file.write() as connection:
        desk.kiosk.book.outbox.rewrite(connection, f"{bad.arrival_id}:0", b"torn")
    desk.turn()
    assert [a.arrival_id for a in desk.wire.arrivals()] == [good.arrival_id]
    assert [(row.key, row.code) for row in desk.kiosk.book.outbox.parked()] == [(f"{bad.arrival_id}:0", "row_unreadable")]
    with pytest.raises(ContractError):
        desk.messages.arrival(desk.kiosk.book.outbox.parked()[0])


def test_a_silent_hub_is_said(desk):
    arrival = desk.kiosk.tap()
    for _ in range(12):
        desk.turn()
        desk.kiosk.clock.advance(10)
    assert (desk.ill(), desk.link.heard) == ({"hub": "hub_silent"}, False)
    desk.answered(greeted(arrival))
    assert (desk.ill(), desk.link.heard) == ({}, True)


def test_the_status_is_retained_and_follows_the_problems(desk):
    def statuses():
        taken, desk.wire.sent = desk.wire.sent, []
        return [(read_status(payload), retain) for channel, payload, retain in taken if channel == "status"]

    desk.turn()
    ((status, retain),) = statuses()
    assert (status.online, status.problems, retain) == (True, [], True)
    desk.turn()
    assert statuses() == []
    desk.kiosk.health.ill("reader", "reader_gone", "Plug it in.")
    desk.turn()
    ((status, _),) = statuses()
    assert [problem.code for problem in status.problems] == ["reader_gone"]
    desk.link.link(True)
    desk.turn()
    assert len(statuses()) == 1, "said again on every connect"


def test_the_mailbox_is_bounded(desk):
    for _ in range(MAILBOX + 3):
        desk.link.deliver(desk.messages.answer_topic, b"")
    assert desk.link.lost_mail == 3
    desk.turn()
    assert desk.answers.refused == MAILBOX


def test_news_are_passed_on(desk):
    desk.link.deliver(desk.messages.news_topic, b"news")
    desk.turn()
    assert desk.news == [b"news"]


def test_neither_message_nor_log_holds_a_name(desk, capsys):
    arrival = desk.kiosk.tap()
    desk.turn()
    desk.answered(greeted(arrival))
    assert all(NAME.encode() not in payload for _, payload, _ in desk.wire.sent)
    logged = capsys.readouterr()
    assert NAME not in logged.out + logged.err
    assert json.loads(desk.messages.status(desk.kiosk.health.report(), online=False))["online"] is False
