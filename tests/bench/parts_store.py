"""A store for the stations: Mosquitto with accounts, a hub in its process; and the peers' open broker."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from http.cookiejar import CookieJar
from pathlib import Path

import msgspec

from edge.contracts.http import Session
from tests.bench.control import ControlLine
from tests.bench.parts_listeners import Account
from tests.bench.parts_process import PATIENCE_S, end
from tests.bench.peers.home_made import uid_of
from tests.bench.station import Bench
from tests.bench.trail import Stamp
from tests.support.brokers import BrokerProcess, eventually, secret_file
from tests.support.hub import DOOR, PIN, PIN_HASH, STORE
from tests.support.hub_process import HubProcess
from tests.support.kiosk_core import PrivateBroker


def name_of(number: int) -> str:
    """What the member with card `number` is called."""
    return f"Member-{number}"


class Hub(HubProcess):
    """`python -m edge.hub run` as the bench starts it, with `members` of its own who like to be greeted by name.

    trail: with stamps (tests.bench.parts_hub_process).
    """

    def __init__(
        self,
        bench: Bench,
        broker: BrokerProcess,
        members: int,
        kiosks: Sequence[str] = (),
        associates: int = 0,
        trail: bool = False,
    ) -> None:
        super().__init__(bench.folder / "hub", broker)
        self._bench, self._trail = bench, self.folder / "control" if trail else None
        entries = "".join(_kiosk_entry(self.folder, name) for name in kiosks)
        self.config.write_text(self.config.read_text() + entries)
        self._fill(members, associates)

    def start(self) -> Hub:
        """Returns when every part is well."""
        self._log = (self.folder / "log").open("ab")
        command = ["-m", "edge.hub", "run"] if self._trail is None else ["-m", "tests.bench.parts_hub_process"]
        arguments = [*command, "--config", str(self.config)]
        if self._trail is not None:
            arguments += ["--control", str(self._trail)]
        self._process = self._bench.python("hub", *arguments, stderr=self._log, stdout=subprocess.DEVNULL)
        eventually(self._well, f"hub up: {self.log()}", PATIENCE_S)
        return self

    def stop(self) -> tuple[int, bytes]:
        if self._process is not None:
            end(self._process)
            self._log.close()
        return 0, b""

    @property
    def pid(self) -> int:
        """Of the hub's process."""
        assert self._process is not None
        return self._process.pid

    def trail(self) -> list[Stamp]:
        """Its stamps since the last time; of a hub with a trail."""
        assert self._trail is not None, "this hub keeps no trail"
        with contextlib.closing(ControlLine(self._trail, "the hub")) as line:
            return msgspec.json.decode(line.ask(b"", "its stamps"), type=list[Stamp])

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
