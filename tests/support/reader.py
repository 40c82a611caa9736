"""Helpers for the reader's tests: transcripts, a session and a chip in virtual time, and a reader thread on a real pty."""

from __future__ import annotations

import contextlib
import heapq
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from firmware_bridge.card_read import ButtonPressed, CardGone, CardHeld, CardRead, CardTrouble, ReaderEvent, ReaderState
from firmware_bridge.open_reader import Reader, open_reader
from firmware_bridge.session.arrival import Known, nobody
from firmware_bridge.session.pn532_session import Out, Pn532Session
from firmware_bridge.session.presence import Presence
from firmware_bridge.simulator.bad_line import BadLine
from firmware_bridge.simulator.chip import Chip
from firmware_bridge.simulator.kinds import card_with
from firmware_bridge.wire.pn532_frame import BadFrame, Frame

TRANSCRIPTS = Path(__file__).parents[1] / "transcripts" / "pn532"
PATIENCE_S = 20.0

Feed = Callable[[bytes], list[bytes]]


def whole(data: bytes) -> list[bytes]:
    return [data]


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def after_junk(data: bytes) -> list[bytes]:
    """Junk that holds no start code, zeros among it."""
    return [b"\x31\x00\x00\x07\xff\xfe\xd5" + data]


def after_junk_byte_by_byte(data: bytes) -> list[bytes]:
    return byte_by_byte(after_junk(data)[0])


WAYS: list[Feed] = [whole, byte_by_byte, after_junk, after_junk_byte_by_byte]


@dataclass(frozen=True)
class Line:
    """One line of a transcript. sign: -> to the chip, <- from it, == what is understood, @ the time in seconds, known: an id."""

    sign: str
    data: bytes
    word: str


def transcript(name: str) -> list[Line]:
    """The lines of a file in tests/transcripts/pn532; '#' begins a remark, '|' the word of meaning."""
    lines = []
    for text in (TRANSCRIPTS / name).read_text().splitlines():
        text = text.split("#")[0].strip()
        if text:
            lines.append(_line(text))
    assert lines, name
    return lines


def _line(text: str) -> Line:
    sign, rest = text.split(maxsplit=1)
    if sign in ("->", "<-"):
        spaced, _, word = rest.partition("|")
        return Line(sign, bytes.fromhex(spaced), word.strip())
    assert sign in ("==", "@", "known"), text
    return Line(sign, b"", rest)


def named(item: Frame | BadFrame) -> str:
    """`ack`, `answer 4B 00`, `frame_checksum`."""
    if isinstance(item, BadFrame):
        return item.code
    if item.kind in ("ack", "nack", "error"):
        return item.kind
    return f"{item.kind} {item.code:02X} {item.data.hex(' ').upper()}".strip()


def told(event: ReaderEvent) -> str:
    """An event as transcripts write it."""
    if isinstance(event, CardRead):
        found = [" random"] * event.random_id + [f" {event.wallet}"] * bool(event.wallet) + [" evidence"] * bool(event.evidence)
        return f"read {event.value}{''.join(found)}"
    if isinstance(event, CardHeld):
        return f"held after {event.held_s:.2f}"
    if isinstance(event, ButtonPressed):
        return "button"
    if isinstance(event, CardGone):
        return f"gone after {event.held_s:.2f}"
    if isinstance(event, CardTrouble):
        return f"trouble {event.trouble}"
    return "up" if event.up else f"down {event.code}"


def play(lines: list[Line], feed: Feed) -> None:
    """Run a dialogue: the session must say every `->` line and understand every `==` line, in order and nothing else."""
    ids = {line.word for line in lines if line.sign == "known"}
    session, now = Pn532Session("nfc-1", known=ids.__contains__), 0.0
    said, understood = b"", list[str]()

    def take(out: Out) -> None:
        nonlocal said
        said += out.send
        understood.extend(told(event) for event in out.events)
        if out.failed and "failed " + out.failed.code not in understood:
            understood.append("failed " + out.failed.code)

    take(session.begin(now))
    for line in lines:
        if line.sign == "->":
            assert said[: len(line.data)].hex(" ") == line.data.hex(" "), line.word
            said = said[len(line.data) :]
        elif line.sign == "<-":
            for piece in feed(line.data):
                take(session.received(piece, now))
        elif line.sign == "==":
            assert understood[:1] == [line.word]
            understood.pop(0)
        elif line.sign == "@":
            now = float(line.word) * 1.000001  # sums of floats fall short of what is written
            assert now >= session.wake_at, f"the session does nothing before {session.wake_at}"
            take(session.tick(now))
    assert (said.hex(" "), understood) == ("", [])


