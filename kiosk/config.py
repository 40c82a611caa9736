"""The kiosk's configuration: one TOML file, bounds at the value, secrets by file. Reading it opens nothing."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Struct

from edge.contracts.card_id import KEY_BYTES
from edge.contracts.names import Name
from edge.process import config as reading
from edge.process.errors import OperatorError
from kiosk.visit.codes import GSRN, STORE_INTERNAL
from kiosk.visit.phrases import Language

# As firmware_bridge.open_reader has it, which loads pyserial; a file is checked without.
BOARD = "board:"

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Pin = Annotated[int, msgspec.Meta(ge=0, le=27, description="BCM number")]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class Screen(Struct, frozen=True):
    """Where the kiosk's own page is served: loopback only."""

    host: str = "127.0.0.1"
    port: Port = 8601


class ReaderAt(Struct, frozen=True):
    """port: a serial device, or `sim:/path/to/control.sock` for a reader that does not exist.

    What is wired to the chip's reset, if anything: reset: `dtr` or `rts` of its port; reset_pin: a GPIO pin (BCM number), low
    to reset.
    """

    name: Name
    port: Text
    baud: Annotated[int, msgspec.Meta(ge=1200, le=4_000_000)] = 115_200
    reset: Literal["", "dtr", "rts"] = ""
    reset_pin: Pin | None = None


class ScannerAt(Struct, frozen=True):
    """port: a serial device, `keys:/dev/input/...` for a scanner that types, or `sim:/path/to/control.sock`.

    baud: of a real serial line. layout, prefix: of a scanner that types: its keys, and what it types before each code.
    """

    name: Name
    port: Text
    baud: Annotated[int, msgspec.Meta(ge=1200, le=115_200)] = 9600
    layout: Literal["us", "de"] = "us"
    prefix: Annotated[str, msgspec.Meta(max_length=16)] = ""


class CameraAt(Struct, frozen=True):
    """device: /dev/video0, best its name under /dev/v4l/by-id/. width, height: pixels asked for. fps: decoded a second."""

    device: Annotated[str, msgspec.Meta(pattern=r"^/", max_length=1024)]
    name: Name = "cam-1"
    width: Annotated[int, msgspec.Meta(ge=320, le=3840)] = 1280
    height: Annotated[int, msgspec.Meta(ge=240, le=2160)] = 720
    fps: Annotated[float, msgspec.Meta(ge=1, le=30)] = 8.0


class Codes(Struct, frozen=True):
    """Which codes can be a member's; see kiosk.visit.codes.CodePolicy."""

    member_prefixes: tuple[Annotated[str, msgspec.Meta(pattern=r"^([0-9]{1,13}|\(8018\))$(?!\n)")], ...] = (*STORE_INTERNAL, GSRN)
    text_prefixes: tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=64)], ...] = ()


class BrokerAt(Struct, frozen=True):
    """The store's broker and this kiosk's account."""

    host: Text
    port: Port
    username: Text
    password_file: Text


class HubAt(Struct, frozen=True):
    """The store hub's HTTP address and this kiosk's bearer token."""

    url: Text
    token_file: Text


class Keys(Struct, frozen=True):
    """card_key_file: 32 bytes as hex, one key per store, changed when a kiosk is stolen."""

    card_key_file: Text


class Rules(Struct, frozen=True):
    """repeat_window_s, not_today_armed_s: see kiosk.visit.decide.Policy. answer_wait_ms: an answer later than this is counted
    as late (the welcome is shown at once in any case). outbox_max: arrivals that may wait for the hub.
    """

    repeat_window_s: Seconds = 600.0
    not_today_armed_s: Annotated[float, msgspec.Meta(ge=5, le=120)] = 20.0
    answer_wait_ms: Annotated[int, msgspec.Meta(ge=50, le=10_000)] = 300
    outbox_max: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 20_000


class SignalPins(Struct, frozen=True):
    """Lights and sound. at: on pins of this machine, or on the reader board. pin_factory: gpiozero's name; `mock` has pins that
    do not exist."""

    enabled: bool = False
    at: Literal["pins", "board"] = "pins"
    pin_factory: Literal["lgpio", "rpigpio", "pigpio", "native", "mock"] = "lgpio"
    green: Pin = 17
    amber: Pin = 27
    buzzer: Pin = 22


class KioskConfig(Struct, frozen=True):
    """The whole file. language: of the resting screen, one of those the kiosk speaks."""

    store: Name
    kiosk: Name
    data_dir: Text
    reader: ReaderAt
    broker: BrokerAt
    hub: HubAt
    keys: Keys
    language: Language = "en"
    screen: Screen = Screen()
    policy: Rules = Rules()
    signals: SignalPins = SignalPins()
    scanner: ScannerAt | None = None
    camera: CameraAt | None = None
    codes: Codes = Codes()


class Secrets(Struct, frozen=True):
    """What the files hold. Never printed, logged or stored."""

    broker_password: str
    hub_token: str
    card_key: bytes

    def __repr__(self) -> str:
        return "Secrets(...)"


def load(path: Path) -> KioskConfig:
    """Read and judge the file; raises OperatorError `config_*`."""
    config = reading.load(path, KioskConfig)
    _loopback_only(config.screen.host)
    _http_url(config.hub.url)
    _lights_there(config)
    return config


def load_secrets(config: KioskConfig) -> Secrets:
    """Read the secret files; raises OperatorError `secret_*`."""
    return Secrets(
        reading.read_secret(config.broker.password_file),
        reading.read_secret(config.hub.token_file),
        reading.read_key(config.keys.card_key_file, KEY_BYTES),
    )


def _loopback_only(host: str) -> None:
    """The screen shows who is at the door, and its buttons act: nobody but this machine may reach it."""
    try:
        good = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        good = False
    if not good:
        raise OperatorError(
            "config_screen_not_loopback",
            "reading [screen] host",
            'The screen is served to this machine only: set host = "127.0.0.1" (the browser runs on the kiosk itself).',
        )


def _lights_there(config: KioskConfig) -> None:
    if config.signals.enabled and config.signals.at == "board" and not config.reader.port.startswith(BOARD):
        raise OperatorError(
            "config_signals_board",
            "reading [signals] at",
            'Only a reader board has lights: name it under [reader] as port = "board:/dev/...", or set at = "pins".',
        )


def _http_url(url: str) -> None:
    if not reading.url_fits(url, "http", "https"):
        raise OperatorError(
            "config_hub_url", "reading [hub] url", 'Write it as url = "https://hub.example:8443", without a user.'
        )
