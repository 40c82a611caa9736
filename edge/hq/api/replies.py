"""How HQ answers over HTTP: msgspec bodies, and errors that are ErrorBody."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from flask import Response, request
from msgspec import Struct

from edge.contracts.http import ErrorBody, Problem

T = TypeVar("T")


class Refusal(Exception):
    """An HTTP answer that is an error: status, stable code, what was tried, what to do next."""

    def __init__(self, status: int, code: str, message: str, hint: str) -> None:
        super().__init__(code)
        self.status, self.problem = status, Problem(code, message, hint)


def reply(body: Struct | bytes, status: int = 200) -> Response:
    """A JSON answer."""
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Response(content, status, mimetype="application/json")


def refusal(error: Refusal) -> Response:
    """The ErrorBody of a refusal."""
    answer = reply(ErrorBody(error.problem), error.status)
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="shopbell-hq"'
    return answer


def body_as(shape: type[T], tried: str) -> T:
    """The request's body, or Refusal 400 `malformed`. The hint names type and path, never the content."""
    try:
        return msgspec.json.decode(request.get_data(cache=False), type=shape)
    except msgspec.ValidationError as error:
        raise Refusal(400, "malformed", tried, f"Mend the body: {error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal(400, "malformed", tried, "Send valid UTF-8 JSON.") from None


def whole_number(name: str, default: int, most: int) -> int:
    """A query parameter from 0 to `most`, or Refusal 400."""
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 19) or int(text) > most:
        raise Refusal(400, "parameter_invalid", f"the query parameter {name}", f"Give a whole number from 0 to {most}.")
    return int(text)
