"""Answers in the contract's words: JSON bodies, and errors that say what to do."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from edge.contracts.http import ErrorBody, Problem
from edge.process.logs import get_logger

log = get_logger(part="http")
BODY_MOST_BYTES = 64 * 1024
T = TypeVar("T")

# What a person can do about the statuses that Flask itself answers with.
_HINTS = {
    400: ("request_malformed", "Send the request as /api/openapi.json describes it."),
    404: ("not_found", "Look at /api/openapi.json for what there is."),
    405: ("method_not_allowed", "Look at /api/openapi.json for the methods of this address."),
    413: ("too_large", f"Send at most {BODY_MOST_BYTES} bytes."),
    415: ("content_type_wrong", "Send JSON with Content-Type: application/json."),
}


class ApiError(Exception):
    """Ends a request: status, stable code, what was tried, what to do next."""

    def __init__(self, status: int, code: str, message: str, hint: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.headers = status, headers or {}
        self.body = msgspec.json.encode(ErrorBody(Problem(code, message, hint)))


def json_reply(body: Any, status: int = 200) -> Response:
    """A struct as JSON."""
    return Response(msgspec.json.encode(body), status, mimetype="application/json")


def read_body(shape: type[T]) -> T:
    """The request's JSON body, or ApiError `request_malformed` that names the field and not its value."""
    if request.mimetype != "application/json":
        raise ApiError(415, "content_type_wrong", "reading the request", "Send JSON with Content-Type: application/json.")
    try:
        return msgspec.json.decode(request.get_data(cache=True), type=shape)
    except msgspec.ValidationError as error:
        raise ApiError(400, "request_malformed", "reading the request", f"Mend the body: {error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ApiError(400, "request_malformed", "reading the request", "Send valid UTF-8 JSON.") from None


def answer_errors(app: Flask) -> None:
    """Every error of the app becomes an ErrorBody; no traceback leaves the process."""

    @app.errorhandler(ApiError)
    def on_api_error(error: ApiError) -> Response:
        return Response(error.body, error.status, error.headers, mimetype="application/json")

    @app.errorhandler(HTTPException)
    def on_http(error: HTTPException) -> Response:
        status = error.code or 500
        if status < 400:  # a redirect to the address with its final slash
            return Response(status=status, headers=error.get_headers())
        code, hint = _HINTS.get(status, ("request_refused", "Look at /api/openapi.json."))
        body = ErrorBody(Problem(code, f"{request.method} {request.path[:80]}", hint))
        reply = json_reply(body, status)
        if status == 405 and getattr(error, "valid_methods", None):
            reply.headers["Allow"] = ", ".join(error.valid_methods)  # type: ignore[attr-defined]  # MethodNotAllowed alone
        return reply

    @app.errorhandler(Exception)
    def on_fault(error: Exception) -> Response:
        log.error("request_failed", code="hub_fault", exc_info=error)
        hint = "Try again; if it stays, tell IT: the hub's log has the place."
        return json_reply(ErrorBody(Problem("hub_fault", f"{request.method} {request.path[:80]}", hint)), 500)
