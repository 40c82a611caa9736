"""`/pass`: the static page on a member's phone. What it shows comes from `/api/v1/pass`."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, send_from_directory

_PAGE = Path(__file__).parents[1] / "pass_page"
_FILES = {"pass.js": "text/javascript", "words.js": "text/javascript", "pass.css": "text/css"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self';"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def create_blueprint() -> Blueprint:
    """`GET /pass` and its files, under a strict content security policy."""
    routes = Blueprint("pass_page", __name__)

    @routes.get("/pass")
    def page() -> Response:
        return _sent("index.html", "text/html")

    @routes.get("/pass/<name>")
    def part(name: str) -> Response:
        kind = _FILES.get(name)
        return Response("Not found.\n", 404, mimetype="text/plain") if kind is None else _sent(name, kind)

    return routes


def _sent(name: str, kind: str) -> Response:
    response = send_from_directory(_PAGE, name, mimetype=kind, conditional=True, etag=True)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = _POLICY
    return response
