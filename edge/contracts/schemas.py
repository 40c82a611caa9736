"""JSON Schema (2020-12) of everything that crosses a border, generated from the structs; docs/schemas holds the result."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

from edge.contracts import alert, answer, arrival, directory, facts, feed, news, status

CROSSING: dict[str, type] = {
    "arrival": arrival.Arrival,
    "answer": answer.Answer,
    "alert": alert.Alert,
    "status": status.Status,
    "news": news.News,
    "fact": facts.Fact,
    "fact_answers": facts.FactAnswers,
    "feed_page": feed.FeedPage,
    "directory_page": directory.DirectoryPage,
}


def schemas() -> dict[str, dict[str, Any]]:
    """Name -> JSON Schema of that message or body, the same on every version of Python."""
    return {
        name: {"$schema": "https://json-schema.org/draft/2020-12/schema", **_even(msgspec.json.schema(shape))}
        for name, shape in CROSSING.items()
    }


def _even(schema: Any) -> Any:
    """Descriptions are docstrings, and Python 3.13 takes their indentation away while older ones keep it."""
    if isinstance(schema, dict):
        return {
            key: inspect.cleandoc(value) if key == "description" and isinstance(value, str) else _even(value)
            for key, value in schema.items()
        }
    return [_even(item) for item in schema] if isinstance(schema, list) else schema
