"""Errors that reach a person: a stable code, what was tried, what to do next. Never a traceback."""

from __future__ import annotations


class OperatorError(Exception):
    """Something a person has to mend. code: stable; tried: what was attempted; hint: what to do next."""

    def __init__(self, code: str, tried: str, hint: str) -> None:
        super().__init__(f"{code}: {tried}\n  -> {hint}")
        self.code = code
        self.tried = tried
        self.hint = hint
