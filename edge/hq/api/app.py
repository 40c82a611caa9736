"""The Flask application: routes, errors that no person and no hub sees as a traceback, security headers."""

from __future__ import annotations

import sqlite3

from flask import Flask, Response, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from edge.contracts.facts import FACT_MAX_BYTES, FACTS_MAX_BATCH
from edge.hq.api.facts import hub_routes
from edge.hq.api.members import member_routes
from edge.hq.api.replies import Refusal, refusal
from edge.hq.api.watch import watch_routes
from edge.hq.console.pages import console_routes, error_page
from edge.hq.console.static import static_routes
from edge.hq.parts import Parts
from edge.process.logs import get_logger

log = get_logger(part="web")
# A full batch of the largest facts, and the brackets around them.
BODY_MAX_BYTES = FACTS_MAX_BATCH * (FACT_MAX_BYTES + 2) + 1024
_CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers send Origin: null with our own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def create_app(parts: Parts) -> Flask:
    """Everything HQ serves. Opens nothing."""
    app = Flask("edge.hq", static_folder=None, template_folder="console/templates")
    app.config["MAX_CONTENT_LENGTH"] = BODY_MAX_BYTES
    app.jinja_options["trim_blocks"] = app.jinja_options["lstrip_blocks"] = True
    for routes in (hub_routes(parts), member_routes(parts), watch_routes(parts), console_routes(parts), static_routes()):
        app.register_blueprint(routes)
    app.register_error_handler(Refusal, lambda error: _show(parts, error))
    app.register_error_handler(HTTPException, lambda error: _show(parts, _from_http(error)))
    for trouble in (OperationalError, PoolTimeout, sqlite3.OperationalError):
        app.register_error_handler(trouble, lambda error: _show(parts, _database_away(error)))
    app.register_error_handler(Exception, lambda error: _show(parts, _fault(error)))
    app.after_request(_secure)
    return app


def _show(parts: Parts, error: Refusal) -> Response:
    wants_json = request.path.startswith("/api/") or request.path in ("/healthz", "/metrics")
    return refusal(error) if wants_json else error_page(parts, error)


def _from_http(error: HTTPException) -> Refusal:
    known = {
        404: ("not_found", "Look at /api/openapi.json for what there is."),
        405: ("method_not_allowed", "Look at /api/openapi.json for what there is."),
        413: ("body_too_large", f"Send at most {BODY_MAX_BYTES} bytes and {FACTS_MAX_BATCH} facts at a time."),
    }
    code, hint = known.get(error.code or 500, ("request_refused", "Look at docs/messages.md for how to ask."))
    return Refusal(error.code or 500, code, f"{request.method} {request.path.partition('/members/')[0]}", hint)


def _database_away(error: Exception) -> Refusal:
    log.error("database_unavailable", exc_info=error)
    return Refusal(503, "database_unavailable", "asking the database", "Try again shortly; if it stays so, IT looks at /healthz.")


def _fault(error: Exception) -> Refusal:
    """Something nobody thought of: told to IT by type and place, to the caller by code."""
    log.error("fault", exc_info=error)
    return Refusal(
        500, "fault", "answering a request", "Try again; if it happens again, send the log's line to Shopbell's makers."
    )


def _secure(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    return response
