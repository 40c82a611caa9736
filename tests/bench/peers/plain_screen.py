"""The peer "plain waitress": an event stream for screens and nothing behind it, with a thread for everybody. Fixed.

Flask under waitress (16 threads); POST /event gives the body to every open GET /stream.
"""

from __future__ import annotations

import argparse
import queue
from collections.abc import Iterator

import waitress  # type: ignore[import-untyped]  # ships no types
from flask import Flask, Response, request


def create_app() -> Flask:
    app, screens = Flask(__name__), set[queue.SimpleQueue[bytes]]()

    @app.post("/event")
    def event() -> Response:
        body = request.get_data()
        for screen in list(screens):
            screen.put(body)
        return Response(body, content_type="application/json")

    @app.get("/stream")
    def stream() -> Response:
        def events() -> Iterator[bytes]:
            mine: queue.SimpleQueue[bytes] = queue.SimpleQueue()
            screens.add(mine)
            try:
                yield b"data: hello\n\n"
                while True:
                    yield b"data: " + mine.get() + b"\n\n"
            finally:
                screens.discard(mine)

        return Response(events(), content_type="text/event-stream")

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    return app


def main() -> None:
    parser = argparse.ArgumentParser(description="event streams under plain waitress")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--threads", type=int, default=16)
    asked = parser.parse_args()
    waitress.serve(create_app(), host="127.0.0.1", port=asked.port, threads=asked.threads)


if __name__ == "__main__":
    main()
