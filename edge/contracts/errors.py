"""The one exception that can come out of bytes given to `edge.contracts`."""

from __future__ import annotations


class ContractError(Exception):
    """Something that crossed a process border is not what the contract says.

    code: stable, lower_snake_case, listed in docs/outcomes.md.
    tried: what was being read, without the offending content (it may be personal).
    hint: what to do next, one sentence for a person.
    """

    def __init__(self, code: str, tried: str, hint: str) -> None:
        super().__init__(f"{code}: {tried}. {hint}")
        self.code = code
        self.tried = tried
        self.hint = hint
