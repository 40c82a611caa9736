"""The hub's Flask app, put together from its blueprints."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from edge.hub.api.replies import BODY_MOST_BYTES, answer_errors
from edge.hub.metrics import HubMetrics

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def create_app(blueprints: Sequence[Blueprint], metrics: HubMetrics) -> Flask:
    """Every answer has its security headers (a blueprint's own ones stay), every error is JSON, every request is counted."""
    app = Flask("shopbell_hub", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_MOST_BYTES
    answer_errors(app)

    @app.before_request
    def not_too_large() -> None:
        if (request.content_length or 0) > BODY_MOST_BYTES:
            raise RequestEntityTooLarge

    @app.after_request
    def finish(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        route = request.url_rule.rule if request.url_rule is not None else "none"
        metrics.requests.labels(route, str(response.status_code)).inc()
        return response

    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    return app
