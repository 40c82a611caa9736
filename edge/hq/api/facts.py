"""Facts in, feed out: the two ways between a hub and HQ."""

from __future__ import annotations

from flask import Blueprint, Response, request

from edge.contracts.facts import FACTS_MAX_BATCH, FactAnswers, FactBatch
from edge.contracts.feed import FEED_MAX_PAGE
from edge.hq.api.replies import Refusal, body_as, reply, whole_number
from edge.hq.parts import Parts
from edge.hq.store import contacts, feed, ingest
from edge.process.logs import get_logger

log = get_logger(part="facts")


def hub_routes(parts: Parts) -> Blueprint:
    """`POST /api/v1/facts` and `GET /api/v1/feed`, each with the store's bearer token."""
    routes = Blueprint("hubs", __name__)

    @routes.post("/api/v1/facts")
    def facts() -> Response:
        store = _store(parts)
        batch = body_as(FactBatch, "a batch of facts")
        if len(batch.facts) > FACTS_MAX_BATCH:
            raise Refusal(413, "too_many_facts", "a batch of facts", f"Send at most {FACTS_MAX_BATCH} facts at a time.")
        with parts.metrics.batch_seconds.time():
            answers = ingest.receive(parts.database, store, [bytes(item) for item in batch.facts], parts.clock.now())
        parts.metrics.answered(store, answers)
        _tell(store, [answer.code for answer in answers if answer.result == "refused"], len(answers))
        return reply(FactAnswers(answers))

    @routes.get("/api/v1/feed")
    def feed_page() -> Response:
        store = _store(parts)
        after = whole_number("after", 0, 2**63 - 1)
        limit = whole_number("limit", FEED_MAX_PAGE, FEED_MAX_PAGE)
        contacts.heard(parts.database, store, parts.clock.now())
        return reply(feed.page(parts.database, store, after, limit))

    return routes


def _store(parts: Parts) -> str:
    """The store whose token the request carries, or Refusal 401."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    store = parts.tokens.store_of(token.strip()) if scheme.lower() == "bearer" and token else None
    if store is None:
        raise Refusal(401, "token_unknown", "a request of a hub", "Give the hub the token that HQ's configuration names for it.")
    return store


def _tell(store: str, refused: list[str | None], number: int) -> None:
    if refused:
        log.warning("facts_refused", store=store, refused=len(refused), of=number, codes=sorted({code or "" for code in refused}))
