"""The control socket: who may open it, what lies in its way, and that no client can harm it."""

from __future__ import annotations

import json
import os
import selectors
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_bridge.errors import BridgeError
from firmware_bridge.simulator.control import MOST_CONNECTIONS, ControlInUse, ControlRefused, ControlSocket
from firmware_bridge.simulator.pty import SimulatedPn532
from tests.support.reader import PATIENCE_S, ask


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "reader.sock"


@pytest.fixture
def chip(path: Path) -> Iterator[SimulatedPn532]:
    simulated = SimulatedPn532(path, time.monotonic)
    simulated.start()
    yield simulated
    simulated.stop()


def open_at(path: Path) -> ControlSocket:
    return ControlSocket(path, selectors.DefaultSelector(), lambda line: {"ok": True})


def test_only_its_owner_may_open_it_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        control = open_at(path)
    finally:
        os.umask(before)
    mode = path.lstat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    assert sorted(path.parent.iterdir()) == [path]  # nothing else was left behind
    control.close()


def test_it_is_gone_after_closing(path: Path) -> None:
    control = open_at(path)
    control.close()
    control.close()
    assert not path.exists()


def test_a_stale_socket_is_replaced(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    open_at(path).close()
    assert not path.exists()


def test_a_socket_in_use_is_refused(path: Path, chip: SimulatedPn532) -> None:
    with pytest.raises(ControlInUse) as caught:
        open_at(path)
    assert caught.value.code == "control_in_use"
    assert "end that one" in caught.value.hint
    assert ask(path, {"status": {}})["ok"] is True  # and goes on working
    assert sorted(path.parent.iterdir()) == [path]


def test_closing_leaves_a_successors_socket_alone(path: Path) -> None:
    first = open_at(path)
    path.unlink()
    second = open_at(path)
    first.close()
    assert path.exists()
    second.close()


@pytest.mark.parametrize("kind", ["file", "folder", "link to nothing"])
def test_something_else_in_the_way_is_refused_and_left_alone(path: Path, kind: str) -> None:
    if kind == "file":
        path.write_text("precious")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/nowhere")
    with pytest.raises(ControlRefused):
        open_at(path)
    assert path.is_symlink() or path.exists()


@pytest.mark.parametrize("place", ["missing/reader.sock", "f/reader.sock", "d" * 90 + "/reader.sock", "r" * 120])
def test_impossible_places_are_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "f").write_text("a file")
    (tmp_path / ("d" * 90)).mkdir()
    with pytest.raises(ControlRefused) as caught:
        open_at(tmp_path / place)
    assert caught.value.hint
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"hello\n", "bad_json"),
        (b"\n", "bad_json"),
        (b'{"present": {"uid": "zz"}}\n', "bad_uid_hex"),
        (b'{"present": {"uid": "0411"}}\n', "bad_uid_length"),
        (b'{"dance": 1}\n', "unknown_verb"),
        (b'{"fault": "fire"}\n', "unknown_fault"),
        (b'{"script": "dance"}\n', "bad_script"),
        (b"x" * 5000, "line_too_long"),
        (b"x" * 4090 + b"\n", "bad_json"),
    ],
)
def test_bad_requests_get_a_code_and_a_hint(path: Path, chip: SimulatedPn532, line: bytes, code: str) -> None:
    reply = ask(path, line)
    assert set(reply) == {"error"}
    error = reply["error"]
    assert isinstance(error, dict)
    assert error["code"] == code
    assert error["hint"]
    assert ask(path, {"status": {}})["ok"] is True


def test_several_requests_on_one_connection(path: Path, chip: SimulatedPn532) -> None:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(PATIENCE_S)
        peer.connect(str(path))
        peer.sendall(b'{"present": {"uid": "11223344"}, "hold_s": null}\n{"status": {}}\n{"rem')
        peer.sendall(b'ove": {}}\n{"status": {}}\n')
        with peer.makefile("rb") as lines:
            replies = [json.loads(lines.readline()) for _ in range(4)]
    assert [reply.get("cards") for reply in replies] == [None, 1, None, 0]


def test_clients_that_leave_or_stay_do_no_harm(path: Path, chip: SimulatedPn532) -> None:
    idle = []
    for _ in range(MOST_CONNECTIONS * 3):
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(str(path))
        peer.sendall(b'{"half a li')
        idle.append(peer)
        assert ask(path, {"status": {}})["ok"] is True
    for peer in idle:
        peer.close()
    assert ask(path, {"status": {}})["ok"] is True


def test_a_client_that_never_reads_is_dropped(path: Path, chip: SimulatedPn532) -> None:
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.settimeout(PATIENCE_S)
        deaf.connect(str(path))
        with pytest.raises(OSError):
            for _ in range(20_000):
                deaf.sendall(b'{"status": {}}\n' * 20)
    assert ask(path, {"status": {}})["ok"] is True


def test_a_script_plays_in_order(path: Path, chip: SimulatedPn532) -> None:
    assert ask(
        path, {"script": "present 11223344 60; present 04A2B3C4D5E6F7 60; wait 0.2; remove 11223344; wait 3600; noise"}
    ) == {"ok": True, "steps": 4}
    deadline = time.monotonic() + PATIENCE_S
    while (status := ask(path, {"status": {}}))["cards"] != 1:
        assert time.monotonic() < deadline
    assert status["planned"] in (1, 3)  # asked before anything began, or when only the noise of an hour later is left


def test_planned_steps_are_bounded(path: Path, chip: SimulatedPn532) -> None:
    for _ in range(10):
        ask(path, {"script": "wait 3600;" + "noise;" * 190})
    assert ask(path, {"status": {}})["planned"] == 1000


def test_starting_twice_says_who_is_in_the_way(path: Path, chip: SimulatedPn532) -> None:
    second = SimulatedPn532(path, time.monotonic)
    with pytest.raises(BridgeError, match="control_in_use"):
        second.start()


def test_starts_and_stops_leave_nothing_behind(tmp_path: Path) -> None:
    def handles() -> int:
        return len(os.listdir("/proc/self/fd"))

    before, threads = handles(), threading.active_count()
    for _ in range(20):
        simulated = SimulatedPn532(tmp_path / "reader.sock", time.monotonic)
        simulated.start()
        ask(tmp_path / "reader.sock", {"fault": "hangup"})
        simulated.stop()
    assert handles() <= before + 1
    assert threading.active_count() == threads
    assert list(tmp_path.iterdir()) == []
