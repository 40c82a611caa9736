"""The event stream: the whole view with every change, a beat when nothing changes, and never more streams than fit."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import msgspec

from kiosk.screen.board import Board
from kiosk.screen.scene import SceneView

STREAMS_MAX = 12
HEARTBEAT_S = 15.0
# A stream that nobody reads is not noticed for as long as the socket's buffer lasts, so each ends by itself now and then;
# the page opens the next one at once.
STREAM_LIFE_S = 600.0
RETRY_MS = 1000


class Streams:
    """Counts and bounds the open streams: the newest wins, the oldest is told so and ends."""

    def __init__(self, board: Board, build: str) -> None:
        self._board = board
        self._build = build
        self._open: dict[object, None] = {}  # by age, oldest first
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            return len(self._open)

    def events(self) -> Iterator[bytes]:
        """One stream, as bytes of `text/event-stream`. Registered when first read, forgotten when closed, however it ends."""
        ticket = object()
        self._enter(ticket)
        try:
            yield f"retry: {RETRY_MS}\nevent: hello\ndata: {self._build}\n\n".encode()
            yield from self._views(ticket)
        finally:
            self._leave(ticket)

    def _views(self, ticket: object) -> Iterator[bytes]:
        seen, until = -1, self._board.now() + STREAM_LIFE_S
        while self._board.now() < until:
            view = self._board.wait_newer(seen, HEARTBEAT_S, lambda: ticket not in self._open)
            if self._board.closed:
                return
            if ticket not in self._open:
                yield b"event: replaced\ndata: another page took this place\n\n"
                return
            yield event_of(view) if view.version > seen else b"event: beat\ndata: .\n\n"
            seen = view.version

    def _enter(self, ticket: object) -> None:
        with self._lock:
            self._open[ticket] = None
            crowded = len(self._open) > STREAMS_MAX
            if crowded:
                del self._open[next(iter(self._open))]
        if crowded:
            self._board.wake()

    def _leave(self, ticket: object) -> None:
        with self._lock:
            self._open.pop(ticket, None)


def event_of(view: SceneView) -> bytes:
    """One view as one event; msgspec writes no line breaks, so it is one data line."""
    return b"id: %d\nevent: view\ndata: %s\n\n" % (view.version, msgspec.json.encode(view))
