"""Simulated PN532s in a process of their own, with a hand that puts cards on them: driver and chip share no interpreter.

    python -m tests.bench.parts_chip FOLDER COUNT SEED

prints the ports as one line of JSON, then obeys lines: `put CHIP CARD` waits a random moment of at most 20 ms, puts the card into
the field and answers with the moment it was put there (seconds on CLOCK_MONOTONIC, which is one for all processes); `take CHIP`
empties the field; `rest CHIP` answers when its driver has gone back to waiting for a card; `named CHIP UID` answers with the
moment the first frame with this id was written whole since the last `put`. CARD: an id, a card as
firmware_bridge/simulator/kinds.py writes it, or `wallet:apple`, a phone. Ends with its input.
"""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from subprocess import PIPE, TimeoutExpired
from typing import Any

from firmware_bridge.simulator.pty import SimulatedPn532
from firmware_bridge.wire.pn532_frame import Frame, FrameReader
from tests.bench.control import Lines
from tests.bench.station import Bench

BAUD = 115_200
# Longer than any of the drivers' turns at the chip, so that a card meets each at any point of it.
LONGEST_PAUSE_S = 0.02
# A listing that looks whether a card is still there ends by itself after some 20 ms; one that goes on waits for the next card.
WAITING_S, LOOK_EVERY_S, REST_WITHIN_S = 0.05, 0.01, 10.0
# A tap is some dozens of pieces.
PIECES_KEPT = 1000
WALLET = "wallet:"


class Chips:
    """The process, seen from the bench. ports: path of each chip's pty."""

    def __init__(self, bench: Bench, count: int, seed: int = 1) -> None:
        folder = Path(tempfile.mkdtemp(dir=bench.folder))
        arguments = ("-m", "tests.bench.parts_chip", str(folder), str(count), str(seed))
        self._process = bench.python("chips", *arguments, stdin=PIPE, stdout=PIPE)
        assert self._process.stdout is not None
        self._lines = Lines(self._process.stdout.fileno(), "the simulated chips")
        self.ports: list[str] = json.loads(self._line("their ports"))
        assert len(self.ports) == count, "the simulated chips did not start"

    def put(self, chip: int, card: str) -> None:
        """A card comes within 20 ms. Returns at once: the driver can be waited for; `put_at` tells when it was."""
        self._say(f"put {chip} {card}")

    def put_at(self) -> float:
        """When the card of the last `put` entered the field, on the monotonic clock."""
        return float(self._line("the moment a card was put"))

    def take(self, chip: int) -> None:
        """The field is empty when this returns."""
        self._say(f"take {chip}")
        self._line("that a card was taken")

    def rest(self, chip: int) -> None:
        """Returns when the driver has seen the card go and waits for the next."""
        self._say(f"rest {chip}")
        self._line("that the driver waits for a card")

    def named_at(self, chip: int, uid: str) -> float:
        """When the chip had written the whole of the first frame with this id, on the monotonic clock."""
        self._say(f"named {chip} {uid}")
        return float(self._line("when a card was named on the wire"))

    def close(self) -> None:
        """End the process; the ports hang up."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(10)
        except TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def _line(self, waited_for: str) -> str:
        return self._lines.next(waited_for).decode()


@contextlib.contextmanager
def chips(bench: Bench, count: int, seed: int = 1) -> Iterator[Chips]:
    """So many chips in one process, paced as hardware; ended with the block."""
    running = Chips(bench, count, seed)
    try:
        yield running
    finally:
        running.close()


class _Chip(SimulatedPn532):
    """Remembers what it wrote last, and when."""

    written: deque[tuple[float, bytes]]

    def start(self) -> None:
        self.written = deque(maxlen=PIECES_KEPT)
        super().start()

    def _write(self, data: bytes) -> None:
        if data:
            self.written.append((time.monotonic(), data))
        super()._write(data)


def _named_at(written: Iterable[tuple[float, bytes]], uid: bytes) -> float:
    frames = FrameReader()
    for at, piece in written:
        if any(isinstance(item, Frame) and uid in item.data for item in frames.feed(piece)):
            return at
    raise RuntimeError("no frame has named this id")


class _Hand:
    """One chip's control socket, kept open."""

    def __init__(self, chip: _Chip, control: Path) -> None:
        self.chip = chip
        self._channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._channel.connect(str(control))
        self._replies = self._channel.makefile("rb")

    def ask(self, request: dict[str, Any]) -> float:
        """When it was asked. Raises RuntimeError where the chip refuses."""
        asked = time.monotonic()
        self._reply(request)
        return asked

    def rest(self) -> float:
        """When the chip had been waiting for a card for a while."""
        ends = time.monotonic() + REST_WITHIN_S
        since = time.monotonic()
        while time.monotonic() - since < WAITING_S:
            if not self._reply({"status": {}})["listing"]:
                since = time.monotonic()
            if time.monotonic() > ends:
                raise RuntimeError("the driver does not go back to waiting for a card")
            time.sleep(LOOK_EVERY_S)
        return time.monotonic()

    def _reply(self, request: dict[str, Any]) -> dict[str, Any]:
        self._channel.sendall(json.dumps(request).encode() + b"\n")
        reply: dict[str, Any] = json.loads(self._replies.readline())
        if "error" in reply:
            raise RuntimeError(f"the simulated chip refused {request}: {reply['error']}")
        return reply


def main(folder: Path, count: int, seed: int) -> None:
    random = Random(seed)
    simulated = [_Chip(folder / f"chip-{one}.sock", time.monotonic, Random(seed + one)) for one in range(count)]
    for chip in simulated:
        chip.start()
    try:
        hands = [_Hand(chip, folder / f"chip-{one}.sock") for one, chip in enumerate(simulated)]
        for hand in hands:
            hand.ask({"timing": {"baud": BAUD, "rf": True}})
        _answer(json.dumps([chip.tty for chip in simulated]))
        for line in sys.stdin:
            _answer(_obey(hands, line.split(), random))
    finally:
        for chip in simulated:
            chip.stop()


def _obey(hands: list[_Hand], words: list[str], random: Random) -> str:
    hand = hands[int(words[1])]
    if words[0] == "take":
        return repr(hand.ask({"remove": {}}))
    if words[0] == "rest":
        return repr(hand.rest())
    if words[0] == "named":
        return repr(_named_at(list(hand.chip.written), bytes.fromhex(words[2])))
    time.sleep(random.uniform(0.0, LONGEST_PAUSE_S))
    hand.chip.written.clear()
    return repr(hand.ask({"present": _presented(words[2]), "hold_s": None}))


def _presented(card: str) -> dict[str, Any]:
    if card.startswith(WALLET):
        return {"phone": True, "wallet": card.removeprefix(WALLET)}
    return {"card": card}


def _answer(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; drivers close their ports first
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
