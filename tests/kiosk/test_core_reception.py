"""The door, from tap to words: committed before it is said, and nothing said too much."""

from __future__ import annotations

import sqlite3

import pytest

from edge.contracts.answer import Greeting
from edge.contracts.card_id import card_token
from edge.process.errors import OperatorError
from firmware_bridge.card_read import CardRead
from kiosk.reception import PRUNE_EVERY_S
from kiosk.records.book import FILE_NAME
from kiosk.visit.phrases import phrase
from tests.support.kiosk_core import (
    CARD_KEY,
    LOST_UID,
    MARIA,
    MARIA_UID,
    NAME,
    NEW_UID,
    SHY_UID,
    STARTED,
    bench,
    entry,
    greeted,
    page,
    read,
    trouble,
)


@pytest.fixture
def kiosk(tmp_path):
    with bench(tmp_path) as made:
        yield made


def scene(kiosk):
    return kiosk.board.view().scene


def ill(kiosk):
    return {part.part: part.code for part in kiosk.health.report().parts if not part.well}


def test_from_idle_to_a_nameless_welcome_to_the_name(kiosk):
    assert scene(kiosk) == "idle"
    arrival = kiosk.tap()
    view = kiosk.board.view()
    assert (view.scene, view.title, view.arrival_id) == ("welcome", "Welcome back!", arrival.arrival_id)
    kiosk.reception.greet(arrival.arrival_id, greeted(arrival).greeting)
    assert (scene(kiosk), kiosk.board.view().title) == ("by_name", f"Welcome back, {NAME}!")
    assert kiosk.signals.cues == ["welcome"]
    assert len(kiosk.woken) == 1


def test_it_is_committed_before_it_is_shown(kiosk):
    """At the moment the screen is told, another connection to the same file already sees visit and message."""
    seen = []
    show = kiosk.board.show

    def looking(words, arrival_id=None):
        with sqlite3.connect(kiosk.book._file.path) as other:
            seen.append([other.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("visits", "outbox")])
        show(words, arrival_id)

    kiosk.board.show = looking
    kiosk.tap()
    assert seen == [[1, 1]]


def test_a_late_answer_does_not_touch_the_next_shopper(kiosk):
    maria = kiosk.tap()
    stranger = kiosk.tap(NEW_UID)
    before = kiosk.board.view()
    kiosk.reception.greet(maria.arrival_id, greeted(maria).greeting)
    assert kiosk.board.view() == before
    assert before.arrival_id == stranger.arrival_id


def test_an_answer_after_the_visit_has_left_the_screen_is_forgotten(kiosk):
    arrival = kiosk.tap()
    kiosk.clock.advance(60)
    assert scene(kiosk) == "idle"
    kiosk.reception.greet(arrival.arrival_id, greeted(arrival).greeting)
    assert NAME not in repr(kiosk.board.view())
    assert kiosk.reception._shown is None


def test_a_name_lives_in_memory_no_longer_than_on_the_screen(kiosk, tmp_path):
    arrival = kiosk.tap()
    kiosk.reception.greet(arrival.arrival_id, greeted(arrival).greeting)
    kiosk.reception.choose_reason(arrival.arrival_id, "pickup")
    assert NAME in kiosk.board.view().title
    kiosk.clock.advance(60)
    kiosk.reception.tick()
    assert kiosk.reception._shown is None
    assert NAME not in repr(kiosk.board.view())
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert NAME.encode() not in content


@pytest.mark.parametrize(
    ("uid", "expected", "cue"),
    [
        (MARIA_UID, "welcome", "welcome"),
        (NEW_UID, "stranger", "stranger"),
        (LOST_UID, "blocked", "blocked"),
        (SHY_UID, "not_today", "not_today"),
    ],
)
def test_what_a_card_leads_to(kiosk, uid, expected, cue):
    arrival = kiosk.tap(uid)
    assert (arrival.outcome, scene(kiosk), kiosk.signals.cues) == (expected, expected, [cue])


@pytest.mark.parametrize(
    ("presented", "expected"),
    [(trouble("unreadable"), "unreadable"), (trouble("two_cards"), "ambiguous"), (read("08A1B2C3", random_id=True), "phone_uid")],
)
def test_what_is_no_card_leaves_no_trace(kiosk, presented, expected):
    kiosk.reception.tap(presented)
    assert (scene(kiosk), kiosk.signals.cues) == (expected, [expected])
    assert (kiosk.waiting(), kiosk.book.visits.count(), kiosk.woken) == ([], 0, [])


