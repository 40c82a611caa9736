"""The OpenAPI and AsyncAPI documents, made from the contract's structs. A test holds them against routes and topics."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec

from edge.contracts import http, topics
from edge.contracts.alert import Alert
from edge.contracts.answer import Answer
from edge.contracts.arrival import Arrival
from edge.contracts.directory import DirectoryPage
from edge.contracts.news import News
from edge.contracts.status import Status
from edge.hub.api.bodies import BreakGlass, NoteMade, OpenPass, PassLink, PassShown
from edge.process.health import HealthReport
from edge.process.version import VERSION

_REF = "#/components/schemas/{name}"


@dataclass(frozen=True)
class Endpoint:
    """One method of one path. replies: status -> body type, None for no or free text; errors all have ErrorBody."""

    method: str
    path: str
    summary: str
    replies: dict[int, Any]
    body: Any = None
    auth: str | None = "associate"
    acts: bool = False
    query: tuple[str, ...] = ()
    errors: tuple[int, ...] = field(default=())


ENDPOINTS = (
    Endpoint("post", "/api/v1/session", "Sign in", {200: http.Session}, http.SignIn, auth=None, errors=(400, 401, 429)),
    Endpoint("get", "/api/v1/session", "Who is signed in, and their way to the broker", {200: http.Session}, errors=(401,)),
    Endpoint("delete", "/api/v1/session", "Sign out", {204: None}, errors=(401, 403)),
    Endpoint(
        "get",
        "/api/v1/alerts",
        "Open alerts meant for me, my claims, and what colleagues have taken",
        {200: http.Alerts},
        errors=(401,),
    ),
    Endpoint("post", "/api/v1/alerts/{alert_id}/claim", "Take it", {200: Alert}, acts=True, errors=(401, 403, 404, 409)),
    Endpoint("post", "/api/v1/alerts/{alert_id}/release", "Give it back", {200: Alert}, acts=True, errors=(401, 403, 404, 409)),
    Endpoint("post", "/api/v1/alerts/{alert_id}/served", "Finish it", {200: Alert}, acts=True, errors=(401, 403, 404, 409)),
    Endpoint("get", "/api/v1/visits/{visit_id}/card", "The client card", {200: http.ClientCard}, errors=(401, 403, 404)),
    Endpoint(
        "post",
        "/api/v1/visits/{visit_id}/card/break-glass",
        "The client card without a claim, for a reason that is logged",
        {200: http.ClientCard},
        BreakGlass,
        acts=True,
        errors=(400, 401, 403, 404, 409),
    ),
    Endpoint(
        "post",
        "/api/v1/visits/{visit_id}/notes",
        "Write down how it went",
        {201: NoteMade},
        http.NewNote,
        acts=True,
        errors=(400, 401, 403, 404, 409),
    ),
    Endpoint(
        "post",
        "/api/v1/visits/{visit_id}/pass",
        "A link by which the member opens a pass on their phone, once",
        {201: PassLink},
        acts=True,
        errors=(400, 401, 403, 404, 409),
    ),
    Endpoint("post", "/api/v1/pass", "Open a pass's link", {204: None}, OpenPass, auth=None, errors=(400, 403, 404)),
    Endpoint("get", "/api/v1/pass", "The member's code of this half-minute", {200: PassShown}, auth="pass", errors=(401,)),
    Endpoint("delete", "/api/v1/pass", "Remove the pass from this phone", {204: None}, auth="pass", errors=(403,)),
    Endpoint(
        "get",
        "/api/v1/directory",
        "Changes of the kiosks' directory",
        {200: DirectoryPage},
        auth="kiosk",
        query=("after", "limit"),
        errors=(400, 401),
    ),
    Endpoint("get", "/healthz", "Each part: well or not", {200: HealthReport, 503: HealthReport}, auth=None),
    Endpoint("get", "/metrics", "Prometheus metrics", {200: None}, auth=None),
    Endpoint("get", "/api/openapi.json", "This document", {200: dict[str, Any]}, auth=None),
    Endpoint("get", "/api/asyncapi.json", "What travels over MQTT", {200: dict[str, Any]}, auth=None),
)


@cache
def openapi() -> dict[str, Any]:
    """OpenAPI 3.1."""
    shapes: set[type[msgspec.Struct]] = {http.ErrorBody}
    for endpoint in ENDPOINTS:
        told = (endpoint.body, *endpoint.replies.values())
        shapes |= {shape for shape in told if isinstance(shape, type) and issubclass(shape, msgspec.Struct)}
    schemas = _Schemas(sorted(shapes, key=lambda shape: shape.__name__))
    paths: dict[str, Any] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shopbell store hub", "version": VERSION},
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "associate": {"type": "apiKey", "in": "cookie", "name": "__Host-shopbell"},
                "pass": {"type": "apiKey", "in": "cookie", "name": "__Host-shopbell-pass"},
                "kiosk": {"type": "http", "scheme": "bearer"},
            },
        },
    }


@cache
def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3.0: every topic of a store as the hub sees it."""
    channels, operations = {}, {}
    kinds = [Arrival, Answer, News, Alert, Status]
    schemas = _Schemas(kinds)
    for shape, topic, action in _TRAFFIC:
        name = shape.__name__
        channels[name] = {"address": topic, "messages": {name: {"$ref": f"#/components/messages/{name}"}}}
        channels[name]["parameters"] = {part[1:-1]: {} for part in topic.split("/") if part.startswith("{")}
        operations[f"{action}{name}"] = {
            "action": action,
            "channel": {"$ref": f"#/channels/{name}"},
            "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
        }
    messages = {shape.__name__: {"contentType": "application/json", "payload": schemas.of(shape)} for shape in kinds}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Shopbell store hub", "version": VERSION},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas.components},
    }


