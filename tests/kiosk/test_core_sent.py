"""Tries that are not worth a commit: an answer that comes at once leaves no try in the file; one that stays away does."""

from __future__ import annotations

import pytest

from kiosk.sent import NOTED_AFTER_S, Sent
from tests.support.kiosk_core import NEW_UID, bench


@pytest.fixture
def kiosk(tmp_path):
    with bench(tmp_path) as made:
        yield made


def tries(kiosk):
    return [(row.tries, row.tried_monotonic) for row in kiosk.book.outbox.rows()]


def test_what_is_under_way_is_left_out_and_not_written(kiosk):
    kiosk.tap()
    kiosk.tap(NEW_UID)
    sent, rows = Sent(kiosk.book.outbox), kiosk.book.outbox.rows()
    sent.add(rows[:1], kiosk.clock.monotonic())
    assert [row.seq for row in sent.others(10, kiosk.clock.monotonic())] == [rows[1].seq]
    assert (len(sent), sent.most_tries, tries(kiosk)) == (1, 1, [(0, None), (0, None)])


def test_without_an_answer_the_try_is_noted_with_its_own_time(kiosk):
    kiosk.tap()
    sent, began = Sent(kiosk.book.outbox), kiosk.clock.monotonic()
    sent.add(kiosk.book.outbox.rows(), began)
    kiosk.clock.advance(NOTED_AFTER_S)
    (again,) = sent.others(10, kiosk.clock.monotonic())
    assert (again.tries, again.tried_monotonic, len(sent)) == (1, began, 0)
    sent.add([again], kiosk.clock.monotonic())
    assert sent.most_tries == 2


def test_what_is_answered_or_lost_with_the_link_is_forgotten(kiosk):
    kiosk.tap()
    sent, rows = Sent(kiosk.book.outbox), kiosk.book.outbox.rows()
    sent.add(rows, kiosk.clock.monotonic())
    kiosk.book.outbox.done([rows[0].key])
    assert (sent.others(10, kiosk.clock.monotonic()), len(sent)) == ([], 0)
    sent.add(rows, kiosk.clock.monotonic())
    sent.forget()
    assert len(sent) == sent.most_tries == 0