def test_the_same_member_again_is_a_repeat_until_the_window_ends(kiosk):
    outcomes = []
    for wait in (0, 5, 594, 1, 1):
        kiosk.clock.advance(wait)
        outcomes.append(kiosk.tap().outcome)
    assert outcomes == ["welcome", "repeat", "repeat", "welcome", "repeat"]


def test_a_second_tap_is_a_welcome_again_after_a_restart_of_the_machine(kiosk):
    kiosk.tap()
    kiosk.clock.reboot("boot2")
    assert kiosk.tap().outcome == "welcome"


def test_armed_before_the_tap(kiosk):
    kiosk.reception.not_today(None)
    assert (scene(kiosk), kiosk.board.view().arrival_id) == ("not_today", None)
    kiosk.clock.advance(19)
    arrival = kiosk.tap()
    assert (arrival.outcome, arrival.member, arrival.card_token, arrival.evidence) == ("not_today", None, None, None)
    assert kiosk.tap().outcome == "welcome", "the wish was for one tap"


def test_armed_stays_armed_for_somebody_whose_card_could_not_be_read(kiosk):
    kiosk.reception.not_today(None)
    kiosk.reception.tap(trouble("unreadable"))
    assert kiosk.tap().outcome == "not_today"


def test_armed_ends_by_itself(kiosk):
    kiosk.reception.not_today(None)
    kiosk.clock.advance(20.01)
    assert kiosk.tap().outcome == "welcome"


def test_not_today_afterwards_removes_the_member_here_and_says_so_to_the_hub(kiosk):
    arrival = kiosk.tap()
    kiosk.reception.greet(arrival.arrival_id, greeted(arrival).greeting)
    kiosk.reception.not_today(arrival.arrival_id)
    assert [(a.arrival_id, a.rev, a.outcome, a.member, a.card_token) for a in kiosk.waiting()] == [
        (arrival.arrival_id, 1, "not_today", None, None)
    ]
    assert kiosk.book.visits.recent(MARIA) == ()
    assert (scene(kiosk), NAME in repr(kiosk.board.view())) == ("not_today", False)
    kiosk.reception.greet(arrival.arrival_id, greeted(arrival).greeting)
    assert scene(kiosk) == "not_today", "a late answer does not bring the name back"


def test_not_today_at_the_second_tap_takes_the_first_back_as_well(kiosk):
    first = kiosk.tap()
    kiosk.book.outbox.done([f"{first.arrival_id}:0"])
    kiosk.clock.advance(30)
    second = kiosk.tap()
    kiosk.reception.not_today(second.arrival_id)
    assert {(a.arrival_id, a.rev, a.outcome) for a in kiosk.waiting()} == {
        (first.arrival_id, 1, "not_today"),
        (second.arrival_id, 1, "not_today"),
    }
    assert kiosk.book.visits.of_member(MARIA, 600) == []


def test_a_reason_is_the_next_revision_and_the_name_stays(kiosk):
    arrival = kiosk.tap()
    kiosk.reception.greet(arrival.arrival_id, greeted(arrival).greeting)
    kiosk.reception.choose_reason(arrival.arrival_id, "return")
    assert [(a.rev, a.reason, a.outcome, a.member) for a in kiosk.waiting()] == [(1, "return", "welcome", MARIA)]
    assert (scene(kiosk), kiosk.board.view().line) == ("by_name", "We will look at your return together.")
    kiosk.reception.choose_reason(arrival.arrival_id, "return")
    assert [a.rev for a in kiosk.waiting()] == [1]


def test_the_name_may_come_after_the_reason(kiosk):
    arrival = kiosk.tap()
    kiosk.reception.choose_reason(arrival.arrival_id, "pickup")
    kiosk.reception.greet(arrival.arrival_id, greeted(arrival).greeting)
    view = kiosk.board.view()
    assert (view.title, view.line) == (f"Welcome back, {NAME}!", "We are told that you are here to collect.")


