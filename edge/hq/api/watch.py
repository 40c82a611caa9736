"""For IT: health, metrics, and the description of the interface."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response

from edge.hq.api.openapi import document
from edge.hq.api.replies import reply
from edge.hq.parts import Parts
from edge.hq.store import alarms, database, feed, views
from edge.process.version import VERSION


def watch_routes(parts: Parts) -> Blueprint:
    """`/healthz`, `/metrics`, `/api/openapi.json`."""
    routes = Blueprint("watch", __name__)
    description = msgspec.json.encode(document(VERSION))

    @routes.get("/healthz")
    def healthz() -> Response:
        check(parts)
        report = parts.health.report()
        return reply(report, 200 if report.state == "well" else 503)

    @routes.get("/metrics")
    def metrics() -> Response:
        parts.metrics.feed_end.set(feed.end(parts.database))
        parts.metrics.parked.set(views.parked_count(parts.database))
        parts.metrics.card_alarms.set(alarms.open_count(parts.database))
        return Response(parts.metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")

    @routes.get("/api/openapi.json")
    def openapi() -> Response:
        return reply(description)

    return routes


def check(parts: Parts) -> None:
    """Ask the database whether it is there."""
    if database.answers(parts.database):
        parts.health.well("database")
    else:
        hint = "Start the database, or mend its URL in hq.toml; the hubs keep their facts until it is back."
        parts.health.ill("database", "database_unavailable", hint)
