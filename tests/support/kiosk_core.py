"""The kiosk's core on a bench: real records, real board, a clock that is told when to move, cues that are written down."""

from __future__ import annotations

import base64
import json
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edge.contracts import topics
from edge.contracts.answer import Answer, ArrivalResult, Greeting
from edge.contracts.arrival import Arrival, read_arrival
from edge.contracts.card_id import canonical, card_token
from edge.contracts.directory import DirectoryEntry, DirectoryPage
from edge.contracts.envelope import VERSION, encode
from edge.contracts.sealed import public_key_of
from edge.contracts.status import Status, read_status
from edge.process.clock import ManualClock
from edge.process.health import Health
from edge.process.ids import CountingIds
from firmware_bridge.card_read import CardRead, CardTrouble, Trouble
from kiosk.devices.patterns import Cue
from kiosk.reception import Reception
from kiosk.records.book import Book, open_book
from kiosk.screen.board import Board
from kiosk.visit.check_in import Door
from kiosk.visit.decide import Policy
from kiosk.visit.moment import Moment
from kiosk.visit.words import CodesAt

ROOT = Path(__file__).resolve().parents[2]
STORE, KIOSK = "main-street", "door-1"
CARD_KEY = bytes(range(32))
HUB_PRIVATE = bytes(range(1, 33))
HUB_PUBLIC = public_key_of(HUB_PRIVATE)
NAME = "Marisol-Quetzalcoatl"  # found nowhere by accident
MARIA_UID, LOST_UID, SHY_UID, NEW_UID = "04A1B2C3D4E5F6", "04112233445566", "04665544332211", "04DEADBEEF0102"
MARIA = "m_maria"
STARTED = ManualClock().monotonic()  # seconds of a bench's clock, until it is told to move


def read(uid: str = MARIA_UID, **changes: object) -> CardRead:
    """A card read of an NFC card."""
    fields: dict[str, object] = {"medium": "nfc", "value": uid, "reader": "nfc-1", "monotonic": STARTED}
    return CardRead(**(fields | changes))  # type: ignore[arg-type]  # a test may try what the types forbid


def trouble(kind: Trouble) -> CardTrouble:
    """Something that gave no id."""
    return CardTrouble("nfc-1", STARTED, kind)


def token_of(uid: str) -> str:
    """The token of an NFC card under the bench's key."""
    return card_token(CARD_KEY, canonical("nfc", uid))


def entry(uid: str = MARIA_UID, **changes: object) -> DirectoryEntry:
    """The directory's entry for a card; by default Maria's, who asked to be greeted by name."""
    fields: dict[str, object] = {"token": token_of(uid), "state": "active", "member": MARIA, "language": None, "greeting": "name"}
    return DirectoryEntry(**(fields | changes))  # type: ignore[arg-type]  # as above


def page(entries: Sequence[DirectoryEntry], next_: int = 10, *, more: bool = False, key: str = "key-one") -> DirectoryPage:
    """One page of the hub's directory."""
    return DirectoryPage(list(entries), next_, more, key, base64.b64encode(HUB_PUBLIC).decode())


def moment(clock: ManualClock) -> Moment:
    """The clock's instant."""
    return Moment(clock.now(), clock.quality(), clock.boot(), clock.monotonic())


def answer(results: Sequence[ArrivalResult], source: str = f"{STORE}/hub/hub") -> bytes:
    """An answer as the hub sends it."""
    clock = ManualClock()
    return encode(
        Answer(
            v=VERSION,
            id="answer-1",
            source=source,
            at=clock.now(),
            clock="synchronised",
            boot="hubboot",
            seq=1,
            age_s=0.0,
            results=list(results),
        )
    )


def greeted(arrival: Arrival, name: str | None = NAME, outcome: str = "welcome") -> ArrivalResult:
    """The hub's result for an arrival of a member who is greeted by name."""
    return ArrivalResult(arrival.arrival_id, arrival.rev, "new", greeting=Greeting(outcome=outcome, name=name))  # type: ignore[arg-type]  # text from a table


@dataclass
class CueList:
    """Signals that do nothing but remember."""

    cues: list[Cue] = field(default_factory=list)

    def play(self, cue: Cue) -> None:
        self.cues.append(cue)

    def close(self) -> None:
        self.cues.append("refused")


