"""Signing in and out of the console."""

from __future__ import annotations

import hmac

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import Blueprint, Response, make_response, redirect, render_template, request

from edge.hq.api.replies import Refusal
from edge.hq.api.sessions import check_csrf, drop_cookie, person, set_cookie, token_of
from edge.hq.api.sessions import cookie_name as name_of_cookie
from edge.hq.parts import Parts
from edge.hq.store import sessions
from edge.hq.store.sessions import Session
from edge.process.errors import OperatorError
from edge.process.logs import get_logger

log = get_logger(part="sign_in")
_HASHER = PasswordHasher()
_MAX_CHARS = 200


def hashed(secret: str) -> str:
    """The Argon2 hash of the first line of a password file, which may be such a hash already."""
    if not secret.startswith("$argon2"):
        return _HASHER.hash(secret)
    try:
        _HASHER.check_needs_rehash(secret)
    except InvalidHashError:
        hint = "Put a complete Argon2 hash or the password itself on the first line."
        raise OperatorError("secret_malformed", "reading the console's password file", hint) from None
    return secret


def sign_in_routes(parts: Parts) -> Blueprint:
    """`/sign-in` and `/sign-out`."""
    routes = Blueprint("sign_in", __name__)

    @routes.get("/sign-in")
    def sign_in() -> Response:
        return redirect("/") if person(parts) else _page(parts, 200, None)  # type: ignore[return-value]  # Flask's Response

    @routes.post("/sign-in")
    def try_sign_in() -> Response:
        check_csrf(request.cookies.get(name_of_cookie(parts, "form"), "") or parts.ids.token())
        wait_s = sessions.attempt(parts.database, _address(), parts.clock.now())
        if wait_s:
            parts.metrics.sign_ins.labels("too_many").inc()
            return _page(parts, 429, f"Too many tries. Wait {wait_s} s, then try again.", wait_s)
        if not _is_right(parts, request.form.get("username", ""), request.form.get("password", "")):
            parts.metrics.sign_ins.labels("refused").inc()
            log.warning("sign_in_refused")
            return _page(parts, 401, "User name and password do not belong together. Try again.")
        return _begin(parts)

    @routes.post("/sign-out")
    def sign_out() -> Response:
        session = person(parts)
        if session is not None:
            check_csrf(session.csrf)
            sessions.end(parts.database, token_of(parts))
        response = make_response(redirect("/sign-in", 303))
        drop_cookie(parts, response)
        return response

    return routes


def _begin(parts: Parts) -> Response:
    """A new token at every sign-in, so that nobody can plant one beforehand."""
    token = parts.ids.token(32)
    session = Session(parts.username, parts.ids.token(16))
    sessions.start(parts.database, token, session, parts.clock.now(), parts.longest)
    sessions.succeeded(parts.database, _address())
    parts.metrics.sign_ins.labels("accepted").inc()
    response = make_response(redirect("/", 303))
    set_cookie(parts, response, token)
    drop_cookie(parts, response, "form")
    return response


def _page(parts: Parts, status: int, wrong: str | None, wait_s: int = 0) -> Response:
    """Nobody is signed in yet, so the form's proof is a cookie of its own."""
    proof = parts.ids.token(16)
    response = make_response(render_template("sign_in.html", csrf=proof, wrong=wrong, session=None), status)
    set_cookie(parts, response, proof, "form")
    if wait_s:
        response.headers["Retry-After"] = str(wait_s)
    return response


def _is_right(parts: Parts, username: str, password: str) -> bool:
    """The hash is checked whether or not the name is right, so that time tells nothing about the name."""
    if len(password) > _MAX_CHARS:
        raise Refusal(400, "password_too_long", "signing in", f"Passwords have at most {_MAX_CHARS} characters.")
    named = hmac.compare_digest(username.encode(), parts.username.encode())
    try:
        return _HASHER.verify(parts.password_hash, password) and named
    except VerificationError:
        return False


def _address() -> str:
    return request.remote_addr or "unknown"
