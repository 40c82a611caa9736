"""Pieces of the stations start, screens and demo: when a process is ready, who hears an event, what an installation holds."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import pytest
import waitress  # type: ignore[import-untyped]  # ships no types

from tests.bench.parts_installed import closure, needs_of, own_size, size_of
from tests.bench.peers import plain_screen
from tests.bench.stations import start
from tests.bench.stations.screens import VIEW, Hand, Stream, hung
from tests.bench.stations.start import PARTS, well_parts
from tests.support.brokers import HOST, free_port


@pytest.fixture
def plain() -> Iterator[int]:
    """The peer of the screens, in a thread."""
    server = waitress.create_server(plain_screen.create_app(), host=HOST, port=0, threads=5)
    threading.Thread(target=server.run, daemon=True).start()
    yield int(server.effective_port)
    server.task_dispatcher.shutdown(timeout=1)
    server.close()


def test_one_event_is_on_every_screen(plain: int) -> None:
    with contextlib.ExitStack() as stack:
        screens = [stack.enter_context(contextlib.closing(Stream(plain))) for _ in range(3)]
        hand = stack.enter_context(contextlib.closing(Hand(plain, "/event")))
        for number in range(2):
            for screen in screens:
                screen.forget()
            hand.post(f'{{"shown":{number}}}')
            for screen in screens:
                screen.wait(VIEW + f'"shown":{number}'.encode())
            hand.answered()


def test_a_server_without_a_free_thread_hangs_and_is_counted(plain: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.stations.screens.HUNG_AFTER_S", 0.2)
    assert hung(plain, 3) == 0
    assert hung(free_port(), 2) == 2, "nobody listens"
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(contextlib.closing(Stream(plain)))
        assert hung(plain, 1) == 1


def test_ready_is_what_the_process_says_of_its_parts() -> None:
    report = (
        b'{"process":"kiosk","version":"1","state":"degraded","parts":[{"part":"reader","well":true},{"part":"hub","well":%s}]}'
    )
    assert well_parts(report % b"false") == {"reader"} and not well_parts(report % b"true") >= PARTS
    assert well_parts(b"") == set()


def test_an_installation_is_what_the_extra_needs_and_nothing_else() -> None:
    kiosk, demo = closure(needs_of("kiosk")), closure(needs_of("demo"))
    assert {"flask", "werkzeug", "pyserial", "gpiozero"} <= set(kiosk), "what is needed by what is needed, too"
    assert not {"pytest", "ruff", "sqlalchemy", "rich"} & set(kiosk)
    assert set(kiosk) < set(demo) and "sqlalchemy" in demo
    assert size_of(kiosk["flask"]) > 100_000 and own_size() > 1_000_000


def test_what_loading_takes_is_shared_out_by_package() -> None:
    told = """import time: self [us] | cumulative | imported package
import time:       100 |        100 |   encodings
import time:       300 |        300 |       flask.app
import time:       300 |        600 |     flask
import time:       200 |        800 |   kiosk.screen
import time:       100 |        900 | edge.process.logs
"""
    shares = start.loading_shares(told, 50.0)
    assert [(one.part, round(one.share, 2), round(one.ms or 0)) for one in shares] == [
        ("flask", 0.6, 30),
        (start.OWN, 0.3, 15),
        (start.PYTHON, 0.1, 5),
    ]
    many = "".join(f"import time: 100 | 100 | package{number}\n" for number in range(start.SHOWN + 2))
    assert start.loading_shares(many, 110.0)[-1].part == start.REST and len(start.loading_shares(many, 110.0)) == start.SHOWN + 1
