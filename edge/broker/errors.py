"""Errors of accounts that change at run time."""

from __future__ import annotations


class AccountsError(Exception):
    """A change of accounts is not confirmed.

    code: broker_unreachable, accounts_unanswered, accounts_refused, accounts_unwritable; hint: what to do next.
    """

    def __init__(self, code: str, tried: str, hint: str) -> None:
        super().__init__(f"{code}: {tried}. {hint}")
        self.code = code
        self.tried = tried
        self.hint = hint