@dataclass
class Bench:
    """A kiosk's core without threads, network and pins."""

    clock: ManualClock
    book: Book
    board: Board
    signals: CueList
    health: Health
    reception: Reception
    woken: list[float] = field(default_factory=list)
    heard: bool = True
    codes_at: CodesAt = ""
    others_wait: bool = False

    def waiting(self) -> list[Arrival]:
        """The arrivals in the outbox, in order."""
        return [read_arrival(row.payload) for row in self.book.outbox.rows()]

    def tap(self, uid: str = MARIA_UID) -> Arrival | None:
        """Present a card; returns the arrival it became, if any."""
        before = {row.key for row in self.book.outbox.rows()}
        self.reception.tap(read(uid, monotonic=self.clock.monotonic()))
        new = [row for row in self.book.outbox.rows() if row.key not in before]
        return read_arrival(new[0].payload) if new else None


@contextmanager
def bench(folder: Path, *, outbox_max: int = 20_000, language: str = "en", policy: Policy | None = None) -> Iterator[Bench]:
    """A bench whose directory knows Maria, a lost card and a shy member's card (standing wish "not today")."""
    clock, signals, health = ManualClock(), CueList(), Health("kiosk", "0")
    book = open_book(folder, STORE, KIOSK, clock, outbox_max)
    board = Board(clock, language)
    made: list[Bench] = []
    reception = Reception(
        book=book,
        board=board,
        signals=signals,
        door=Door(STORE, KIOSK, language, policy or Policy()),
        card_key=CARD_KEY,
        clock=clock,
        ids=CountingIds(),
        health=health,
        wake=lambda: made[0].woken.append(clock.monotonic()),
        heard=lambda: made[0].heard,
        codes_at=lambda: made[0].codes_at,
        others_wait=lambda: made[0].others_wait,
    )
    made.append(Bench(clock, book, board, signals, health, reception))
    book.directory.take(
        page([entry(), entry(LOST_UID, state="blocked", member="m_lost"), entry(SHY_UID, member="m_shy", not_today=True)])
    )
    reception.open()
    try:
        yield made[0]
    finally:
        book.close()


def write_config(
    folder: Path, *, reader: str, broker_port: int, hub_url: str, screen_port: int, password: str = "kiosk-pass"
) -> Path:
    """A kiosk's configuration with its secret files, as an installer would leave them."""
    for name, content in (("broker.pass", password), ("hub.token", "kiosk-token"), ("card.key", CARD_KEY.hex())):
        (folder / name).write_text(content + "\n")
        (folder / name).chmod(0o600)
    path = folder / "kiosk.toml"
    path.write_text(
        f"""store = "{STORE}"
kiosk = "{KIOSK}"
language = "en"
data_dir = "{folder}/data"
[screen]
host = "127.0.0.1"
port = {screen_port}
[reader]
name = "nfc-1"
port = "{reader}"
[broker]
host = "127.0.0.1"
port = {broker_port}
username = "{STORE}.kiosk.{KIOSK}"
password_file = "{folder}/broker.pass"
[hub]
url = "{hub_url}"
token_file = "{folder}/hub.token"
[keys]
card_key_file = "{folder}/card.key"
[policy]
"""
    )
    return path