def test_a_guest_rings_and_says_why(kiosk):
    kiosk.reception.ring_bell("de")
    (guest,) = kiosk.waiting()
    assert (guest.outcome, guest.member, guest.language) == ("guest", None, "de")
    assert kiosk.board.view().title == "Wir haben geläutet"
    kiosk.reception.choose_reason(guest.arrival_id, "help")
    assert [(a.rev, a.reason) for a in kiosk.waiting()] == [(1, "help")]
    assert kiosk.signals.cues == ["guest"]


def test_with_the_hub_away_nobody_is_promised_help_but_the_arrival_is_kept(kiosk):
    kiosk.heard = False
    kiosk.reception.ring_bell(None)
    assert "counter" in kiosk.board.view().line
    (guest,) = kiosk.waiting()
    kiosk.reception.choose_reason(guest.arrival_id, "help")
    assert "counter" in kiosk.board.view().line


def test_the_visit_on_the_screen_is_told_again_in_another_language(kiosk):
    arrival = kiosk.tap()
    kiosk.reception.greet(arrival.arrival_id, greeted(arrival).greeting)
    kiosk.board.speak("fr")
    kiosk.reception.set_language("fr")
    view = kiosk.board.view()
    assert (view.title, view.words_language) == (f"Bonjour, {NAME} !", "fr")
    kiosk.reception.choose_reason(arrival.arrival_id, "looking")
    assert (kiosk.board.view().line, kiosk.waiting()[0].language) == ("Nous sommes là si vous avez besoin de nous.", "fr")


def test_the_hub_knows_a_card_that_the_directory_does_not(kiosk):
    arrival = kiosk.tap(NEW_UID)
    assert scene(kiosk) == "stranger"
    kiosk.reception.greet(arrival.arrival_id, Greeting(outcome="welcome"))
    assert scene(kiosk) == "welcome"


def test_at_the_limit_the_screen_says_so_and_heals_when_there_is_room(tmp_path):
    with bench(tmp_path, outbox_max=1) as kiosk:
        first = kiosk.tap()
        assert kiosk.tap(NEW_UID) is None
        assert (scene(kiosk), ill(kiosk)) == ("out_of_order", {"records": "outbox_full"})
        with pytest.raises(OperatorError, match="kiosk_full"):
            kiosk.reception.ring_bell(None)
        kiosk.reception.tick()
        assert scene(kiosk) == "out_of_order"
        assert [a.arrival_id for a in kiosk.waiting()] == [first.arrival_id]
        kiosk.book.outbox.done([f"{first.arrival_id}:0"])
        kiosk.reception.tick()
        assert (scene(kiosk), ill(kiosk)) == ("idle", {})
        assert kiosk.tap(NEW_UID).outcome == "stranger"


def test_a_disk_that_fails_confirms_nothing_and_heals(kiosk):
    """SQLite itself refuses: the file may not grow by a single page."""
    pages = kiosk.book._file.writer.execute("PRAGMA page_count").fetchone()[0]
    kiosk.book._file.writer.execute(f"PRAGMA max_page_count = {pages}")
    taps = 0
    with pytest.raises(sqlite3.OperationalError, match="full"):
        while taps < 1000:
            kiosk.reception.tap(read(NEW_UID))
            taps += 1
    kiosk.reception.store_failed()
    assert (scene(kiosk), ill(kiosk)) == ("out_of_order", {"records": "store_failed"})
    assert len(kiosk.waiting()) == taps, "what was confirmed is there, what was not is not"
    kiosk.book._file.writer.execute("PRAGMA max_page_count = 1000000")
    kiosk.reception.tick()
    assert (scene(kiosk), ill(kiosk)) == ("idle", {})
    assert kiosk.tap().outcome == "welcome"


def test_a_file_that_is_locked_stays_out_of_order_without_noise(kiosk, tmp_path, monkeypatch):
    kiosk.reception.store_failed()
    monkeypatch.setattr(kiosk.book, "probe", lambda: (_ for _ in ()).throw(sqlite3.OperationalError("disk I/O error")))
    version = kiosk.board.view().version
    kiosk.reception.tick()
    assert (scene(kiosk), kiosk.board.view().version) == ("out_of_order", version)
    assert (tmp_path / FILE_NAME).exists()


