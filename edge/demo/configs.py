"""The configuration files of a demo: the same files a shop has, with ports and folders of this machine."""

from __future__ import annotations

from typing import Any

import tomli_w

from edge.demo.credentials import PROOF_KEYS, write_closed
from edge.demo.layout import HOST, HUB, KIOSK, STORE, Layout, Ports

STORE_NAME = "Kettle & Rye Hardware"
CONSOLE_USER = "hq"
ADMIN = "broker-admin"
# In a demo nobody wants to wait for the not-today window before HQ shows the arrival.
NOT_TODAY_WINDOW_S = 20


def write_all(layout: Layout, ports: Ports, broker_kind: str, not_today_window_s: float = NOT_TODAY_WINDOW_S) -> None:
    """One TOML file per process; written anew at each start, since the ports may differ.

    not_today_window_s: seconds in which "not today" still reaches an arrival before it leaves for HQ.
    """
    for process, content in {
        "broker": broker(layout, ports, broker_kind),
        "hub": hub(layout, ports, broker_kind, not_today_window_s),
        "hq": hq(layout, ports),
        "kiosk": kiosk(layout, ports),
    }.items():
        write_closed(layout.config(process), tomli_w.dumps(content))


def username(kind: str, name: str) -> str:
    """The broker account of a device."""
    return f"{STORE}.{kind}.{name}"


def broker(layout: Layout, ports: Ports, kind: str) -> dict[str, Any]:
    return {
        "broker": {
            "kind": kind,
            "host": HOST,
            "port": ports.mqtt,
            "ws_port": ports.mqtt_ws,
            "data_dir": str(layout.data / "broker"),
        },
        "admin": {"username": ADMIN, "password_file": str(layout.secret("broker_admin_password"))},
        "accounts": [
            {"store": STORE, "kind": "kiosk", "name": KIOSK, "password_file": str(layout.secret("kiosk_broker_password"))},
            {"store": STORE, "kind": "hub", "name": HUB, "password_file": str(layout.secret("hub_broker_password"))},
        ],
    }


def hub(layout: Layout, ports: Ports, broker_kind: str, not_today_window_s: float) -> dict[str, Any]:
    accounts: dict[str, Any] = (
        {
            "kind": "mosquitto",
            "admin_username": ADMIN,
            "admin_password_file": str(layout.secret("broker_admin_password")),
        }
        if broker_kind == "mosquitto"
        else {"kind": "embedded", "accounts_file": str(layout.data / "broker" / "accounts.json")}
    )
    return {
        "store": STORE,
        "store_name": STORE_NAME,
        "timezone": "Europe/London",
        "currency": "GBP",
        "language": "en",
        "data_dir": str(layout.data / "hub"),
        "web": {"host": HOST, "port": ports.hub, "secure_cookies": False},
        "broker": {
            "host": HOST,
            "port": ports.mqtt,
            "username": username("hub", HUB),
            "password_file": str(layout.secret("hub_broker_password")),
            "ws_url": f"ws://{HOST}:{ports.mqtt_ws}",
        },
        "accounts": accounts,
        "hq": {"url": f"http://{HOST}:{ports.hq}", "token_file": str(layout.secret("hub_hq_token"))},
        "keys": {"card_key_file": str(layout.secret("card_key")), "evidence_key_file": str(layout.secret("evidence_key"))},
        "proof": {"keys_file": str(layout.secret(PROOF_KEYS))},
        "policy": {"hold_s": not_today_window_s},
        "kiosks": [{"name": KIOSK, "token_file": str(layout.secret("kiosk_hub_token"))}],
    }


def hq(layout: Layout, ports: Ports) -> dict[str, Any]:
    folder = layout.data / "hq"
    folder.mkdir(mode=0o700, exist_ok=True)
    return {
        "data_dir": str(folder),
        "web": {"host": HOST, "port": ports.hq},
        "database": {"url": f"sqlite:///{folder / 'hq.db'}"},
        "console": {"username": CONSOLE_USER, "password_file": str(layout.secret("hq_console_password"))},
        "stores": [{"name": STORE, "display_name": STORE_NAME, "token_file": str(layout.secret("hub_hq_token"))}],
    }


def kiosk(layout: Layout, ports: Ports) -> dict[str, Any]:
    return {
        "store": STORE,
        "kiosk": KIOSK,
        "language": "en",
        "data_dir": str(layout.data / "kiosk"),
        "screen": {"host": HOST, "port": ports.kiosk},
        "reader": {"name": "nfc-1", "port": f"sim:{layout.reader_socket}"},
        "scanner": {"name": "scan-1", "port": f"sim:{layout.scanner_socket}"},
        "broker": {
            "host": HOST,
            "port": ports.mqtt,
            "username": username("kiosk", KIOSK),
            "password_file": str(layout.secret("kiosk_broker_password")),
        },
        "hub": {"url": f"http://{HOST}:{ports.hub}", "token_file": str(layout.secret("kiosk_hub_token"))},
        "keys": {"card_key_file": str(layout.secret("card_key"))},
    }