# Topics are spelled in edge.contracts.topics alone: made there with placeholder names, then the placeholders are marked.
_TRAFFIC = (
    (Arrival, topics.arrival("x-store", "x-kiosk").replace("x-store", "{store}").replace("x-kiosk", "{kiosk}"), "receive"),
    (Answer, topics.answer("x-store", "x-kiosk").replace("x-store", "{store}").replace("x-kiosk", "{kiosk}"), "send"),
    (News, topics.news("x-store", "x-kiosk").replace("x-store", "{store}").replace("x-kiosk", "{kiosk}"), "send"),
    (
        Alert,
        topics.alert("x-store", "x-associate").replace("x-store", "{store}").replace("x-associate", "{associate}"),
        "send",
    ),
    (
        Status,
        topics.status("x-store", "kiosk", "x-name").replace("x-store/kiosk/x-name", "{store}/{kind}/{name}"),
        "receive",
    ),
)


class _Schemas:
    def __init__(self, shapes: list[Any]) -> None:
        references, self.components = msgspec.json.schema_components(shapes, ref_template=_REF)
        self._references = dict(zip(shapes, references, strict=True))

    def of(self, shape: Any) -> dict[str, Any]:
        """Where the shape's schema stands."""
        found: dict[str, Any] = self._references.get(shape, {"type": "object"})
        return found


def _operation(endpoint: Endpoint, schemas: _Schemas) -> dict[str, Any]:
    responses = {str(status): _response(shape, schemas, endpoint.summary) for status, shape in endpoint.replies.items()}
    responses |= {str(status): _response(http.ErrorBody, schemas, "Refused, with what to do") for status in endpoint.errors}
    operation: dict[str, Any] = {"summary": endpoint.summary, "parameters": _parameters(endpoint), "responses": responses}
    if endpoint.body is not None:
        content = {"application/json": {"schema": schemas.of(endpoint.body)}}
        operation["requestBody"] = {"required": True, "content": content}
    if endpoint.auth is not None:
        operation["security"] = [{endpoint.auth: []}]
    return operation


def _response(shape: Any, schemas: _Schemas, description: str) -> dict[str, Any]:
    if shape is None:
        return {"description": description}
    return {"description": description, "content": {"application/json": {"schema": schemas.of(shape)}}}


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    text, whole = {"type": "string"}, {"type": "integer", "minimum": 0}
    parts = [part[1:-1] for part in endpoint.path.split("/") if part.startswith("{")]
    found = [{"name": part, "in": "path", "required": True, "schema": text} for part in parts]
    found += [{"name": name, "in": "query", "required": False, "schema": whole} for name in endpoint.query]
    if endpoint.acts:
        found.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": text})
    if endpoint.auth == "associate" and endpoint.method != "get":
        found.append({"name": "X-Shopbell-Csrf", "in": "header", "required": True, "schema": text})
    return found
