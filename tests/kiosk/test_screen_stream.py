"""The event stream over real sockets: whole views, beats, and bounds that hold when clients vanish."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from edge.process.clock import ManualClock
from kiosk.screen.phrases import resting
from kiosk.screen.stream import HEARTBEAT_S, STREAM_LIFE_S, STREAMS_MAX
from tests.support.screen import Screen, screen, until, words


class Listener:
    """A client that reads events off a bare socket."""

    def __init__(self, on: Screen, last_event_id: str | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", on.port), timeout=10)
        more = f"Last-Event-ID: {last_event_id}\r\n" if last_event_id else ""
        self.socket.sendall(f"GET /stream HTTP/1.1\r\nHost: 127.0.0.1:{on.port}\r\n{more}\r\n".encode())
        self.lines = self.socket.makefile("rb")
        self.head = self._head()

    def _head(self) -> str:
        lines = []
        while line := self.lines.readline().strip():
            lines.append(line.decode())
        return "\n".join(lines)

    def event(self) -> dict[str, str] | None:
        """The next event as its fields, or None when the stream has ended."""
        fields: dict[str, str] = {}
        while raw := self.lines.readline():
            name, colon, value = raw.decode().strip().partition(": ")
            if colon:
                fields[name] = value
            elif fields and not name:
                return fields
        return None

    def view(self) -> dict[str, Any]:
        """The next view; skips the rest."""
        while event := self.event():
            if event["event"] == "view":
                return {"id": event["id"], **json.loads(event["data"])}
        raise AssertionError("the stream ended")

    def close(self) -> None:
        self.lines.close()
        self.socket.close()


@pytest.fixture
def on() -> Iterator[Screen]:
    with screen() as served:
        served.board.show(resting("idle", "en"))
        yield served


def streams(on: Screen) -> float:
    return float(on.get("/metrics").text.partition("\nshopbell_screen_streams ")[2].split()[0])


def handles() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_every_event_is_the_whole_view(on: Screen) -> None:
    listener = Listener(on)
    assert "200 OK" in listener.head and "text/event-stream" in listener.head
    hello = listener.event()
    assert hello is not None and hello["event"] == "hello" and hello["data"] in on.get("/").text
    first = listener.view()
    assert (first["scene"], first["id"]) == ("idle", str(first["version"]))
    on.board.show(words("welcome", reasons=True), "a1")
    second = listener.view()
    assert (second["scene"], second["arrival_id"], second["offers_reasons"]) == ("welcome", "a1", True)
    on.board.complete("a1", words("by_name", "Hello Zoë\n\nevent: view"))
    third = listener.view()
    assert third["title"] == "Hello Zoë\n\nevent: view"
    assert int(third["id"]) > int(second["id"]) > int(first["id"])
    listener.close()


@pytest.mark.parametrize("claimed", ["0", "1", "999999", "garbage"])
def test_who_comes_back_gets_the_newest_view_whatever_it_saw_last(on: Screen, claimed: str) -> None:
    before = Listener(on)
    last = before.view()["id"]
    before.close()
    for name in ("a1", "a2", "a3"):
        on.board.show(words("welcome", f"Visit {name}"), name)
    for last_event_id in (last, claimed):
        again = Listener(on, last_event_id)
        assert again.view()["title"] == "Visit a3"
        again.close()


def test_nothing_new_is_a_beat_every_fifteen_seconds() -> None:
    clock = ManualClock()
    with screen(clock) as on:
        listener = Listener(on)
        listener.view()
        for _ in range(3):
            until(lambda: (clock.advance(HEARTBEAT_S / 50), on.board.wake(), _readable(listener))[2])
            assert listener.event() == {"event": "beat", "data": "."}
        listener.close()


def test_a_stream_ends_by_itself_after_its_life() -> None:
    clock = ManualClock()
    with screen(clock) as on:
        listener = Listener(on)
        listener.view()
        clock.advance(STREAM_LIFE_S + 1)
        on.board.wake()
        while listener.event():
            pass
        until(lambda: streams(on) == 0)
        listener.close()


def test_the_newest_stream_wins(on: Screen) -> None:
    listeners = []
    for _ in range(STREAMS_MAX + 3):
        listeners.append(Listener(on))
        listeners[-1].view()
    for old in listeners[:3]:
        assert (old.event() or {})["event"] == "replaced"
        assert old.event() is None
    assert streams(on) == STREAMS_MAX
    on.board.show(words("welcome", "Hello all"), "a1")
    assert [listener.view()["title"] for listener in listeners[3:]] == ["Hello all"] * STREAMS_MAX
    for listener in listeners:
        listener.close()


def test_open_streams_never_stop_the_server(on: Screen) -> None:
    listeners = [Listener(on) for _ in range(STREAMS_MAX)]
    for _ in range(20):
        assert on.post("/act/alive", {"version": 1})[0] == 200
    for listener in listeners:
        listener.close()


def test_the_handle_of_a_vanished_client_is_freed_before_anything_happens(on: Screen) -> None:
    before = handles()
    listener = Listener(on)
    listener.view()
    assert handles() == before + 2  # both ends are in this process
    listener.close()
    until(lambda: handles() == before)


def test_two_hundred_vanished_clients_leave_no_handle_and_no_stream(on: Screen) -> None:
    before, threads = handles(), threading.active_count()
    for number in range(200):
        gone = Listener(on)
        if number % 2:
            gone.view()
        if number % 3 == 0:  # a page that dies takes its socket down hard
            gone.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        gone.close()

    def settled() -> bool:
        on.board.show(words("welcome"), "a1")  # a change, or a beat, is what meets the gone ones
        return streams(on) == 0 and handles() <= before

    until(settled, within_s=20)
    assert threading.active_count() <= threads
    again = Listener(on)
    assert again.view()["scene"] == "welcome"
    again.close()


def test_a_leaving_kiosk_ends_its_streams() -> None:
    with screen() as on:
        listener = Listener(on)
        listener.view()
    assert listener.event() is None
    listener.close()


def _readable(listener: Listener) -> bool:
    import select

    return bool(select.select([listener.socket], [], [], 0.01)[0])
