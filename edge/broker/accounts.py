"""Accounts that come and go while the broker runs: how the hub admits an associate's phone and throws it out again.

One port, two adapters: Mosquitto's dynamic-security plugin over its control topic, or the embedded broker's accounts file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct

from edge.broker.account_files import StoredAccount, locked, read_accounts, sha256_of, write_accounts
from edge.broker.errors import AccountsError
from edge.broker.mosquitto_accounts import MosquittoAccounts
from edge.broker.rights import Rights
from edge.process.config import read_secret
from edge.process.errors import OperatorError


class Accounts(Protocol):
    """put: make or replace an account; who is connected with the old one is thrown out.
    keep: the same account as before, made again where it is missing; who is connected with it stays.
    remove: take it away, however often; who is connected is thrown out at once (embedded: within 2 seconds).
    All raise AccountsError when the broker did not confirm it. What was put, kept or removed holds all the same: it is done as
    soon as the broker answers again, also after it was restarted.
    """

    def put(self, username: str, password: str, rights: Rights) -> None: ...
    def keep(self, username: str, password: str, rights: Rights) -> None: ...
    def remove(self, username: str) -> None: ...
    def close(self) -> None: ...


class AccountsConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[accounts]` of hub.toml. mosquitto needs the two admin keys, embedded needs the file the broker reads."""

    kind: Literal["mosquitto", "embedded"]
    admin_username: str | None = None
    admin_password_file: str | None = None
    accounts_file: str | None = None


class FileAccounts:
    """The embedded broker's accounts file; the broker looks at it every second and at every connect."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, username: str, password: str, rights: Rights) -> None:
        """Write the account; confirmed by the file."""
        self._change(lambda accounts: accounts.__setitem__(username, StoredAccount(sha256_of(password), rights)))

    def keep(self, username: str, password: str, rights: Rights) -> None:
        """As put: the broker looks at passwords, so the same one written again disturbs nobody."""
        self.put(username, password, rights)

    def remove(self, username: str) -> None:
        """Remove the account from the file."""
        self._change(lambda accounts: accounts.pop(username, None))

    def close(self) -> None:
        """Nothing is held open."""

    def _change(self, change: Callable[[dict[str, StoredAccount]], object]) -> None:
        try:
            with locked(self._path):
                accounts = read_accounts(self._path)
                change(accounts)
                write_accounts(self._path, accounts)
        except OSError as error:
            raise AccountsError(
                "accounts_unwritable",
                "changing the broker's accounts file",
                f"Make room and give the hub its folder ({error.strerror}).",
            ) from None


def open_accounts(config: AccountsConfig, *, host: str, port: int, client_id: str = "accounts") -> Accounts:
    """The adapter the configuration asks for; host and port are the broker's TCP listener. Raises OperatorError `config_invalid`.

    client_id: must differ for two processes of one store.
    """
    password = admin_password(config)
    if password is None:
        return FileAccounts(Path(config.accounts_file or ""))
    user = config.admin_username or ""
    return MosquittoAccounts(host=host, port=port, username=user, password=password, client_id=f"{user}-{client_id}")


def admin_password(config: AccountsConfig) -> str | None:
    """What Mosquitto's adapter signs in with, None for the embedded broker. Opens nothing else, so check-config can ask.

    Raises OperatorError `config_invalid` where a key is missing, and `secret_*`.
    """
    if config.kind == "embedded":
        if not config.accounts_file:
            raise _lacks("accounts_file")
        return None
    if not config.admin_username or not config.admin_password_file:
        raise _lacks("admin_username and admin_password_file")
    return read_secret(config.admin_password_file)


def _lacks(keys: str) -> OperatorError:
    return OperatorError("config_invalid", "opening the broker's accounts", f"The section [accounts] needs {keys}.")
