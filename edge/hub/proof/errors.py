"""The one family of errors that can come out of a proof."""

from __future__ import annotations


class ProofError(Exception):
    """A proof that does not hold. code: stable, listed in docs/outcomes.md; hint: what a person can do. Never the proof
    itself."""

    def __init__(self, code: str, hint: str) -> None:
        super().__init__(f"{code}: {hint}")
        self.code, self.hint = code, hint
