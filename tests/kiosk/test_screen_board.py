"""The board: many threads, one screen."""

from __future__ import annotations

import threading

from edge.process.clock import ManualClock, SystemClock
from kiosk.screen.board import Board
from tests.support.screen import until, words


def test_waiting_returns_at_once_when_something_newer_is_there() -> None:
    board = Board(ManualClock())
    board.show(words("welcome"), "a1")
    assert board.wait_newer(1, 60.0).scene == "welcome"


def test_a_change_wakes_who_waits() -> None:
    board, got = Board(SystemClock()), []
    waiter = threading.Thread(target=lambda: got.append(board.wait_newer(board.view().version, 30.0)))
    waiter.start()
    board.show(words("welcome"), "a1")
    waiter.join(5)
    assert [view.scene for view in got] == ["welcome"]


def test_who_waits_sees_the_end_of_a_scene_without_anybody_ticking() -> None:
    board = Board(SystemClock())
    board.show(words("unreadable", seconds=0.05))
    view = board.wait_newer(board.view().version, 30.0)
    assert view.scene == "starting"


def test_nothing_new_gives_the_same_view_after_the_time() -> None:
    clock = ManualClock()
    board, got = Board(clock), []
    version = board.view().version
    waiter = threading.Thread(target=lambda: got.append(board.wait_newer(version, 15.0)))
    waiter.start()
    clock.advance(14.9)
    board.wake()
    assert not got
    clock.advance(0.2)
    until(lambda: (board.wake(), got)[1])
    waiter.join(5)
    assert got[0].version == version


def test_stop_and_close_release_who_waits() -> None:
    board, stopped, got = Board(SystemClock()), threading.Event(), []
    first = threading.Thread(target=lambda: got.append(board.wait_newer(99, 60.0, stopped.is_set)))
    second = threading.Thread(target=lambda: got.append(board.wait_newer(99, 60.0)))
    first.start(), second.start()
    stopped.set()
    board.wake()
    first.join(5)
    assert not first.is_alive() and second.is_alive()
    board.close()
    second.join(5)
    assert not second.is_alive() and board.closed


def test_a_bouncing_finger_rings_once() -> None:
    clock = ManualClock()
    board = Board(clock)
    assert [board.first_ring(), board.first_ring()] == [True, False]
    clock.advance(3.0)
    assert board.first_ring()


def test_many_threads_leave_one_story() -> None:
    board = Board(SystemClock())
    seen: list[list[int]] = []

    def watch() -> None:
        versions = [-1]
        while versions[-1] < 401:
            versions.append(board.wait_newer(versions[-1], 10.0).version)
        seen.append(versions)

    watchers = [threading.Thread(target=watch) for _ in range(6)]
    for watcher in watchers:
        watcher.start()
    tappers = [threading.Thread(target=lambda: [board.show(words("welcome"), "a1") for _ in range(100)]) for _ in range(4)]
    for tapper in tappers:
        tapper.start()
    for thread in watchers + tappers:
        thread.join(20)
    assert len(seen) == 6
    assert all(versions == sorted(set(versions)) and versions[-1] == 401 for versions in seen)


def test_drawn_is_when_every_stream_has_come_back() -> None:
    board, leave = Board(SystemClock()), threading.Event()

    def stream() -> None:
        seen = -1
        while not leave.is_set():
            seen = board.wait_newer(seen, 30.0, leave.is_set).version

    waiter = threading.Thread(target=stream)
    waiter.start()
    until(lambda: board._written.get(waiter.ident or 0) == board.view().version)
    board.show(words("welcome"), "a1")
    board.wait_drawn(10.0)
    assert board._written == {waiter.ident: board.view().version}
    leave.set()
    board.wake()
    waiter.join(5)


def test_a_stream_that_does_not_come_back_is_waited_for_once() -> None:
    board = Board(SystemClock())
    board.show(words("welcome"), "a1")
    gone = threading.Thread(target=lambda: board.wait_newer(-1, 30.0))
    gone.start()
    gone.join(5)
    board.wait_drawn(0.01)
    assert board._written == {}
    board.wait_drawn(60.0)  # returns at once: nobody is known to draw
