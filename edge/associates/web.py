"""Serves the associates' app and the look it is made of: static files under a strict content security policy."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Response, request, send_from_directory
from msgspec import Struct

_APP = Path(__file__).with_name("app")
_LOOK_MARK = "?v=LOOK"
_INLINE = re.compile(r'<script type="importmap">(.*?)</script>', re.DOTALL)
_LOOK_FILE = re.compile(r'"(/look/[^"?]+)\?v=LOOK"')
# The system's table of file types may lack or change some of these, and nosniff makes browsers insist on them.
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_ASK_AGAIN = "no-cache"
_FOR_EVER = "public, max-age=31536000, immutable"


class Shell(Struct, frozen=True):
    """What is the same for every request. version: changes with any file of the shell; files: what a phone keeps."""

    page: str
    worker: str
    policy: str
    look_version: str


def create_blueprint(*, ws_origin: str, look_folder: Path) -> Blueprint:
    """`GET /`, `/app/...`, `/sw.js`, `/manifest.webmanifest`, `/look/...`, each with its security headers.

    ws_origin: where phones listen, `ws://host:port` or `wss://host`; a longer URL is cut to its origin.
    look_folder: `edge/look` with its installed node_modules.
    Raises ValueError when `ws_origin` is no WebSocket address, FileNotFoundError when a file of the shell is missing.
    """
    shell = _shell(_origin(ws_origin), look_folder)
    web = Blueprint("associates_app", __name__)

    @web.get("/")
    def page() -> Response:
        return _text(shell.page, "text/html")

    @web.get("/sw.js")
    def worker() -> Response:
        return _text(shell.worker, "text/javascript")

    @web.get("/manifest.webmanifest")
    def manifest() -> Response:
        return _file(_APP, "manifest.webmanifest", _ASK_AGAIN)

    @web.get("/app/<path:name>")
    def app_file(name: str) -> Response:
        return _file(_APP, name, _ASK_AGAIN)

    @web.get("/look/<path:name>")
    def look_file(name: str) -> Response:
        same = request.args.get("v") == shell.look_version
        return _file(look_folder, name, _FOR_EVER if same else _ASK_AGAIN)

    @web.after_request
    def protect(response: Response) -> Response:
        return _protected(response, shell.policy)

    return web


def _origin(ws_origin: str) -> str:
    parts = urlsplit(ws_origin)
    if parts.scheme not in ("ws", "wss") or not re.fullmatch(r"[A-Za-z0-9.\-\[\]:]+", parts.netloc):
        raise ValueError("the address phones listen at must be ws://host:port or wss://host")
    return f"{parts.scheme}://{parts.netloc}"


def _shell(ws_origin: str, look_folder: Path) -> Shell:
    source = (_APP / "index.html").read_text(encoding="utf-8")
    look = [path.removeprefix("/look/") for path in _LOOK_FILE.findall(source)]
    look_version = _digest([look_folder / name for name in look])
    page = source.replace(_LOOK_MARK, f"?v={look_version}")
    app = sorted(path for path in _APP.rglob("*") if path.suffix in _TYPES and path.name not in ("sw.js", "index.html"))
    files = ["/", "/manifest.webmanifest", *(f"/look/{name}?v={look_version}" for name in look)]
    files += [f"/app/{path.relative_to(_APP).as_posix()}" for path in app if path.suffix != ".webmanifest"]
    version = _digest([*app, _APP / "sw.js", _APP / "index.html"], look_version)
    head = f"const SHELL = {json.dumps({'version': version, 'files': files})};\n"
    return Shell(page, head + (_APP / "sw.js").read_text(encoding="utf-8"), _policy(page, ws_origin), look_version)


def _digest(files: list[Path], start: str = "") -> str:
    """12 hex digits that change with any of these files."""
    digest = hashlib.sha256(start.encode())
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]


def _policy(page: str, ws_origin: str) -> str:
    """Nothing inline runs but the import map, which is named by its hash."""
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in _INLINE.findall(page)]
    scripts = " ".join(f"'sha256-{one}'" for one in hashes)
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' {scripts}",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            f"connect-src 'self' {ws_origin}",
            "manifest-src 'self'",
            "worker-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "require-trusted-types-for 'script'",
            "trusted-types shopbell",
        ]
    )


def _text(body: str, mimetype: str) -> Response:
    response = Response(body, mimetype=mimetype)
    response.headers["Cache-Control"] = _ASK_AGAIN
    response.add_etag()
    response.make_conditional(request)
    return response


def _file(folder: Path, name: str, cache: str) -> Response:
    """A file of a known type, or 404: nothing else in these folders is for browsers."""
    kind = _TYPES.get(Path(name).suffix)
    if kind is None:
        return Response("Not found.\n", status=404, mimetype="text/plain")
    response = send_from_directory(folder, name, mimetype=kind, conditional=True, etag=True)
    response.headers["Cache-Control"] = cache
    return response


def _protected(response: Response, policy: str) -> Response:
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    return response
