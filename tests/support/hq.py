"""HQ in tests: parts over a given database, facts as a hub would send them, a signed-in browser-like client, a live server."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from waitress.server import create_server

from edge.contracts.facts import (
    AlertBody,
    ArrivalBody,
    DeviceBody,
    Fact,
    FactAnswer,
    FactBody,
    MemberBody,
    NoteBody,
    ProofBody,
    SaleBody,
    VisitBody,
)
from edge.contracts.money import Money
from edge.hq.api.app import create_app
from edge.hq.config import Policy
from edge.hq.parts import Parts, StoreTokens
from edge.hq.store import ingest
from edge.hq.store.database import Database
from edge.process.clock import Clock, ManualClock
from edge.process.health import Health
from edge.process.ids import Ids, SystemIds

STORE, OTHER = "main-street", "river-side"
STORES = {STORE: "Main Street", OTHER: "River Side"}
TOKENS = {STORE: "token-of-main-street", OTHER: "token-of-river-side"}
USERNAME, PASSWORD = "head-office", "ring the bell"
# As weak as Argon2 goes: tests sign in often.
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def parts(database: Database, clock: Clock | None = None, ids: Ids | None = None, stores: dict[str, str] = STORES) -> Parts:
    """What wiring would put together, with two stores and a clock that stands still."""
    return Parts(
        database=database,
        clock=clock or ManualClock(),
        ids=ids or SystemIds(),
        health=Health("hq", "test"),
        stores=stores,
        tokens=StoreTokens({store: TOKENS.get(store, f"token-of-{store}") for store in stores}),
        username=USERNAME,
        password_hash=_HASH,
        policy=Policy(),
    )


def fact(number: int, body: FactBody, at: datetime, store: str = STORE, test: bool = False) -> bytes:
    """One fact as it stands in a batch."""
    return msgspec.json.encode(Fact("1.0", f"fact-{number:06d}", store, at, body, test))


def arrival(number: int, at: datetime, member: str | None = "m-1", **more: Any) -> ArrivalBody:
    """An arrival of its own visit."""
    fields = {"outcome": "welcome" if member else "stranger", "assurance": "plain", **more}
    return ArrivalBody(f"arrival-{number}", 0, f"visit-{number}", "door-1", arrived_at=at, member=member, **fields)


def visit(number: int, at: datetime, member: str | None = "m-1", rev: int = 0, **more: Any) -> VisitBody:
    """The visit of `arrival(number)`."""
    return VisitBody(f"visit-{number}", rev, at, at, member, **more)


def note(number: int, member: str | None = "m-1", text: str = "Grout was the wrong grey.", **more: Any) -> NoteBody:
    """A note about `visit(number)`."""
    return NoteBody(f"note-{number}", f"visit-{number}", member, "ann", text, **more)


def sale(number: int, at: datetime, member: str | None = "m-1") -> SaleBody:
    """One line of receipt 536365."""
    return SaleBody("till-1", "536365", number, at, "85123A", "Bell, brass", 6, "2.55", Money(1530, "GBP"), member)


def batch(*facts: bytes) -> bytes:
    """Request body of `POST /api/v1/facts`."""
    return b'{"facts":[' + b",".join(facts) + b"]}"


def send(database: Database, *facts: bytes, store: str = STORE, now: datetime | None = None) -> list[FactAnswer]:
    """Straight to the store, past HTTP."""
    return ingest.receive(database, store, list(facts), now or ManualClock().now())


def client(its: Parts) -> FlaskClient:
    """A client of a fresh application; it keeps cookies as a browser does."""
    return create_app(its).test_client()


def bearer(store: str = STORE) -> dict[str, str]:
    """Headers of that store's hub."""
    return {"Authorization": f"Bearer {TOKENS[store]}"}


