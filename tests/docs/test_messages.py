"""docs/messages.md shows the golden messages as they are, and bodies that the contract accepts."""

from __future__ import annotations

import re

import msgspec
import pytest

from edge.contracts import facts, http
from tests.docs import examples

TEXT = examples.DOC.read_text()
BODIES = re.findall(r"<!-- body: (\w+) -->\n```json\n(.*?)```", TEXT, re.DOTALL)


def test_the_examples_are_the_golden_messages() -> None:
    assert examples.filled(TEXT) == TEXT, "run: python -m tests.docs.examples"


def test_every_golden_message_is_shown() -> None:
    assert sorted(examples.names(TEXT)) == sorted(path.name for path in examples.GOLDEN.glob("*.json"))


@pytest.mark.parametrize(("name", "body"), BODIES)
def test_bodies_shown_are_what_the_contract_takes(name: str, body: str) -> None:
    shape = getattr(http, name, None) or getattr(facts, name)
    read = msgspec.json.decode(body, type=shape)
    known = {field.encode_name for field in msgspec.structs.fields(shape)}
    assert set(msgspec.json.decode(body)) <= known
    assert read


def test_bodies_are_shown_at_all() -> None:
    assert {name for name, _ in BODIES} >= {"ErrorBody", "SignIn", "Session", "ClientCard", "NewNote", "FactAnswers"}


def test_every_endpoint_of_hub_and_hq_stands_there() -> None:
    from edge.hq.api.openapi import OPERATIONS
    from edge.hub.api.documents import ENDPOINTS

    paths = {endpoint.path for endpoint in ENDPOINTS} | {operation.path for operation in OPERATIONS}
    parts = {re.sub(r"/(release|served)$", "/claim", path) for path in paths}
    assert sorted(path for path in parts if path not in TEXT) == []
