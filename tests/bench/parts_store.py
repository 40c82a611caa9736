"""A store for the stations: Mosquitto with accounts, a hub, a kiosk, a screen, associates' clients; and the peers beside it."""

from __future__ import annotations

import contextlib
import re
import select
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from http.cookiejar import CookieJar
from pathlib import Path

import msgspec

from edge.contracts.http import Session
from tests.bench import parts_senders as senders
from tests.bench.parts_kiosk_process import Ask, Rushed, Stamps
from tests.bench.parts_listeners import Account
from tests.bench.peers import two_hop
from tests.bench.peers.home_made import uid_of
from tests.bench.station import Bench
from tests.support.brokers import BrokerProcess, eventually, free_port, secret_file
from tests.support.hub import DOOR, KIOSK_TOKEN, PIN, PIN_HASH, STORE
from tests.support.hub_process import HubProcess
from tests.support.kiosk_core import PrivateBroker, write_config

PATIENCE_S = 20.0
END_S = 10.0


def name_of(number: int) -> str:
    """What the member with card `number` is called."""
    return f"Member-{number}"


class Hub(HubProcess):
    """`python -m edge.hub run` as the bench starts it, with `members` of its own who like to be greeted by name."""

    def __init__(
        self, bench: Bench, broker: BrokerProcess, members: int, kiosks: Sequence[str] = (), associates: int = 0
    ) -> None:
        super().__init__(bench.folder / "hub", broker)
        self._bench = bench
        entries = "".join(_kiosk_entry(self.folder, name) for name in kiosks)
        self.config.write_text(self.config.read_text() + entries)
        self._fill(members, associates)

    def start(self) -> Hub:
        """Returns when every part is well."""
        self._log = (self.folder / "log").open("ab")
        arguments = ("-m", "edge.hub", "run", "--config", str(self.config))
        self._process = self._bench.python("hub", *arguments, stderr=self._log, stdout=subprocess.DEVNULL)
        eventually(self._well, f"hub up: {self.log()}", PATIENCE_S)
        return self

    def stop(self) -> tuple[int, bytes]:
        if self._process is not None:
            end(self._process)
            self._log.close()
        return 0, b""

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """It stands still and answers nobody, as if the way to it were cut."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _fill(self, members: int, associates: int) -> None:
        store = self.open_store()
        with store.file.write() as connection:
            for number in range(members):
                called, member = name_of(number), f"m-{number}"
                store.members.put_member(connection, member, name=called, call_me=called, greeting="name", announce=False)
                store.members.put_card(connection, f"nfc:{uid_of(number)}", member)
            for number in range(associates):
                name = f"associate-{number}"
                store.members.put_associate(connection, name, display_name=name.title(), pin_hash=PIN_HASH)
        store.file.close()

    def accounts(self, associates: int) -> list[Account]:
        """Sign them in; their accounts at the broker."""
        return [self._sign_in(f"associate-{number}") for number in range(associates)]

    def _sign_in(self, name: str) -> Account:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        body = msgspec.json.encode({"associate": name, "pin": PIN})
        asked = urllib.request.Request(f"{self.url}/api/v1/session", body, {"Content-Type": "application/json"}, method="POST")
        with opener.open(asked, timeout=PATIENCE_S) as answer:
            broker = msgspec.json.decode(answer.read(), type=Session).broker
        return Account(broker.username, broker.password, broker.alert_topic)


def _kiosk_entry(folder: Path, name: str) -> str:
    return f'[[kiosks]]\nname = "{name}"\ntoken_file = "{secret_file(folder / name, f"token-of-{name}")}"\n'


class Door:
    """The kiosk of tests.bench.parts_kiosk_process and its screen, both seen from outside."""

    def __init__(self, bench: Bench, broker: BrokerProcess, hub_url: str, *, name: str = "kiosk") -> None:
        self._bench, self.folder, self.port = bench, bench.folder / name, free_port()
        self.folder.mkdir()
        self._control, self.file = self.folder / "control", self.folder / "data" / "kiosk.db"
        password = broker.passwords[f"{STORE}.kiosk.{DOOR}"]
        where = {"reader": "bench", "broker_port": broker.port, "hub_url": hub_url, "screen_port": self.port}
        self._config = write_config(self.folder, **where, password=password)  # type: ignore[arg-type]  # as its parameters say
        secret_file(self.folder / "hub.token", KIOSK_TOKEN)
        self._process: subprocess.Popen[bytes] | None = None
        self._hand = socket.socket(socket.AF_UNIX)
        self._screen: Screen | None = None

    @property
    def screen(self) -> Screen:
        """Of a door that was started."""
        assert self._screen is not None, "the door was not started"
        return self._screen

    def start(self, cards: int) -> Door:
        """Returns when the kiosk knows so many cards and its screen is open."""
        self.launch()
        eventually(lambda: self._cards() >= cards, f"the kiosk knows {cards} cards: see {self.folder / 'log'}", PATIENCE_S)
        self._hand.connect(str(self._control))
        self._lines = self._hand.makefile("rb")
        self._screen = Screen(self.port)
        return self

    def launch(self) -> None:
        """Start it, and do not wait."""
        self._log = (self.folder / "log").open("ab")
        arguments = ("-m", "tests.bench.parts_kiosk_process", "--config", str(self._config), "--control", str(self._control))
        self._process = self._bench.python("kiosk", *arguments, stderr=self._log)

    def stop(self) -> None:
        if self._process is None:
            return
        self._hand.close()
        if self._screen is not None:
            self._screen.close()
        end(self._process)
        self._log.close()

    @property
    def pid(self) -> int:
        """Of the kiosk's process."""
        assert self._process is not None
        return self._process.pid

    def tap(self, number: int) -> None:
        """Hold the card of member `number` to the reader."""
        self.screen.drain()
        self.present(number)

    def present(self, number: int) -> None:
        """The same, while nobody looks at the bench's own screen."""
        self._ask(Ask(tap=uid_of(number)))

    def stamps(self) -> Stamps:
        """When the last tap was delivered and confirmed."""
        return msgspec.json.decode(self._answer(Ask(stamps=True)), type=Stamps)

    def rush(self, numbers: Sequence[int], at_once: int) -> Rushed:
        """Many taps, `at_once` of them under way at a time."""
        answer = self._answer(Ask(rush=[uid_of(number) for number in numbers], at_once=at_once))
        return msgspec.json.decode(answer, type=Rushed)

    def _cards(self) -> int:
        assert self._process is not None and self._process.poll() is None, f"the kiosk ended: see {self.folder / 'log'}"
        return count_in(self.file, "directory")

    def _ask(self, ask: Ask) -> None:
        self._hand.sendall(msgspec.json.encode(ask) + b"\n")

    def _answer(self, ask: Ask) -> bytes:
        self._ask(ask)
        return self._lines.readline()


