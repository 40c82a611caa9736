"""HQ's configuration: hq.toml, frozen and bounded."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Struct

from edge.contracts.names import Name
from edge.process.config import load, read_secret
from edge.process.errors import OperatorError

Text80 = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Text1024 = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class Web(Struct, frozen=True):
    """Where the web server listens. port 0: any free one, told in the log.

    secure_cookies: left out, they are secure wherever the server listens beyond this machine.
    """

    host: Text1024 = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8603
    secure_cookies: bool | None = None

    def cookies_are_secure(self) -> bool:
        """Whether the session cookie travels over HTTPS only."""
        return not _is_loopback(self.host) if self.secure_cookies is None else self.secure_cookies


class DatabasePlace(Struct, frozen=True):
    """url, or the file that holds it when it has a password in it. Neither: SQLite in data_dir."""

    url: Text1024 | None = None
    url_file: Text1024 | None = None


class Console(Struct, frozen=True):
    """Who may sign in. The password file holds an Argon2 hash ($argon2id$...) or the password itself."""

    username: Text80
    password_file: Text1024


class StoreConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """One store and the token by which its hub is known."""

    name: Name
    display_name: Text80
    token_file: Text1024


class Policy(Struct, frozen=True):
    """session_s: a console session ends at the latest after this; idle_s: and after so long without a person."""

    session_s: Annotated[int, msgspec.Meta(ge=60, le=7 * 86400)] = 36000
    idle_s: Annotated[int, msgspec.Meta(ge=60, le=86400)] = 3600
    silent_after_s: Annotated[int, msgspec.Meta(ge=10, le=86400)] = 300


class HqConfig(Struct, frozen=True):
    """The whole of hq.toml. silent_after_s: a hub not heard for so long is shown as silent, and its devices as unknown."""

    data_dir: Text1024
    console: Console
    stores: Annotated[list[StoreConfig], msgspec.Meta(min_length=1, max_length=10_000)]
    web: Web = Web()
    database: DatabasePlace = DatabasePlace()
    policy: Policy = Policy()


def read(path: Path) -> HqConfig:
    """The configuration, checked; OperatorError says what to mend. Secrets are not read yet."""
    config = load(path, HqConfig)
    names = [store.name for store in config.stores]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise OperatorError("config_invalid", f"reading {path}", f"Name each store once; {', '.join(twice)} stands there twice.")
    if config.database.url and config.database.url_file:
        raise OperatorError("config_invalid", f"reading {path}", "Give database.url or database.url_file, not both.")
    return config


def database_url(config: HqConfig) -> str:
    """The URL to open."""
    place = config.database
    if place.url_file:
        return read_secret(place.url_file)
    return place.url or f"sqlite:///{Path(config.data_dir) / 'hq.db'}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
