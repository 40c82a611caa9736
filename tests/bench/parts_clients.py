"""Others at the brokers, each in a process: associates' clients, many kiosks, and the bare relay's far side."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

import msgspec

from tests.bench import parts_senders as senders
from tests.bench.control import Lines
from tests.bench.parts_listeners import Account
from tests.bench.parts_process import end
from tests.bench.peers import two_hop
from tests.bench.station import Bench


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
        self._lines = Lines(self._out.fileno(), name)
        assert self._lines.next("that all are subscribed") == b"ready"

    def last_heard(self) -> float:
        """When the last of them had the next message (perf_counter)."""
        return float(self._lines.next("that the last of them has heard").split()[1])

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
        assert self._process.stdout is not None
        assert Lines(self._process.stdout.fileno(), "the relay").next("its readiness") == b"ready"
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
        assert self._process.stdout is not None
        self._kiosks, self._lines = len(kiosks), Lines(self._process.stdout.fileno(), "the kiosks")
        self._say(msgspec.json.encode(list(kiosks)))
        assert self._lines.next("that all are connected") == b"ready"

    def run(self, first: int, count: int) -> float:
        """Arrivals answered in a second, when each kiosk sends `count` of them, of members from number `first` on."""
        self._say(b"%d %d" % (first, count))
        return count * self._kiosks / float(self._lines.next("that every arrival is answered", senders.PATIENCE_S * 2))

    @property
    def pid(self) -> int:
        """Of their process."""
        return self._process.pid

    def stop(self) -> None:
        end(self._process)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _say(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + b"\n")
        self._process.stdin.flush()
