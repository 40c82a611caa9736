"""What machines ask: the kiosks' directory, health, metrics, and the two documents."""

from __future__ import annotations

from flask import Blueprint, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from edge.contracts.directory import DIRECTORY_MAX_PAGE
from edge.hub.api.documents import asyncapi, openapi
from edge.hub.api.guard import Guard
from edge.hub.api.replies import ApiError, json_reply
from edge.hub.metrics import HubMetrics
from edge.hub.store import directory
from edge.process.health import Health
from edge.process.sqlite_file import SqliteFile

_DEFAULT_PAGE = 1000


def create_blueprint(
    guard: Guard, health: Health, metrics: HubMetrics, *, file: SqliteFile, store: str, card_key: bytes, hub_key: bytes
) -> Blueprint:
    """hub_key: the hub's public key for evidence."""
    routes = Blueprint("machines", __name__)

    @routes.get("/api/v1/directory")
    def page() -> Response:
        guard.kiosk()
        after = _whole("after", 0, 2**62)
        limit = _whole("limit", _DEFAULT_PAGE, DIRECTORY_MAX_PAGE)
        with file.read() as connection:
            found = directory.page(connection, store, after=after, limit=limit, card_key=card_key, hub_key=hub_key)
        return json_reply(found)

    @routes.get("/healthz")
    def healthz() -> Response:
        report = health.report()
        return json_reply(report, 200 if report.state == "well" else 503)

    @routes.get("/metrics")
    def measured() -> Response:
        return Response(generate_latest(metrics.registry), content_type=CONTENT_TYPE_LATEST)

    @routes.get("/api/openapi.json")
    def http_document() -> Response:
        return json_reply(openapi())

    @routes.get("/api/asyncapi.json")
    def mqtt_document() -> Response:
        return json_reply(asyncapi())

    return routes


def _whole(name: str, default: int, most: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise ApiError(400, "request_malformed", f"reading {name}", f"Send {name} as a whole number from 0 to {most}.")
    return min(int(text), most)
