"""Who may talk to the screen's server, and what its answers allow a page to do.

The server binds loopback, but any page a browser opens can reach loopback: so every request must name an allowed host
(which ends DNS rebinding), and every action must come from the screen's own page (Origin) as JSON (which no form can send).
"""

from __future__ import annotations

from flask import Flask, Request, Response, request
from werkzeug.urls import iri_to_uri

from kiosk.screen.refused import Refused

BODY_MAX_BYTES = 4096

_CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), hid=(), bluetooth=()",
}


def install(app: Flask, allowed_hosts: frozenset[str]) -> None:
    """Check every request to `app` and put the headers on every answer.

    allowed_hosts: `name:port`, or `name` alone where any port will do.
    """
    app.config["MAX_CONTENT_LENGTH"] = BODY_MAX_BYTES

    @app.before_request
    def check() -> None:
        check_host(request, allowed_hosts)
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            check_origin(request)

    @app.after_request
    def dress(response: Response) -> Response:
        response.headers.update(HEADERS)
        return response


def check_host(asked: Request, allowed_hosts: frozenset[str]) -> None:
    """Raise Refused `host_refused` unless the request names one of the allowed hosts."""
    host = asked.headers.get("Host", "")
    name = host.rpartition(":")[0] or host
    if host not in allowed_hosts and name not in allowed_hosts:
        raise Refused(
            421, "host_refused", "This server does not answer to that name.", "Open the screen by its configured address."
        )


def check_origin(asked: Request) -> None:
    """Raise Refused `origin_refused` or `not_json` unless the screen's own page sent this."""
    site = asked.headers.get("Sec-Fetch-Site", "same-origin")
    own = iri_to_uri(asked.host_url.rstrip("/"))
    if asked.headers.get("Origin") != own or site != "same-origin":
        raise Refused(403, "origin_refused", "Only the screen's own page may do this.", f"Send the header Origin: {own}")
    if asked.mimetype != "application/json":
        raise Refused(415, "not_json", "Actions are JSON.", "Send the header Content-Type: application/json")
