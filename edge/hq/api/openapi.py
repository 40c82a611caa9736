"""`/api/openapi.json`, made from the structs that read and write the bodies. A test holds it against the routes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from edge.contracts.facts import Fact, FactAnswers, FactBatch
from edge.contracts.feed import FeedPage
from edge.contracts.http import ErrorBody
from edge.hq.api.members import Erased, MemberEdit, MemberState
from edge.process.health import HealthReport

_REF = "#/components/schemas/{name}"


class Operation(Struct, frozen=True):
    """One route. errors: status -> codes."""

    method: Literal["get", "post", "patch"]
    path: str
    summary: str
    security: Literal["hub", "console", "none"]
    answer: type[Struct] | None
    body: type[Struct] | None = None
    query: Sequence[str] = ()
    errors: dict[int, str] = {}


_FROM_HUB = {400: "malformed, parameter_invalid", 401: "token_unknown", 503: "database_unavailable"}
_FROM_CONSOLE = {401: "not_signed_in", 403: "csrf_failed", 404: "member_unknown", 503: "database_unavailable"}
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "post",
        "/api/v1/facts",
        "Take a batch of facts; one answer per item, in order, after the commit.",
        "hub",
        FactAnswers,
        FactBatch,
        errors={**_FROM_HUB, 413: "too_many_facts, body_too_large"},
    ),
    Operation(
        "get", "/api/v1/feed", "What the hub has to hear, from a cursor on.", "hub", FeedPage, None, ("after", "limit"), _FROM_HUB
    ),
    Operation(
        "patch",
        "/api/v1/members/{ref}",
        "Change a member; every store that knows them hears of it.",
        "console",
        MemberState,
        MemberEdit,
        errors={400: "malformed", **_FROM_CONSOLE},
    ),
    Operation(
        "post", "/api/v1/members/{ref}/erase", "Forget a member everywhere, for ever.", "console", Erased, None, (), _FROM_CONSOLE
    ),
    Operation("get", "/healthz", "Each part, well or not. 503 when one is not.", "none", HealthReport),
    Operation("get", "/metrics", "Prometheus exposition format.", "none", None),
    Operation("get", "/api/openapi.json", "This document.", "none", None),
)


def document(version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    shapes = [shape for operation in OPERATIONS for shape in (operation.answer, operation.body) if shape]
    _, schemas = msgspec.json.schema_components([*shapes, Fact, ErrorBody], ref_template=_REF)
    schemas["FactBatch"]["properties"]["facts"]["items"] = {"$ref": _REF.format(name="Fact")}  # raw, each read by itself
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shopbell HQ", "version": version},
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _SECURITY},
    }


_SECURITY = {
    "hub": {"type": "http", "scheme": "bearer", "description": "The store's token from hq.toml."},
    "console": {"type": "apiKey", "in": "cookie", "name": "shopbell-hq-session", "description": "And X-Shopbell-Csrf."},
}


def _operation(operation: Operation) -> dict[str, Any]:
    answers: dict[str, Any] = {"200": {"description": "OK", **_content(operation.answer)}}
    for status, codes in operation.errors.items():
        answers[str(status)] = {"description": codes, **_content(ErrorBody)}
    made: dict[str, Any] = {"summary": operation.summary, "responses": answers, "parameters": _parameters(operation)}
    if operation.body:
        made["requestBody"] = {"required": True, **_content(operation.body)}
    if operation.security != "none":
        made["security"] = [{operation.security: []}]
    return made


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    in_path = [(name, "path", {"type": "string"}) for name in re.findall(r"{(\w+)}", operation.path)]
    in_query = [(name, "query", {"type": "integer", "minimum": 0}) for name in operation.query]
    return [{"name": n, "in": place, "required": place == "path", "schema": shape} for n, place, shape in [*in_path, *in_query]]


def _content(shape: type[Struct] | None) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"$ref": _REF.format(name=shape.__name__)}}}} if shape else {}
