"""Who is at the console: the session cookie, and the proof that a request comes from our own pages."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from flask import Response, request

from edge.hq.api.replies import Refusal
from edge.hq.parts import Parts
from edge.hq.store import sessions
from edge.hq.store.sessions import Session

CSRF_HEADER = "X-Shopbell-Csrf"
CSRF_FIELD = "csrf"
# Sent by the console's own script when a page looks again by itself.
REFRESH_HEADER = "X-Shopbell-Refresh"


def cookie_name(parts: Parts, what: str = "session") -> str:
    """`__Host-` where cookies are secure: no other host or path can set it then."""
    return f"{'__Host-' if parts.secure_cookies else ''}shopbell-hq-{what}"


def set_cookie(parts: Parts, response: Response, value: str, what: str = "session") -> None:
    """A cookie that scripts cannot read and other sites cannot send. It ends with the browser."""
    response.set_cookie(cookie_name(parts, what), value, httponly=True, samesite="Strict", secure=parts.secure_cookies, path="/")


def drop_cookie(parts: Parts, response: Response, what: str = "session") -> None:
    """Forget the cookie."""
    response.delete_cookie(cookie_name(parts, what), path="/", secure=parts.secure_cookies, httponly=True, samesite="Strict")


def token_of(parts: Parts) -> str:
    """The session token the browser sent, or empty."""
    return request.cookies.get(cookie_name(parts), "")


def person(parts: Parts) -> Session | None:
    """Who is signed in, or None."""
    token = token_of(parts)
    if not token:
        return None
    by_a_person = REFRESH_HEADER not in request.headers
    now = parts.clock.now()
    return sessions.find(parts.database, token, now, longest=parts.longest, idle=parts.idle, by_a_person=by_a_person)


def require_person(parts: Parts) -> Session:
    """Who is signed in and sent this from our own page, or Refusal 401 / 403."""
    session = person(parts)
    if session is None:
        raise Refusal(401, "not_signed_in", "a request of the console", "Sign in at the console first.")
    check_csrf(session.csrf)
    return session


def check_csrf(expected: str) -> None:
    """Refusal 403 `csrf_failed` unless header or form field carries the session's value and the origin is ours."""
    sent = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
    if not hmac.compare_digest(sent.encode(), expected.encode()) or not _is_own_origin():
        hint = "Load the page again and repeat what you did."
        raise Refusal(403, "csrf_failed", "a request of the console", hint)


def _is_own_origin() -> bool:
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host
