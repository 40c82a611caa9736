"""`shopbell demo` and `shopbell tap` as a person, or a person's script, meets them: what is printed, ended, kept and refused."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.faults.campaign import Books
from tests.support.demo import Demo, five_free_ports, running_demo, until
from tests.support.needs import needs
from tests.support.parts import ROOT

pytestmark = pytest.mark.timeout(240)
ALLOWED = {("kiosk", "broker"), ("kiosk", "hub"), ("hub", "broker"), ("hub", "hq")}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo on a real Mosquitto that these tests share and leave running."""
    needs("mosquitto")
    with running_demo(tmp_path_factory.mktemp("demo"), "--not-today-window", "1") as running:
        yield running


def shopbell(*words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The installed command, to its end."""
    environment = dict(os.environ, **({} if folder is None else {"SHOPBELL_DEMO_DIR": str(folder)}))
    command = [sys.executable, "-m", "edge.command", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)


def refused(result: subprocess.CompletedProcess[str], code: str) -> str:
    """A refusal is a code and a sentence with what to do, exit status 2, and no traceback; returns what was said."""
    assert result.returncode == 2, result.stdout + result.stderr
    assert "Traceback" not in result.stderr and result.stdout == ""
    assert code in result.stderr and "->" in result.stderr
    return result.stderr


def arrivals(demo: Demo, at_least: int = 1) -> list[tuple[str, str]]:
    """What HQ knows, once it knows so many."""
    books = Books(demo.folder)
    until(lambda: len(books.at_hq()) >= at_least, f"{at_least} arrivals at HQ", 30)
    return books.at_hq()


# -- what it prints --------------------------------------------------------------------------------------------------


@pytest.mark.mosquitto
def test_the_line_of_json(demo: Demo) -> None:
    ready, first = demo.ready, demo.first_port
    assert {key: ready[key] for key in ("kiosk", "associates", "hq", "mqtt", "mqtt_ws")} == {
        "kiosk": f"http://127.0.0.1:{first}/",
        "associates": f"http://127.0.0.1:{first + 1}/",
        "hq": f"http://127.0.0.1:{first + 2}/",
        "mqtt": f"mqtt://127.0.0.1:{first + 3}",
        "mqtt_ws": f"ws://127.0.0.1:{first + 4}",
    }
    assert set(ready) - {"kiosk", "associates", "hq", "mqtt", "mqtt_ws"} == {
        "reader",
        "scanner",
        "hq_account",
        "associate_accounts",
        "members",
    }
    assert len(ready["associate_accounts"]) >= 2 and len(ready["members"]) >= 100
    assert all({"name", "sign_in"} <= set(account) for account in ready["associate_accounts"])
    assert all({"id", "name", "card"} <= set(member) for member in ready["members"])
    assert ready["members"][0]["id"] == "maria" and ready["members"][0]["card"].startswith("nfc:")
    for process in ("kiosk", "hub", "hq"):
        assert demo.healthz(process)["state"] == "well"


@pytest.mark.mosquitto
def test_only_the_owner_can_present_a_card(demo: Demo) -> None:
    socket_file = Path(demo.ready["reader"])
    assert stat.S_ISSOCK(socket_file.stat().st_mode)
    assert stat.S_IMODE(socket_file.stat().st_mode) == 0o600
    open_to_others = [path for path in (demo.folder / "secrets").iterdir() if path.stat().st_mode & 0o077]
    assert open_to_others == [] and demo.folder.stat().st_mode & 0o007 == 0


# -- what it refuses -------------------------------------------------------------------------------------------------


@pytest.mark.mosquitto
@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("member:nobody", "member_unknown"),
        ("uid:04A2", "card_invalid"),
        ("uid:not-hex!", "card_invalid"),
        ("gold:maria", "card_kind_unknown"),
        ("qr:", "card_invalid"),
        ("code:" + "9" * 1001, "bad_scan_text"),
        ("mari", "member_unknown"),
        ("", "member_unknown"),
    ],
)
def test_a_card_that_cannot_be_presented(demo: Demo, card: str, code: str) -> None:
    refused(shopbell("tap", card, "--dir", str(demo.folder)), code)


def test_a_tap_without_a_demo(tmp_path: Path) -> None:
    assert "shopbell demo" in refused(shopbell("tap", "member:maria", folder=tmp_path / "none"), "demo_missing")


@pytest.mark.mosquitto
def test_a_second_demo_in_the_same_folder(demo: Demo) -> None:
    again = shopbell("demo", "--dir", str(demo.folder), "--ports-from", str(five_free_ports()))
    assert "--ports-from" in refused(again, "demo_running")
    assert demo.process.poll() is None and demo.healthz("hub")["state"] == "well"


def test_a_port_in_use_is_told_with_its_taker(tmp_path: Path) -> None:
    first = five_free_ports()
    server = subprocess.Popen(
        [sys.executable, "-m", "http.server", str(first + 2), "--bind", "127.0.0.1"], stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: _answers(first + 2), "the taker listens")
        said = refused(shopbell("demo", "--dir", str(tmp_path), "--ports-from", str(first)), "port_in_use")
        assert str(first + 2) in said and "hq" in said
        assert f"process {server.pid} (" in said and "http.server" in said
    finally:
        server.kill()
        server.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


# -- what passes between its processes -------------------------------------------------------------------------------


def roles(demo: Demo) -> dict[int, str]:
    """Process id -> which of the four it belongs to; Mosquitto is the broker's."""
    found: dict[int, str] = {}
    for name in ("broker", "hq", "hub", "kiosk"):
        pid = demo.pid_of(name)
        found |= {process.pid: name for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]}
    return found