def until(true: Callable[[], object], what: str, within_s: float = 20.0) -> None:
    """Poll until something is so, or fail saying what never was."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.01)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PrivateBroker:
    """Mosquitto on loopback, open to everybody who can reach it: rights are the broker station's own tests."""

    def __init__(self, binary: str, folder: Path, more: str = "") -> None:
        """more: further lines of its configuration."""
        self._binary, self.port = binary, free_port()
        self._conf = folder / "broker.conf"
        self._conf.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nuser root\n{more}")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen([self._binary, "-c", str(self._conf)], stderr=subprocess.DEVNULL)
        until(self._answers, "Mosquitto answers")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class SmallHub:
    """The hub as a kiosk sees it: serves a directory, takes arrivals and, unless it is `silent`, answers each after that."""

    def __init__(self, broker_port: int, entries: Sequence[DirectoryEntry]) -> None:
        self.arrivals: list[Arrival] = []
        self.statuses: list[Status] = []
        self.silent = False
        self._entries, self._port = list(entries), broker_port
        self._client = self._connected()
        self._web = self._served()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._web.server_address[1]}"

    def reconnect(self) -> None:
        """After the broker was away."""
        self._client.disconnect()
        self._client.loop_stop()
        self._client = self._connected()

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        self._web.shutdown()
        self._web.server_close()

    def _connected(self) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="small-hub")
        client.on_message = self._take
        subscribed = threading.Event()
        client.on_subscribe = lambda *_: subscribed.set()
        client.connect("127.0.0.1", self._port)
        client.loop_start()
        client.subscribe([(topics.all_arrivals(STORE), 1), (topics.all_statuses(STORE), 1)])
        assert subscribed.wait(10)
        return client

    def _take(self, client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        if topics.parse(message.topic).channel == "status":
            self.statuses.append(read_status(message.payload))
            return
        arrival = read_arrival(message.payload)
        self.arrivals.append(arrival)
        if not self.silent:
            named = greeted(arrival) if arrival.member == MARIA else greeted(arrival, None, arrival.outcome)
            client.publish(topics.answer(STORE, KIOSK), answer([named]), qos=1)

    def _served(self) -> ThreadingHTTPServer:
        body = msgspec.json.encode(page(self._entries))
        empty = msgspec.json.encode(page([]))

        class Directory(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                good = self.path.startswith("/api/v1/directory?") and self.headers["Authorization"] == "Bearer kiosk-token"
                content = (body if "after=0" in self.path else empty) if good else b"{}"
                self.send_response(200 if good else 401)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Directory)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server


class KioskProcess:
    """`python -m kiosk` with a simulated reader."""

    def __init__(self, folder: Path, broker_port: int, hub_url: str) -> None:
        self.folder, self.port, self.socket = folder, free_port(), folder / "reader.sock"
        self.config = write_config(
            folder, reader=f"sim:{self.socket}", broker_port=broker_port, hub_url=hub_url, screen_port=self.port
        )
        self.log = folder / "kiosk.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, parts: Sequence[str] = ("reader", "directory", "broker")) -> None:
        """Start, and wait until these parts are well."""
        command = [sys.executable, "-m", "kiosk", "--config", str(self.config)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        until(lambda: set(parts) <= self.well(), f"the kiosk is ready: see {self.log}")

    def well(self) -> set[str]:
        """The parts of the kiosk that are well; none while it does not answer."""
        try:
            report = json.loads(self._get("/healthz"))
        except OSError:
            return set()
        return {part["part"] for part in report["parts"] if part["well"]}

    def tap(self, uid: str = MARIA_UID) -> None:
        """Hold a card to the simulated reader, after the one before has left it: another one. The same card at once is to the
        reader one that never left; wait half a second, and `present` it."""
        until(lambda: self.cards() == 0, "the field is free")
        self.present(uid)

    def present(self, uid: str = MARIA_UID) -> None:
        """Hold a card to the simulated reader for 0.6 s from now."""
        assert self._reader({"present": {"uid": uid}, "hold_s": 0.6}).get("ok") is True

    def cards(self) -> int:
        """How many lie on the simulated reader."""
        return int(self._reader({"status": {}})["cards"])

    def _reader(self, request: dict[str, Any]) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(10)
            control.connect(str(self.socket))
            control.sendall(json.dumps(request).encode() + b"\n")
            reply: dict[str, Any] = json.loads(control.makefile().readline())
            return reply

    def view(self) -> dict[str, Any]:
        """What the screen shows now: the first view of a fresh event stream."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/stream", timeout=10) as stream:
            for line in stream:
                if line.startswith(b"data: {"):
                    shown: dict[str, Any] = json.loads(line[6:])
                    return shown
        raise AssertionError("the stream ended without a view")

    def act(self, what: str, body: dict[str, object]) -> int:
        """What a finger on the screen does; returns the status."""
        headers = {"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{self.port}"}
        url = f"http://127.0.0.1:{self.port}/act/{what}"
        request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return int(reply.status)
        except urllib.error.HTTPError as error:
            return error.code

    def waiting(self) -> list[str]:
        """The keys in the outbox, read from the file."""
        with closing(sqlite3.connect(f"file:{self.folder}/data/kiosk.db?mode=ro", uri=True)) as connection:
            return [row[0] for row in connection.execute("SELECT key FROM outbox ORDER BY seq")]

    def kill(self) -> None:
        """As a power cut to the process: no goodbye."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def terminate(self) -> int:
        """SIGTERM; returns the exit status."""
        assert self._process is not None
        self._process.terminate()
        status = self._process.wait(30)
        self._process = None
        return status

    def _get(self, path: str) -> bytes:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as reply:
                return bytes(reply.read())
        except urllib.error.HTTPError as error:
            return bytes(error.read())
