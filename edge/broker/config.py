"""The broker's configuration file.

[broker]
kind = "auto"                 # mosquitto where its binary and plugin are found, else embedded
host = "127.0.0.1"            # MQTT over TCP: kiosks and hub
port = 1883
ws_host = "127.0.0.1"         # MQTT over WebSocket: phones, who only listen; default: host
ws_port = 8083
data_dir = "/var/lib/shopbell/broker"

[admin]                       # Mosquitto only: the account by which the hub admits associates at run time
username = "broker-admin"
password_file = "..."

[[accounts]]                  # devices; associates come and go at run time
store = "main-street"
kind = "kiosk"
name = "door-1"
password_file = "..."
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Struct

from edge.broker.rights import Rights, rights_of, username_of
from edge.contracts.names import Name
from edge.contracts.topics import DeviceKind
from edge.process.config import load, read_secret
from edge.process.errors import OperatorError

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
# No wildcard, slash or space can stand in a user name, whatever the broker makes of them (faults F19, F20).
Username = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9.-]{0,105}$(?!\n)")]


class Account(Struct, frozen=True, forbid_unknown_fields=True):
    """A device that may connect. username: default `{store}.{kind}.{name}`."""

    store: Name
    kind: DeviceKind
    name: Name
    password_file: str
    username: Username | None = None

    def user(self) -> str:
        """The user name it connects with."""
        return self.username or username_of(self.store, self.kind, self.name)

    def rights(self) -> Rights:
        """What it may write and read."""
        return rights_of(self.store, self.kind, self.name)


class Admin(Struct, frozen=True, forbid_unknown_fields=True):
    """The account that may change accounts, and nothing else."""

    password_file: str
    username: Username = "broker-admin"


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """`[broker]`. accounts_file: the embedded broker's run-time accounts; default `{data_dir}/accounts.json`."""

    data_dir: Text
    kind: Literal["auto", "mosquitto", "embedded"] = "auto"
    host: Text = "127.0.0.1"
    port: Port = 1883
    ws_port: Port = 8083
    ws_host: Text | None = None
    accounts_file: Text | None = None

    def listen_ws(self) -> str:
        """The address of the WebSocket listener."""
        return self.ws_host or self.host

    def run_time_accounts(self) -> Path:
        """Where the embedded broker finds accounts that come and go."""
        return Path(self.accounts_file) if self.accounts_file else Path(self.data_dir) / "accounts.json"


class BrokerConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    broker: Section
    accounts: list[Account] = []
    admin: Admin | None = None


class Identity(Struct, frozen=True):
    """An account with its password read."""

    username: str
    password: str
    rights: Rights

    def __repr__(self) -> str:
        return f"Identity({self.username!r}, ...)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


def read_config(path: Path) -> BrokerConfig:
    """Read and judge the file; raises OperatorError `config_*`."""
    config = load(path, BrokerConfig)
    names = [account.user() for account in config.accounts] + ([config.admin.username] if config.admin else [])
    twice = next((name for name in names if names.count(name) > 1), None)
    tried = f"reading the configuration {path}"
    if twice is not None:
        raise OperatorError("config_invalid", tried, f"The account {twice} stands there twice: remove one.")
    if config.broker.port == config.broker.ws_port:
        raise OperatorError("config_invalid", tried, "port and ws_port are the same: give the WebSocket listener its own.")
    return config


def identities(config: BrokerConfig) -> list[Identity]:
    """The device accounts with their passwords; raises OperatorError `secret_*`."""
    return [Identity(account.user(), read_secret(account.password_file), account.rights()) for account in config.accounts]