def conversations(processes: dict[int, str]) -> set[tuple[str, str]]:
    """(who connected, to whom) over TCP and UDP at this moment, between the four or to the outside."""
    listening: dict[int, str] = {}
    dialled: list[tuple[str, Any]] = []
    for pid, role in processes.items():
        links = psutil.Process(pid).net_connections("inet")
        mine = {link.laddr.port for link in links if link.status == psutil.CONN_LISTEN}
        listening |= dict.fromkeys(mine, role)
        own_ends = {link.laddr for link in links}  # paho wakes its own thread through a pair of connected sockets
        dialled += [(role, link) for link in links if link.raddr and link.raddr not in own_ends and link.laddr.port not in mine]
    return {(role, listening.get(link.raddr.port, f"{link.raddr.ip}:{link.raddr.port}")) for role, link in dialled}


@pytest.mark.mosquitto
def test_a_conversation_that_is_not_allowed_would_be_seen(demo: Demo) -> None:
    """The look of the test below can see: a process that talks to HQ and keeps the hub's file open, taken for the kiosk."""
    code = (
        "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); f = open(sys.argv[2], 'rb'); input()"
    )
    hub_file = demo.folder / "data" / "hub" / "hub.db"
    intruder = subprocess.Popen([sys.executable, "-c", code, str(demo.first_port + 2), str(hub_file)], stdin=subprocess.PIPE)
    try:
        taken = roles(demo) | {intruder.pid: "kiosk"}
        until(lambda: ("kiosk", "hq") in conversations(taken), "the connection is seen")
        until(lambda: foreign_files(demo, taken) == [f"kiosk: {hub_file}"], "the file is seen")
    finally:
        intruder.kill()
        intruder.communicate()


def foreign_files(demo: Demo, processes: dict[int, str]) -> list[str]:
    """Files below the demo's folder that a process has open or mapped and that are not its own."""
    found = []
    for pid, role in processes.items():
        own = (str(demo.folder / "data" / role), str(demo.folder / "logs" / f"{role}.log"))
        links = [os.readlink(f"/proc/{pid}/fd/{name}") for name in _fds(pid)]
        maps = [line.split(maxsplit=5)[5].strip() for line in Path(f"/proc/{pid}/maps").read_text().splitlines() if "/" in line]
        inside = [path for path in {*links, *maps} if path.startswith(f"{demo.folder}/")]
        found += [f"{role}: {path}" for path in inside if not path.startswith(own)]
    return found


def _fds(pid: int) -> list[str]:
    return [name for name in os.listdir(f"/proc/{pid}/fd") if os.path.islink(f"/proc/{pid}/fd/{name}")]


@pytest.mark.mosquitto
def test_nothing_else_passes_between_the_processes(demo: Demo) -> None:
    """DESIGN section 4: MQTT of kiosk and hub, the directory, the facts. No other connection, and no file of another's."""
    seen: set[tuple[str, str]] = set()
    books, processes = Books(demo.folder), roles(demo)

    def heard(wanted: int) -> bool:
        seen.update(conversations(processes))
        assert foreign_files(demo, processes) == []
        return len(books.at_hq()) >= wanted

    for member in demo.ready["members"][10:14]:
        known = len(books.at_hq())
        demo.tap(f"member:{member['id']}")
        until(partial(heard, known + 1), "HQ hears of it", 30)
    assert seen == ALLOWED


# -- how it ends, and what it keeps ----------------------------------------------------------------------------------


def gone(family: list[psutil.Process]) -> bool:
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in family)


@pytest.mark.mosquitto
def test_ctrl_c_kill_second_start_and_reset(tmp_path: Path) -> None:
    needs("mosquitto")
    with running_demo(tmp_path, "--not-today-window", "0") as demo:
        secret = demo.ready["hq_account"]["password"]
        demo.tap("member:maria")
        [(arrival, maria)] = arrivals(demo)

        family = demo.children()
        assert len(family) >= 5
        assert demo.stop() == 0, "Ctrl-C is how it is meant to be ended"
        assert gone(family), "Ctrl-C left a child"
        assert demo.process.stdout is not None and demo.process.stdout.read() == "", "--json prints one line and no more"
        assert not any("Traceback" in line for line in demo.said)
        refused(shopbell("tap", "member:maria", "--dir", str(tmp_path)), "demo_not_running")

        demo.start()
        assert demo.ready["hq_account"]["password"] == secret
        assert Books(tmp_path).at_hq() == [(arrival, maria)]
        demo.tap("member:maria")
        assert {thing for _, thing in arrivals(demo, 2)} == {maria}, "she is still known, at the kiosk and at HQ"

        family = demo.children()
        demo.process.kill()
        demo.process.wait()
        until(lambda: gone(family), "kill -9 of the demo leaves no child", 20)

        demo.start("--reset")
        assert demo.ready["hq_account"]["password"] != secret
        assert Books(tmp_path).at_hq() == [] and Books(tmp_path).at_hub() == []
        assert len(demo.ready["members"]) >= 100


@pytest.mark.mosquitto
def test_two_side_by_side_one_with_the_embedded_broker(demo: Demo, tmp_path: Path) -> None:
    with running_demo(tmp_path, "--not-today-window", "0", broker="embedded") as other:
        assert "(embedded)" in "".join(other.said)
        known = arrivals(demo, 0)
        phone = other.browser_session("ana")
        other.tap("member:tom")
        [(arrival, _tom)] = arrivals(other)
        until(lambda: [alert for alert in phone.alerts if alert["state"] == "open"], "the phone is told", 30)
        phone.close()
        assert arrival not in dict(arrivals(demo, 0)) and len(arrivals(demo, 0)) >= len(known)
        assert {other.healthz(name)["state"] for name in ("kiosk", "hub", "hq")} == {"well"}
        assert other.stop() == 0
    assert demo.healthz("hub")["state"] == "well"
