"""MQTT topics: who writes what, and who reads it (DESIGN section 4). The only place where a topic is spelled."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from edge.contracts.errors import ContractError
from edge.contracts.names import check_name

ROOT = "shopbell/v1"
DeviceKind = Literal["kiosk", "hub", "associate"]
DEVICE_KINDS: tuple[DeviceKind, ...] = ("kiosk", "hub", "associate")


def arrival(store: str, kiosk: str) -> str:
    """Kiosk to hub, QoS 1: an arrival or a later revision of it."""
    return f"{ROOT}/{check_name(store, 'store')}/kiosk/{check_name(kiosk, 'kiosk')}/arrival"


def answer(store: str, kiosk: str) -> str:
    """Hub to kiosk, QoS 1: results after the hub's commit."""
    return f"{ROOT}/{check_name(store, 'store')}/kiosk/{check_name(kiosk, 'kiosk')}/answer"


def news(store: str, kiosk: str) -> str:
    """Hub to kiosk: there is something to fetch over HTTP."""
    return f"{ROOT}/{check_name(store, 'store')}/kiosk/{check_name(kiosk, 'kiosk')}/news"


def alert(store: str, associate: str) -> str:
    """Hub to one associate, QoS 1: an alert or its newer revision."""
    return f"{ROOT}/{check_name(store, 'store')}/associate/{check_name(associate, 'associate')}/alert"


def status(store: str, kind: DeviceKind, name: str) -> str:
    """Any device, retained, with last will: alive, since when, version, what is wrong. No personal data."""
    return f"{ROOT}/{check_name(store, 'store')}/{kind}/{check_name(name, kind)}/status"


def all_arrivals(store: str) -> str:
    """The hub's subscription to every kiosk of its store."""
    return f"{ROOT}/{check_name(store, 'store')}/kiosk/+/arrival"


def all_statuses(store: str) -> str:
    """The hub's subscription to every device of its store."""
    return f"{ROOT}/{check_name(store, 'store')}/+/+/status"


class TopicName(Struct, frozen=True):
    """A topic taken apart: `shopbell/v1/{store}/{kind}/{name}/{channel}`."""

    store: str
    kind: DeviceKind
    name: str
    channel: str


def parse(topic: str) -> TopicName:
    """Take a concrete topic apart, or raise ContractError `topic_unknown` / `name_invalid`."""
    parts = topic.split("/")
    if len(parts) != 6 or "/".join(parts[:2]) != ROOT or parts[3] not in DEVICE_KINDS:
        raise ContractError("topic_unknown", "an MQTT topic", f"Topics are {ROOT}/STORE/KIND/NAME/CHANNEL.")
    kind: DeviceKind = parts[3]
    return TopicName(check_name(parts[2], "store"), kind, check_name(parts[4], kind), parts[5])
