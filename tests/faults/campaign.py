"""What a killing needs: somebody who taps, somebody who watches the screen, phones that listen, and the books afterwards."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import sqlite3
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.contracts.card_id import canonical, card_token
from edge.demo.layout import Layout
from edge.process.config import read_key
from tests.support.demo import Associate, until
from tests.support.ledger import Announced, Counters, Ledger

HOLD_S = 0.3
FREE_WITHIN_S = 3.0
# The longest the kiosk's stream says nothing is 15 s.
STREAM_SILENT_S = 20.0


@dataclass(frozen=True, slots=True)
class Card:
    """uid: hex. thing: how the hub's books name who presented it (a member's reference, or the token of an unknown card)."""

    uid: str
    thing: str


class Books:
    """The files of a demo's processes, only read, and only when nobody is asked to answer for them."""

    def __init__(self, folder: Path) -> None:
        layout = Layout(folder)
        self._kiosk, self._hub = layout.data / "kiosk" / "kiosk.db", layout.data / "hub" / "hub.db"
        self._hq = layout.data / "hq" / "hq.db"
        self._card_key = read_key(str(layout.secret("card_key")), 32)

    def members(self) -> list[Card]:
        """One NFC card of every member. Whoever has the standing wish to be left alone is nobody in every book."""
        query = (
            "SELECT min(card_id), iif(m.not_today, '', m.member) FROM cards JOIN members m USING (store, member)"
            " WHERE card_id LIKE 'nfc:%' AND state = 'active' GROUP BY m.member ORDER BY 1"
        )
        return [Card(card.removeprefix("nfc:"), member) for card, member in _ask(self._hub, query)]

    def unknown(self, uid: str) -> Card:
        """A card that nobody knows."""
        return Card(uid, card_token(self._card_key, canonical("nfc", uid)))

    def waiting(self) -> tuple[int, int]:
        """Rows in the outboxes of kiosk and hub, parked ones included."""
        return tuple(_ask(path, "SELECT count(*) FROM outbox")[0][0] for path in (self._kiosk, self._hub))  # type: ignore[return-value]  # two paths, two counts

    def parked(self) -> list[tuple[str, str]]:
        """(key, code) of what was set aside anywhere."""
        rows = [_ask(path, "SELECT key, code FROM outbox WHERE state = 'parked'") for path in (self._kiosk, self._hub)]
        return rows[0] + rows[1]

    def at_hub(self) -> list[tuple[str, str]]:
        """Every (arrival_id, thing); an arrival filed twice under one revision stands here twice."""
        query = (
            "SELECT a.arrival_id, a.rev, coalesce(a.member, v.card_token, '') FROM arrivals a"
            " LEFT JOIN visits v ON v.store = a.store AND v.visit_id = a.visit_id"
        )
        return _folded(_ask(self._hub, query))

    def at_hq(self) -> list[tuple[str, str]]:
        """Every (arrival_id, thing) of HQ's facts; HQ knows nothing of unknown cards, so the hub's book names who it was."""
        things = dict(self.at_hub())
        query = "SELECT json_extract(body, '$.arrival_id'), json_extract(body, '$.rev') FROM facts WHERE kind = 'arrival'"
        return _folded([(arrival, rev, things.get(arrival, "nobody the hub knows")) for arrival, rev in _ask(self._hq, query)])

    def reasons_at_hq(self) -> list[str]:
        """Arrivals whose reason HQ knows."""
        return [row[0] for row in _ask(self._hq, "SELECT arrival_id FROM arrivals WHERE reason IS NOT NULL")]

    def alerts(self) -> list[tuple[str, int]]:
        """(visit, how many alerts it ever had)."""
        return _ask(self._hub, "SELECT visit_id, count(*) FROM alerts GROUP BY visit_id")