class View(msgspec.Struct):
    """What of a view counts here."""

    scene: str
    arrival_id: str | None
    title: str
    line: str


class Screen:
    """A screen's event stream on a raw socket: what a browser gets, and when."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(f"GET /stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        self._bytes = b""
        self._next()  # hello
        self.drain()

    def drain(self) -> None:
        """Forget what came before now."""
        while select.select([self._socket], [], [], 0)[0]:
            self._receive()
        self._bytes = b""

    def until(self, scene: str) -> tuple[float, View]:
        """The moment (perf_counter) in which the bytes of this scene were here, and what they say."""
        while True:
            at, event = self._next()
            if f'"scene":"{scene}"'.encode() in event:
                return at, msgspec.json.decode(event[event.index(b"data: ") + 6 :].splitlines()[0], type=View)

    def close(self) -> None:
        self._socket.close()

    def _next(self) -> tuple[float, bytes]:
        at = time.perf_counter()
        while b"\n\n" not in self._bytes:
            self._receive()
            at = time.perf_counter()
        event, _, self._bytes = self._bytes.partition(b"\n\n")
        return at, event

    def _receive(self) -> None:
        got = self._socket.recv(65536)
        assert got, "the screen's stream ended"
        self._bytes += got


class HomeMade:
    """The home-made kiosk in its process, and keep-alive connections to it."""

    def __init__(self, bench: Bench, broker_port: int, threads: int = 8) -> None:
        self.port = free_port()
        file = bench.folder / "home_made.db"
        numbers = ("--port", str(self.port), "--db", str(file), "--broker", str(broker_port), "--threads", str(threads))
        with (bench.folder / "home_made.log").open("ab") as log:  # waitress says there when its threads are not enough
            self._process = bench.python("home-made", "-m", "tests.bench.peers.home_made", *numbers, stderr=log)
        eventually(self._well, "the home-made kiosk is up", PATIENCE_S)

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def connect(self) -> TapClient:
        """One client that stays connected."""
        return TapClient(self.port)

    def stop(self) -> None:
        end(self._process)

    def _well(self) -> bool:
        with contextlib.suppress(OSError):
            return fetch(f"http://127.0.0.1:{self.port}/healthz") == b"ok"
        return False


class TapClient:
    """Posts card ids over one connection, by hand: no HTTP library's time is counted against the peer."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = (
            f"POST /tap HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: ".encode()
        )

    def tap(self, number: int) -> bytes:
        """The answer's body."""
        body = msgspec.json.encode({"uid": uid_of(number)})
        self._socket.sendall(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
        return self._answer()

    def close(self) -> None:
        self._socket.close()

    def _answer(self) -> bytes:
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._more()
        head, _, body = got.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        found = re.search(rb"content-length: (\d+)", head, re.I)
        assert found, head
        while len(body) < int(found.group(1)):
            body += self._more()
        return body

    def _more(self) -> bytes:
        got = self._socket.recv(65536)
        assert got, "the home-made kiosk hung up"
        return got


class Listeners:
    """The clients of tests.bench.parts_listeners."""

    def __init__(self, bench: Bench, name: str, port: int, accounts: Sequence[Account]) -> None:
        pipe = subprocess.PIPE
        arguments = ("-m", "tests.bench.parts_listeners", "--port", str(port))
        self._process = bench.python(name, *arguments, stdin=pipe, stdout=pipe)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(list(accounts)) + b"\n")
        self._process.stdin.flush()
        self._out = self._process.stdout
        assert self._out.readline() == b"ready\n", "the listeners did not come up"

    def last_heard(self) -> float:
        """When the last of them had the next message (perf_counter)."""
        assert select.select([self._out], [], [], PATIENCE_S)[0], "not everybody heard of it"
        return float(self._out.readline().split()[1])

    def stop(self) -> None:
        end(self._process)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._out.close()


