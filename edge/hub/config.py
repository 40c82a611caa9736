"""The hub's configuration: hub.toml, frozen, with bounds. Secrets stand in files of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct

from edge.broker.accounts import AccountsConfig
from edge.contracts.money import Currency
from edge.contracts.names import Name
from edge.hub.letterhead import HUB_NAME
from edge.hub.proof.uri import Template
from edge.process import config as reader
from edge.process.errors import OperatorError

Port = Annotated[int, Meta(ge=1, le=65535)]
Seconds = Annotated[float, Meta(gt=0, le=604_800)]
Text = Annotated[str, Meta(min_length=1, max_length=1024)]


class Web(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the hub serves HTTP. secure_cookies: False only on loopback."""

    host: Text = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8610
    secure_cookies: bool = True
    threads: Annotated[int, Meta(ge=4, le=256)] = 32


class Broker(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The store's broker. ws_url: what phones are told."""

    host: Text = "127.0.0.1"
    port: Port = 1883
    username: Text
    password_file: Text
    ws_url: Text


class Hq(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The way to HQ."""

    url: Text
    token_file: Text


class Keys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """card_key_file: 32 bytes hex, per store. evidence_key_file: X25519 private, 32 bytes hex."""

    card_key_file: Text
    evidence_key_file: Text


class Proof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How cards prove that they are no copies. keys_file: made and changed by `shopbell hub keys`.

    test_keys: keys of zeros, which anybody knows, are let in. templates: how cards' addresses are written, the first that fits
    counts.
    """

    keys_file: Text
    test_keys: bool = False
    templates: tuple[Template, ...] = (Template(),)


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds throughout; docs/operations.md says what each does to shoppers and staff."""

    visit_gap_s: Seconds = 5400
    alert_expires_s: Seconds = 300
    escalate_after_s: Seconds = 60
    hold_s: Annotated[float, Meta(ge=0, le=3600)] = 330  # a visit can stand on the screen for 300 s
    card_grace_s: Annotated[float, Meta(ge=0, le=86_400)] = 900
    two_doors_s: Annotated[float, Meta(ge=0, le=600)] = 10  # nobody walks from one entrance to another in less; 0: nobody asks
    session_s: Seconds = 36_000
    idle_s: Seconds = 1800


class KioskEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kiosk of this store and the token it fetches the directory with.

    entrance: the same name for kiosks that stand together, where one shopper may try both; without one it stands alone.
    """

    name: Name
    entrance: Name | None = None
    token_file: Text


class HubConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """hub.toml. timezone: IANA; times of sales files and of client cards are the store's."""

    store: Name
    store_name: Annotated[str, Meta(min_length=1, max_length=80)]
    timezone: Text = "Europe/London"
    currency: Currency = "GBP"
    language: Text = "en"
    data_dir: Text
    web: Web = Web()
    broker: Broker
    accounts: AccountsConfig
    hq: Hq | None = None
    keys: Keys
    proof: Proof | None = None
    policy: Policy = Policy()
    kiosks: list[KioskEntry] = []


class Secrets(Struct, frozen=True):
    """What the secret files hold. kiosk_tokens: token -> kiosk. Never printed or logged."""

    card_key: bytes
    evidence_key: bytes
    broker_password: str
    hq_token: str | None
    kiosk_tokens: dict[str, str]

    def __repr__(self) -> str:
        return "Secrets(...)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


def load(path: Path) -> HubConfig:
    """Read hub.toml, or raise OperatorError. No secret file is opened."""
    config = reader.load(path, HubConfig)
    try:
        ZoneInfo(config.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the last: a folder of zones, such as Europe
        raise OperatorError("config_invalid", f"the timezone in {path}", "Use an IANA name such as Europe/London.") from None
    username = f"{config.store}.hub.{HUB_NAME}"
    if config.broker.username != username:
        raise OperatorError("config_invalid", f"the broker's username in {path}", f"This hub's account is called {username}.")
    if not reader.url_fits(config.broker.ws_url, "ws", "wss"):
        raise OperatorError("config_invalid", f"[broker] ws_url in {path}", 'Write it as ws_url = "wss://hub.example:8084".')
    if config.hq is not None and not reader.url_fits(config.hq.url, "http", "https"):
        raise OperatorError("config_invalid", f"[hq] url in {path}", 'Write it as url = "https://hq.example", without a user.')
    names = [kiosk.name for kiosk in config.kiosks]
    if len(set(names)) != len(names):
        raise OperatorError("config_invalid", f"the kiosks in {path}", "Give every kiosk a name of its own.")
    return config


def read_secrets(config: HubConfig) -> Secrets:
    """Open every secret file the configuration names, or raise OperatorError `secret_*`."""
    tokens = {reader.read_secret(kiosk.token_file): kiosk.name for kiosk in config.kiosks}
    if len(tokens) != len(config.kiosks):
        raise OperatorError("secret_shared", "reading the kiosks' tokens", "Give every kiosk a token of its own.")
    return Secrets(
        card_key=reader.read_key(config.keys.card_key_file, 32),
        evidence_key=reader.read_key(config.keys.evidence_key_file, 32),
        broker_password=reader.read_secret(config.broker.password_file),
        hq_token=None if config.hq is None else reader.read_secret(config.hq.token_file),
        kiosk_tokens=tokens,
    )
