"""Static files: the design system and the console's own."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

from flask import Blueprint, Response, abort, send_file

# Whatever else lies in those folders (package lists, third-party sources) is nobody's business.
_TYPES = {
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
}
_HIDDEN = "node_modules"


def static_routes() -> Blueprint:
    """`/look/...` is edge/look, `/console/...` is this station's folder."""
    routes = Blueprint("static", __name__)

    @routes.get("/look/<path:path>")
    def look(path: str) -> Response:
        return _file("edge.look", path)

    @routes.get("/console/<path:path>")
    def own(path: str) -> Response:
        return _file("edge.hq.console", f"static/{path}")

    return routes


def _file(package: str, path: str) -> Response:
    parts = path.split("/")
    suffix = "." + parts[-1].rpartition(".")[2]
    if suffix not in _TYPES or any(part in ("", ".", "..", _HIDDEN) or "\\" in part for part in parts):
        abort(404)
    file = _folder(package).joinpath(*parts)
    if not file.is_file():
        abort(404)
    with resources.as_file(file) as real:
        response = send_file(real, mimetype=_TYPES[suffix], max_age=300)
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def _folder(package: str) -> Traversable:
    """edge/look has no Python in it, so it is found beside its parent package."""
    parent, _, folder = package.rpartition(".")
    return resources.files(parent) / folder
