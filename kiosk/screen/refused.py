"""What the screen's server answers when it will not or cannot do what was asked: a code, a sentence, a mend."""

from __future__ import annotations

import msgspec
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from edge.contracts.http import ErrorBody, Problem
from edge.process.errors import OperatorError
from edge.process.logs import get_logger

_HTTP = {
    400: ("request_malformed", "The request could not be read.", "Send what the page sends."),
    404: ("page_unknown", "There is nothing at this address.", "Open / for the screen."),
    405: ("method_refused", "This address does not take that method.", "Actions are POST, pages are GET."),
    413: ("too_large", "The request is too large.", "Send at most 4 KB."),
}


class Refused(Exception):
    """An answer other than yes. status: of HTTP; code: stable; message: for a person; hint: what to do next."""

    def __init__(self, status: int, code: str, message: str, hint: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.hint = status, code, message, hint


def json_response(body: object, status: int = 200) -> Response:
    """A struct as an HTTP answer."""
    return Response(msgspec.json.encode(body), status=status, mimetype="application/json")


def install(app: Flask) -> None:
    """Turn every error of this app into JSON; none shows a traceback."""
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _answer(status: int, code: str, message: str, hint: str) -> Response:
    return json_response(ErrorBody(Problem(code, message, hint)), status)


def _refused(error: Refused) -> Response:
    return _answer(error.status, error.code, error.message, error.hint)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    return _answer(status, *_HTTP.get(status, _HTTP[400]))


def _unexpected(error: Exception) -> Response:
    log = get_logger(part="screen")
    if isinstance(error, OperatorError):
        log.warning("screen_action_failed", code=error.code)
        return _answer(503, error.code, "The kiosk could not do this now.", error.hint)
    log.error("screen_action_failed", code="internal", exc_info=error)
    return _answer(500, "internal", "Something went wrong in the kiosk.", "Try again; the log names the place.")