class Relay:
    """The bare relay: its far side in a process, its near side here."""

    def __init__(self, bench: Bench, broker_port: int) -> None:
        arguments = ("-m", "tests.bench.peers.two_hop", "--broker", str(broker_port), "--db", str(bench.folder / "far.db"))
        self._process = bench.python("two-hop", *arguments, stdout=subprocess.PIPE)
        assert self._process.stdout is not None and self._process.stdout.readline() == b"ready\n", "the relay did not come up"
        self.near = two_hop.Near(broker_port, bench.folder / "near.db")

    def stop(self) -> None:
        self.near.close()
        end(self._process)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Senders:
    """The kiosks of tests.bench.parts_senders."""

    def __init__(self, bench: Bench, port: int, kiosks: Sequence[senders.Account]) -> None:
        pipe = subprocess.PIPE
        self._process = bench.python("kiosks", "-m", "tests.bench.parts_senders", "--port", str(port), stdin=pipe, stdout=pipe)
        self._kiosks = len(kiosks)
        self._say(msgspec.json.encode(list(kiosks)))
        assert self._line() == b"ready\n", "the senders did not come up"

    def run(self, first: int, count: int) -> float:
        """Arrivals answered in a second, when each kiosk sends `count` of them, of members from number `first` on."""
        self._say(b"%d %d" % (first, count))
        return count * self._kiosks / float(self._line())

    def stop(self) -> None:
        end(self._process)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _say(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + b"\n")
        self._process.stdin.flush()

    def _line(self) -> bytes:
        assert self._process.stdout is not None
        return bytes(self._process.stdout.readline())


def fetch(url: str) -> bytes:
    """Body of a GET."""
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        return bytes(answer.read())


def count_in(file: Path, table: str) -> int:
    """Rows of a table of somebody else's file; -1 while there is none."""
    if not file.exists():
        return -1
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        try:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        except sqlite3.OperationalError:  # not made yet
            return -1


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and SIGKILL for whoever does not hear it."""
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def store_broker(bench: Bench, kiosks: Sequence[str] = (DOOR,)) -> Iterator[BrokerProcess]:
    """Mosquitto as the product runs it: accounts, rights, tcp_nodelay."""
    bench.part("mosquitto")
    folder = bench.folder / "broker"
    folder.mkdir()
    broker = BrokerProcess(folder, "mosquitto", [(STORE, "hub", "hub"), *((STORE, "kiosk", name) for name in kiosks)])
    try:
        yield broker.start()
    finally:
        broker.stop()


@contextlib.contextmanager
def open_broker(bench: Bench) -> Iterator[int]:
    """Mosquitto without accounts, with tcp_nodelay, for the peers: its port."""
    folder = bench.folder / "open"
    folder.mkdir()
    # Without a limit: with the usual 1,000 it would drop what a raw publisher sends faster than its reader reads.
    broker = PrivateBroker(str(bench.part("mosquitto")), folder, "max_queued_messages 0\n")
    try:
        broker.start()
        yield broker.port
    finally:
        broker.stop()