class Duet:
    """A session and a chip joined by a line each way, in virtual time. `events` collects what the session delivers.

    line: from chip to host. way_out: from host to chip.
    """

    def __init__(self, seed: int = 1, known: Known = nobody, chip: Chip | None = None) -> None:
        self.now = 0.0
        self.known = known
        self.chip = chip or Chip()
        self.line = BadLine(Random(seed))
        self.way_out = BadLine(Random(seed + 1))
        self.presence = Presence("nfc-1")
        self.session = Pn532Session("nfc-1", self.presence, known=known)
        self.events: list[ReaderEvent] = []
        self.failures: list[str] = []
        self.sent: list[tuple[float, bytes]] = []
        self._plans: list[tuple[float, int, Callable[[], object]]] = []
        self._rounds = 0
        self._closed = False
        self._take(self.session.begin(self.now))

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        """Do `action` at a moment to come."""
        heapq.heappush(self._plans, (seconds, len(self._plans) + self._rounds, action))

    def tap(self, seconds: float, uid: str, hold_s: float | None = 0.6) -> None:
        """A card comes at a moment and stays for hold_s."""
        self.at(
            seconds, lambda: self.chip.field.place(card_with(bytes.fromhex(uid)), None if hold_s is None else seconds + hold_s)
        )

    def run(self, until: float) -> Duet:
        """Let time pass."""
        while True:
            moment = self._next()
            if moment > until:
                self.now = until
                return self
            self._rounds += 1
            assert self._rounds < 2_000_000, "time stands still"
            self.now = max(self.now, moment)
            self._round()

    def unplug(self, seconds: float) -> None:
        """The port is gone, the chip without power; both come back after so long, as the driver and a new chip would."""
        if self._closed:
            return
        self.events += self.session.end(self.now).events
        self._closed = True
        self.chip = Chip(self.chip.field, self.chip.air)
        self.at(self.now + seconds, self._reopen)

    @property
    def reads(self) -> list[str]:
        """Values of all reads, in order."""
        return [event.value for event in self.events if isinstance(event, CardRead)]

    @property
    def tale(self) -> list[str]:
        """Everything about cards, in order, without durations."""
        return [told(event).split(" after")[0] for event in self.events if not isinstance(event, ReaderState)]

    def _next(self) -> float:
        session = None if self._closed else self.session.wake_at
        lines = (self.line.wake_at(), self.way_out.wake_at())
        moments = [session, self.chip.wake_at(), *lines, self._plans[0][0] if self._plans else None]
        return min(moment for moment in moments if moment is not None)

    def _round(self) -> None:
        while self._plans and self._plans[0][0] <= self.now:
            heapq.heappop(self._plans)[2]()
        self.line.send(self.chip.tick(self.now), self.now)
        self._carry_out()
        for piece in self.line.due(self.now):
            if not self._closed:
                self._take(self.session.received(piece, self.now))
        if not self._closed:
            self._take(self.session.tick(self.now))

    def _take(self, out: Out) -> None:
        self.events += out.events
        if out.send:
            self.sent.append((self.now, out.send))
            self.way_out.send(out.send, self.now)
            self._carry_out()
        if out.failed:  # as the driver does: a new session on the same port
            self.failures.append(out.failed.code)
            self._closed = True
            self.at(self.now + 0.25, self._reopen)

    def _carry_out(self) -> None:
        for piece in self.way_out.due(self.now):
            self.line.send(self.chip.received(piece, self.now), self.now)

    def _reopen(self) -> None:
        self.session, self._closed = Pn532Session("nfc-1", self.presence, known=self.known), False
        self._take(self.session.begin(self.now))


class Running:
    """A reader in its own thread. `events` may be read at any time."""

    def __init__(self, reader: Reader) -> None:
        self.events: list[ReaderEvent] = []
        self._news = threading.Condition()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=reader.run, args=(self._deliver, self._stop), daemon=True)
        self._thread.start()

    def wait_for(self, wanted: Callable[[list[ReaderEvent]], bool]) -> list[ReaderEvent]:
        """The events so far, once they are as wanted."""
        with self._news:
            found = self._news.wait_for(lambda: wanted(self.events), PATIENCE_S)
            assert found, f"waited in vain; so far {self.events}"
            return list(self.events)

    def wait_up(self, times: int = 1) -> None:
        self.wait_for(lambda events: sum(isinstance(event, ReaderState) and event.up for event in events) >= times)

    def wait_gone(self, times: int = 1) -> list[ReaderEvent]:
        return self.wait_for(lambda events: sum(isinstance(event, CardGone) for event in events) >= times)

    def wait_down(self, code: str) -> ReaderState:
        def found(events: list[ReaderEvent]) -> list[ReaderState]:
            return [event for event in events if isinstance(event, ReaderState) and event.code == code]

        return found(self.wait_for(lambda events: bool(found(events))))[-1]

    @property
    def reads(self) -> list[CardRead]:
        return [event for event in self.events if isinstance(event, CardRead)]

    @property
    def tale(self) -> list[str]:
        return [told(event).split(" after")[0] for event in self.events if not isinstance(event, ReaderState)]

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "the reader does not end"

    def _deliver(self, event: ReaderEvent) -> None:
        with self._news:
            self.events.append(event)
            self._news.notify_all()


@contextlib.contextmanager
def running(reader: Reader) -> Iterator[Running]:
    """Run a reader, and end it."""
    thread = Running(reader)
    try:
        yield thread
    finally:
        thread.stop()


@contextlib.contextmanager
def simulated(control: Path) -> Iterator[Running]:
    """A simulated reader with its control socket, up and looking for cards."""
    with running(open_reader(f"sim:{control}", name="nfc-1", clock=time.monotonic)) as reader:
        reader.wait_up()
        yield reader


def ask(control: Path, request: object) -> dict[str, object]:
    """One request, one reply."""
    line = request if isinstance(request, bytes) else json.dumps(request).encode() + b"\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.settimeout(PATIENCE_S)
        peer.connect(str(control))
        peer.sendall(line)
        with peer.makefile("rb") as replies:
            reply = replies.readline()
    parsed: dict[str, object] = json.loads(reply)
    return parsed
