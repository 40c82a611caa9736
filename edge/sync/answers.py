"""Pure. HQ's answer to a batch of facts -> which are done, which are set aside and why, which are tried again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from edge.contracts.errors import ContractError
from edge.contracts.facts import FactAnswers
from edge.outbox.plan import Row

_DECODER = msgspec.json.Decoder(FactAnswers)


@dataclass(frozen=True, slots=True)
class Sorted:
    """done: keys to drop; park: key, code, hint."""

    done: list[str]
    park: list[tuple[str, str, str]]


def encode_batch(rows: Sequence[Row]) -> bytes:
    """Request body of `POST /api/v1/facts`: the payloads as they are, none decoded."""
    return b'{"facts":[' + b",".join(row.payload for row in rows) + b"]}"


def sort_answers(rows: Sequence[Row], body: bytes) -> Sorted:
    """Result by result, in the order of the rows. Raises ContractError if the answer does not fit the batch."""
    tried = "HQ's answer to a batch of facts"
    try:
        results = _DECODER.decode(body).results
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ContractError("answer_malformed", tried, "See what answers at HQ's address.") from None
    if len(results) != len(rows):
        raise ContractError("answer_short", tried, "HQ answers every fact of a batch; update HQ.")
    pairs = list(zip(rows, results, strict=True))
    done = [row.key for row, answer in pairs if answer.result in ("new", "duplicate")]
    park = [
        (row.key, answer.code or "refused", answer.hint or "Look at the fact, mend its cause, then resend it.")
        for row, answer in pairs
        if answer.result == "refused"
    ]
    return Sorted(done, park)
