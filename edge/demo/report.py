"""What the demo prints when all is ready: for a person, or one line of JSON."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from edge.demo import configs
from edge.demo.layout import HOST, Layout, Ports
from edge.demo.store import Account, Person, accounts, everybody
from edge.process.config import read_secret

_SHOWN = 6


class Ready(Struct, frozen=True):
    """The JSON line of `shopbell demo --json`."""

    kiosk: str
    associates: str
    hq: str
    mqtt: str
    mqtt_ws: str
    reader: str
    scanner: str
    hq_account: dict[str, str]
    associate_accounts: list[Account]
    members: list[Person]


class Report:
    """Addresses and test sign-ins of a running demo."""

    def __init__(self, layout: Layout, ports: Ports) -> None:
        self.ready = Ready(
            kiosk=f"http://{HOST}:{ports.kiosk}/",
            associates=f"http://{HOST}:{ports.hub}/",
            hq=f"http://{HOST}:{ports.hq}/",
            mqtt=f"mqtt://{HOST}:{ports.mqtt}",
            mqtt_ws=f"ws://{HOST}:{ports.mqtt_ws}",
            reader=str(layout.reader_socket),
            scanner=str(layout.scanner_socket),
            hq_account={"username": configs.CONSOLE_USER, "password": read_secret(str(layout.secret("hq_console_password")))},
            associate_accounts=accounts(layout),
            members=everybody(layout),
        )
        self.folder = layout.folder


def as_json(report: Report) -> str:
    """One line."""
    return msgspec.json.encode(report.ready).decode()


def as_text(report: Report) -> str:
    """Where to look and what to do, for a person."""
    ready = report.ready
    sign_ins = "\n".join(f"      {one.name:<10} PIN {one.sign_in:<8} {one.about}" for one in ready.associate_accounts)
    taps = "\n".join(f"      ./shopbell tap member:{one.id:<10} {one.about}" for one in ready.members[:_SHOWN])
    return f"""
  The store is open. Everything in it is made up.

    Kiosk at the door   {ready.kiosk}
    Associates' app     {ready.associates}   (made for phones)
{sign_ins}
    HQ console          {ready.hq}   user {ready.hq_account["username"]}, password {ready.hq_account["password"]}

    Tap a card, from another terminal:
{taps}
      ./shopbell tap uid:08112233        a phone's random id
      ./shopbell tap uid:04DEADBEEF1234  a card nobody knows
      ./shopbell tap qr:KR-MARIA         a member's code, held to the scanner

    Logs and data       {report.folder}
    Ctrl-C closes the store; the next start keeps what happened.
"""
