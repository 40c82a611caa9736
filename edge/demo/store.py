"""Fill the demo's hub: the made-up store, and real sales where a person names a file or folder of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from edge.demo.credentials import write_closed
from edge.demo.data import store_pack
from edge.demo.layout import Layout
from edge.demo.supervise import python_module
from edge.process.errors import OperatorError

Tell = Callable[[str], None]
# Exit status of import-sales: all else is stored, and its report names the rows.
SOME_ROWS_NEED_A_PERSON = 1


class Account(Struct, frozen=True):
    """An associate of the demo. sign_in: the PIN."""

    name: str
    sign_in: str
    about: str


class Person(Struct, frozen=True):
    """A member of the demo. id: for `tap member:ID`. card: canonical card id."""

    id: str
    name: str | None
    card: str
    about: str


def prepare(layout: Layout, today: date, tell: Tell) -> None:
    """Make the store's pack once, and load it; a later start finds everything loaded and changes nothing."""
    if not layout.pack.exists():
        tell("making up a hardware store, its people and eighteen months of receipts ...")
        write_closed(layout.pack, msgspec.json.encode(store_pack(today=today)).decode())
        write_closed(layout.cards, msgspec.json.encode({person.id: person.card for person in people(layout)}).decode())
    if layout.marker.exists():
        return
    _run_hub(layout, "load-store", str(layout.pack))
    write_closed(layout.marker, '{"loaded": true}\n')


def import_sales(layout: Layout, sales: Path, tell: Tell) -> None:
    """Import real point-of-sale files; every numbered customer gets a card that `tap member:NUMBER` presents."""
    tell(f"importing sales from {sales} (a repeated import doubles nothing) ...")
    fresh = layout.folder / "sales-cards.json"
    _run_hub(layout, "import-sales", "--demo-cards", str(fresh), str(sales), fine=(0, SOME_ROWS_NEED_A_PERSON))
    known = msgspec.json.decode(layout.cards.read_bytes(), type=dict[str, str])
    known.update(msgspec.json.decode(fresh.read_bytes(), type=dict[str, str]))
    write_closed(layout.cards, msgspec.json.encode(known).decode())
    fresh.unlink()


def accounts(layout: Layout) -> list[Account]:
    """The demo's associates with their PINs."""
    return [
        Account(
            one["associate"],
            one["pin"],
            f"{one['display_name']}: {', '.join(one['skills'])}; speaks {', '.join(one['languages'])}",
        )
        for one in _pack(layout)["associates"]
    ]


def everybody(layout: Layout) -> list[Person]:
    """The made-up members, then every customer of imported sales."""
    made_up = people(layout)
    known = {person.id for person in made_up}
    cards = msgspec.json.decode(layout.cards.read_bytes(), type=dict[str, str])
    return made_up + [Person(key, None, card, "a customer of imported sales") for key, card in cards.items() if key not in known]


def people(layout: Layout) -> list[Person]:
    """The demo's members, the ones with a story first. A blocked card is no card to show."""
    return [
        Person(one["key"], one["name"], next(card["card_id"] for card in one["cards"] if card["state"] == "active"), _about(one))
        for one in _pack(layout)["members"]
        if any(card["state"] == "active" for card in one["cards"])
    ]


def _about(member: dict[str, Any]) -> str:
    projects = [project["title"] for project in member["projects"]]
    told = [f"project: {', '.join(projects)}" if projects else "", "an open complaint" if member["complaints"] else ""]
    wishes = "wants to be left alone" if member["not_today"] else ""
    return "; ".join(part for part in [*told, wishes, f"speaks {member['language']}"] if part)


def _run_hub(layout: Layout, command: str, *arguments: str, fine: tuple[int, ...] = (0,)) -> None:
    """Run a command of the hub and let the person see its progress."""
    words = python_module("edge.hub", command, "--config", str(layout.config("hub")), *arguments)
    status = subprocess.run(words, check=False, stdout=sys.stderr).returncode
    if status not in fine:
        raise OperatorError(
            "hub_command_failed", f"running 'hub {command}'", "Its own message is above; mend that and start again."
        )


def _pack(layout: Layout) -> dict[str, Any]:
    pack: dict[str, Any] = msgspec.json.decode(layout.pack.read_bytes())
    return pack