def _ask(path: Path, query: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(query).fetchall()


def _folded(rows: Iterable[tuple[str, int, str]]) -> list[tuple[str, str]]:
    """Revisions of an arrival are one arrival; the same revision twice is two."""
    rows = list(rows)
    times = Counter((arrival, rev) for arrival, rev, _ in rows)
    most: dict[str, int] = {}
    for (arrival, _rev), count in times.items():
        most[arrival] = max(count, most.get(arrival, 0))
    things = {arrival: thing for arrival, _, thing in rows if thing}
    return [(arrival, things.get(arrival, "")) for arrival, count in most.items() for _ in range(count)]


class Shoppers:
    """One shopper after the other, a card every `pace_s`. A card that the reader never took was not presented."""

    def __init__(self, reader: Path, cards: Iterator[Card], ledger: Ledger, pace_s: float = 0.3) -> None:
        self._reader, self._cards, self._ledger, self._pace_s = reader, cards, ledger, pace_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shoppers", daemon=True)
        self.presented = 0

    def __enter__(self) -> Shoppers:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        for card in self._cards:
            while not self._stop.is_set() and not self._present(card):
                self._stop.wait(0.1)
            if self._stop.wait(self._pace_s):
                return

    def _present(self, card: Card) -> bool:
        """Whether this try may have reached the reader."""
        try:
            if self._request({"status": {}})["cards"] != 0:
                return False
            with _connected(self._reader) as line:
                self._ledger.attempted(card.thing)  # from here on nobody can say that it was not presented
                self.presented += 1
                _say(line, {"present": {"uid": card.uid}, "hold_s": HOLD_S})
            return True
        except (OSError, ValueError, KeyError):  # the kiosk is being killed or away
            return False

    def _request(self, request: dict[str, Any]) -> dict[str, Any]:
        with _connected(self._reader) as line:
            return _say(line, request)


@contextlib.contextmanager
def _connected(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(FREE_WITHIN_S)
        line.connect(str(path))
        yield line


def _say(line: socket.socket, request: dict[str, Any]) -> dict[str, Any]:
    line.sendall(json.dumps(request).encode() + b"\n")
    answer: dict[str, Any] = json.loads(line.makefile("rb").readline())
    return answer


class Screen:
    """Reads the kiosk's event stream, as its page does: what it shows with an arrival id is confirmed to the shopper."""

    def __init__(self, url: str, ledger: Ledger) -> None:
        self._url, self._ledger = url, ledger
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="screen", daemon=True)
        self.latest: dict[str, Any] = {}

    def __enter__(self) -> Screen:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def choose(self, arrival_id: str, reason: str) -> bool:
        """A finger on a reason; whether the kiosk said that it took it."""
        body = json.dumps({"arrival_id": arrival_id, "reason": reason}).encode()
        headers = {"Content-Type": "application/json", "Origin": self._url.rstrip("/")}
        request = urllib.request.Request(self._url + "act/reason", body, headers, method="POST")
        with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=5):
            return True
        return False

    def _run(self) -> None:
        while not self._stop.wait(0.05):
            with (
                contextlib.suppress(OSError, ValueError),
                urllib.request.urlopen(self._url + "stream", timeout=STREAM_SILENT_S) as stream,
            ):
                for line in stream:
                    if line.startswith(b"data: {"):
                        self._see(json.loads(line[6:]))
                    if self._stop.is_set():
                        return

    def _see(self, view: dict[str, Any]) -> None:
        self.latest = view
        if view["arrival_id"] is not None:
            self._ledger.confirmed(view["arrival_id"])


class Phone(Associate):
    """An associate's phone that asks for a new broker password when the broker has forgotten it, as the app does."""

    def __init__(self, base: str, name: str, pin: str) -> None:
        super().__init__(base, name, pin)
        self._line.on_connect = self._came_back

    def _came_back(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if not reason.is_failure:
            self._line.subscribe(self.session["broker"]["alert_topic"], qos=1)
            return
        with contextlib.suppress(OSError, ValueError):
            status, session = self.call("GET", "/api/v1/session")
            if status == 200:
                self._line.username_pw_set(session["broker"]["username"], session["broker"]["password"])

    def announced(self) -> Announced:
        """What it announced so far, and what it learns by catching up with the hub now."""
        status, answer = self.call("GET", "/api/v1/alerts")
        assert status == 200, answer
        told = Announced()
        for alert in self.alerts:
            told.hear(alert)
        on_the_wire = told.repeated
        for alert in answer["alerts"]:
            told.hear(alert)
        told.repeated = on_the_wire
        return told


@contextlib.contextmanager
def signed_in(ready: dict[str, Any], count: int) -> Iterator[list[Phone]]:
    """The phones of the first `count` associates of a demo; ready: the line of JSON it printed."""
    with contextlib.ExitStack() as stack:
        phones = [Phone(ready["associates"], one["name"], one["sign_in"]) for one in ready["associate_accounts"][:count]]
        for phone in phones:
            stack.callback(phone.close)
        yield phones


def settled(books: Books, within_s: float) -> None:
    """Wait until nothing waits any more, or fail with what does."""
    try:
        until(lambda: books.waiting() == (0, 0), "both outboxes are empty", within_s)
    except AssertionError:
        raise AssertionError(f"rows wait at kiosk and hub: {books.waiting()}, parked: {books.parked()}") from None


def verdict(books: Books, ledger: Ledger, phones: Iterable[Phone]) -> dict[str, Counters]:
    """The counters at hub and HQ; fails unless both are sound and no phone announced a visit twice."""
    found = {"hub": ledger.check(books.at_hub()), "hq": ledger.check(books.at_hq())}
    for place, counters in found.items():
        assert counters.sound, f"{place}: {counters}"
    for phone in phones:
        assert phone.announced().twice == []
    return found


def cards(books: Books, seed: int, rounds: int = 1) -> Iterator[Card]:
    """Every member `rounds` times (again is a repeat), then cards that nobody knows, without end; the same for the same seed."""
    rng, members = random.Random(seed), books.members()
    rng.shuffle(members)
    for _ in range(rounds):
        yield from members
    while True:
        yield books.unknown(f"04DEAD{rng.randrange(16**8):08X}")


def well(url: str) -> bool:
    """Whether `/healthz` answers 200."""
    try:
        with urllib.request.urlopen(url + "healthz", timeout=2):
            return True
    except OSError:
        return False