@pytest.mark.parametrize("act", [lambda r: r.choose_reason("nobody", "help"), lambda r: r.not_today("nobody")])
def test_a_visit_nobody_knows(kiosk, act):
    with pytest.raises(OperatorError, match="visit_unknown"):
        act(kiosk.reception)
    assert kiosk.waiting() == []


def test_old_visits_are_forgotten_by_the_hour(kiosk):
    kiosk.tap()
    kiosk.clock.advance(86_401)
    kiosk.reception.tick()
    kiosk.clock.advance(PRUNE_EVERY_S)
    kiosk.reception.tick()
    assert kiosk.book.visits.count() == 0


def test_a_wallet_is_told_what_helps_instead(kiosk):
    kiosk.reception.tap(read("08A1B2C3", random_id=True, wallet="google"))
    assert (scene(kiosk), kiosk.board.view().line) == ("phone_uid", phrase("phone_wallet", "en")[1])
    kiosk.codes_at = "scanner"
    kiosk.reception.tap(read("08A1B2C3", random_id=True, wallet="google"))
    assert (scene(kiosk), kiosk.board.view().line) == ("phone_uid", phrase("phone_wallet_scanner", "en")[1])


def code(text, symbology=None):
    return CardRead("code", text, "scan-1", STARTED, symbology=symbology)


def test_a_members_code_is_one_card_in_every_spelling(kiosk):
    with_code = entry(token=card_token(CARD_KEY, "code:123456789012345675"))
    kiosk.book.directory.take(page([with_code], 20))
    kiosk.reception.tap(code("https://id.example/8018/123456789012345675", "]Q1"))
    kiosk.reception.tap(code("8018123456789012345675", "]C1"))
    assert [(a.outcome, a.member) for a in kiosk.waiting()] == [("welcome", MARIA), ("repeat", MARIA)]


@pytest.mark.parametrize(
    ("text", "symbology", "title"),
    [
        ("4006381333931", "]E0", "This code is a product's"),
        ("2012345678900", "]E0", "Once more, please"),
        ("WIFI:S:x;;", "]Q1", "Once more, please"),
    ],
)
def test_a_code_that_is_no_card_is_told_and_recorded_nowhere(kiosk, text, symbology, title):
    kiosk.reception.tap(code(text, symbology))
    assert (kiosk.board.view().scene, kiosk.board.view().title) == ("unreadable", title)
    assert kiosk.waiting() == []


def test_a_phone_is_sent_to_its_code_only_where_codes_are_read(kiosk):
    phone = read("08A1B2C3", random_id=True)
    kiosk.reception.tap(phone)
    assert "use your card" in kiosk.board.view().line and kiosk.board.view().picture == "card"
    for place in ("scanner", "camera"):
        kiosk.codes_at = place
        kiosk.reception.tap(phone)
        assert f"hold its code to the {place}" in kiosk.board.view().line and kiosk.board.view().picture == "code"


def test_what_a_camera_sees_by_itself_interrupts_nobody(kiosk):
    parcel, product = code("1Z999AA10123456784", "]C0"), code("4006381333931", "]E0")
    kiosk.reception.seen(product)
    assert kiosk.board.view().title == "This code is a product's"
    kiosk.tap()
    kiosk.clock.advance(11)
    kiosk.reception.seen(product)
    assert scene(kiosk) == "welcome"
    kiosk.clock.advance(60)
    kiosk.board.tick()
    kiosk.reception.seen(parcel)
    assert scene(kiosk) == "unreadable"
    kiosk.clock.advance(8)
    kiosk.board.tick()
    kiosk.reception.seen(parcel)
    assert scene(kiosk) == "idle", "not again and again"
    assert kiosk.signals.cues == ["welcome"]
    assert len(kiosk.waiting()) == 1


def test_a_member_code_before_the_camera_is_an_arrival(kiosk):
    kiosk.reception.seen(code("2012345678903", "]E0"))
    assert [arrival.outcome for arrival in kiosk.waiting()] == ["stranger"]


def test_a_hint_takes_no_greeting_from_the_screen(kiosk):
    kiosk.reception.hint("glare")
    assert kiosk.board.view().title == "It shines too much"
    kiosk.tap()
    kiosk.reception.hint("closer")
    assert kiosk.board.view().scene == "welcome"
