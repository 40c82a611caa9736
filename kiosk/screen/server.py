"""The kiosk's own web server: the page, its event stream, its actions, and what monitoring reads. Loopback only."""

from __future__ import annotations

from flask import Flask, Response, render_template
from jinja2 import ChoiceLoader, FileSystemLoader
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, generate_latest

from edge.process.health import Health
from kiosk.screen import acts, guard, refused, shelf
from kiosk.screen.acts import Actions
from kiosk.screen.board import Board
from kiosk.screen.pulse import Pulse
from kiosk.screen.refused import json_response
from kiosk.screen.stream import Streams

__all__ = ["Actions", "create_app"]


def create_app(board: Board, actions: Actions, health: Health, *, allowed_hosts: frozenset[str]) -> Flask:
    """The screen's WSGI application; serve it with kiosk.screen.serve, which has a thread for every stream.

    allowed_hosts: what a request's Host may say: `name:port`, or `name` where any port will do.
    """
    app = Flask(__name__, static_folder=None, template_folder="templates")
    app.url_map.merge_slashes = False  # an odd address is refused, not mended by a redirect
    app.jinja_loader = ChoiceLoader([FileSystemLoader(shelf.HERE / "templates"), FileSystemLoader(shelf.LOOK)])
    guard.install(app, allowed_hosts)
    refused.install(app)
    own, look = shelf.own_files(), shelf.look_files()
    build = shelf.build_of(own, look)
    pulse, streams = Pulse(board.now), Streams(board, build)
    registry, done = _metrics(pulse, streams)
    app.register_blueprint(acts.routes(board, actions, pulse, done))
    _pages(app, board, build, own, look)
    _stream(app, streams)
    _status(app, health, pulse, registry)
    return app


def _pages(app: Flask, board: Board, build: str, own: shelf.Shelf, look: shelf.Shelf) -> None:
    @app.get("/")
    def page() -> str:
        return render_template("page.html", build=build, language=board.view().language)

    @app.get("/static/<path:path>")
    def own_file(path: str) -> Response:
        return own.answer(path)

    @app.get("/look/<path:path>")
    def look_file(path: str) -> Response:
        return look.answer(path)

    @app.get("/favicon.ico")
    def favicon() -> Response:
        return look.answer("icons/bell.svg")


def _stream(app: Flask, streams: Streams) -> None:
    @app.get("/stream")
    def stream() -> Response:
        return Response(streams.events(), content_type="text/event-stream; charset=utf-8", headers={"X-Accel-Buffering": "no"})


def _status(app: Flask, health: Health, pulse: Pulse, registry: CollectorRegistry) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        pulse.judge(health)
        report = health.report()
        return json_response(report, 200 if report.state == "well" else 503)

    @app.get("/metrics")
    def metrics() -> Response:
        text = generate_latest(REGISTRY) + generate_latest(registry)
        return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def _metrics(pulse: Pulse, streams: Streams) -> tuple[CollectorRegistry, Counter]:
    registry = CollectorRegistry()  # one per app: the default one refuses a second app in one process
    age = Gauge("shopbell_screen_page_age_seconds", "Since a page last said it lives; -1 before the first", registry=registry)
    age.set_function(lambda: -1.0 if (seen := pulse.age_s()) is None else seen)
    count = Gauge("shopbell_screen_streams", "Open event streams", registry=registry)
    count.set_function(lambda: float(len(streams)))
    return registry, Counter("shopbell_screen_actions", "What fingers did on the screen", ["kind"], registry=registry)