def csrf_in(page: str) -> str:
    """The proof in a page's first form."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, "the page has no form"
    return found.group(1)


def sign_in(browser: FlaskClient, password: str = PASSWORD) -> Any:
    """Through the page, as a person does; the response."""
    proof = csrf_in(browser.get("/sign-in").text)
    return browser.post("/sign-in", data={"csrf": proof, "username": USERNAME, "password": password})


@contextlib.contextmanager
def serving(its: Parts) -> Iterator[str]:
    """The real web server on a free port; its address."""
    server = create_server(create_app(its), host="127.0.0.1", port=0, threads=8)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        server.task_dispatcher.shutdown()
        thread.join(10)


def a_day(now: datetime) -> dict[str, list[bytes]]:
    """A made-up day of two stores, for looking at the console: batches by store, with something of everything."""
    return {STORE: _main_street(now), OTHER: _river_side(now)}


_PEOPLE = {
    "0198a1c2-main-maria": ("Maria Okafor", "en", "name"),
    "0198a1c2-main-jonas": ("Jonas Weber", "de", "name"),
    "0198a1c2-main-aylin": ("Aylin Demir", "tr", "nameless"),
    "0198a1c2-main-lucia": ("Lucía Fernández", "es", "name"),
    "0198a1c2-main-17850": (None, None, "nameless"),
}
_SAID = (
    "Bathroom is tiled. The grout she took was too light: showed her manhattan grey, she will bring a tile next time.",
    "Wants the deck boards cut to 2.40 m. Told him the saw is free on weekday mornings.",
    "Prefers to be left alone first, and asked after ten minutes.",
    "Picked up the order.\nMissing: two hinges, promised for Thursday.",
)


def _main_street(now: datetime) -> list[bytes]:
    made: list[FactBody] = [MemberBody(ref, 1, *fields) for ref, fields in _PEOPLE.items()]
    times = [now] * len(made)
    refs = [*_PEOPLE, None, None]
    for number in range(90):
        at = now - timedelta(minutes=14 * number + (number * number) % 11)
        ref = refs[number % len(refs)]
        outcome = "welcome" if ref else ("guest", "stranger", "not_today")[number % 3]
        reason = (None, "help", "pickup", None, "return")[number % 5]
        quiet = outcome == "not_today"
        body = ArrivalBody(
            f"a{number}",
            0,
            None if quiet else f"v{number}",
            f"door-{number % 2 + 1}",
            outcome,
            at,
            ref,
            reason,
            "plain" if ref else None,
        )
        made.append(body)
        times.append(at)
        if not quiet:
            made.append(VisitBody(f"v{number}", 0, at, at, ref, reason))
            times.append(at)
        if not quiet and number > 2:
            made.append(AlertBody(f"al{number}", f"v{number}", "expired" if number % 17 == 0 else "served"))
            times.append(at + timedelta(minutes=9))
        if number < 4:
            made.append(
                NoteBody(
                    f"n{number}", f"v{number}", ref, "ben", _SAID[number], ("how_it_went", "project", "preference")[number % 3]
                )
            )
            times.append(at + timedelta(seconds=40))
    made.append(
        SaleBody("till-1", "536365", 1, now - timedelta(days=3), "85123A", "Tile", 6, "2.55", Money(1530, "GBP"), refs[0])
    )
    made += [
        DeviceBody("hub", "hub", True, now - timedelta(days=3), "0.1.0"),
        DeviceBody("kiosk", "door-1", True, now - timedelta(hours=5), "0.1.0"),
        DeviceBody("kiosk", "door-2", True, now - timedelta(minutes=12), "0.1.0", ["reader_gone"]),
        DeviceBody("associate", "ann", True, now, "0.1.0"),
        DeviceBody("associate", "ben", True, now, "0.1.0"),
    ]
    times += [now] * 6
    made += _shown(now, "one", (5, 40), (61, 38), (9, 30))
    times += [now] * 3
    return [fact(number, body, at) for number, (body, at) in enumerate(zip(made, times, strict=True))]


def _river_side(now: datetime) -> list[bytes]:
    made: list[FactBody] = [
        DeviceBody("hub", "hub", True, now - timedelta(days=9), "0.1.0"),
        DeviceBody("kiosk", "entrance", False, now - timedelta(minutes=40), "0.1.0"),
    ]
    made += [arrival(number, now - timedelta(minutes=47 * number), None) for number in range(12)]
    made += _shown(now, "two", (7, 36), (61, 20))
    made.append(ProofBody("two-again", "nfc", "9b" * 16, 9, "entrance", now, False, "replayed", "synchronised"))
    good = [fact(number, body, now, OTHER) for number, body in enumerate(made)]
    bad = [
        fact(900, visit(1, now), now, STORE),
        msgspec.json.encode(
            {"v": "2.0", "id": "fact-901", "store": OTHER, "at": now, "body": {"kind": "arrival", "door": "entrance"}}
        ),
        b'{"v":"1.0","id":"fact-902","store":"river-side","at":"yesterday","body":{"kind":"visit"}}',
    ]
    return [*good, *bad]


def _shown(now: datetime, name: str, *taps: tuple[int, int]) -> list[FactBody]:
    """Cards that proved themselves; taps: (count, minutes ago). Those below 10 are one card, the others another."""
    made: list[FactBody] = []
    for counter, minutes in taps:
        tag, at = ("4e" if counter < 10 else "c7") * 16, now - timedelta(minutes=minutes)
        door = "door-1" if name == "one" else "entrance"
        made.append(ProofBody(f"{name}-{counter}", "nfc", tag, counter, door, at, True, clock="synchronised"))
    return made
