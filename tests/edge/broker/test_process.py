"""The broker's process: its configuration, its ports, its end, and what it never says."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from edge.broker.__main__ import choose
from edge.broker.account_files import AccountFiles, StoredAccount, sha256_of, write_accounts
from edge.broker.accounts import AccountsConfig, FileAccounts, open_accounts
from edge.broker.config import read_config
from edge.broker.dynsec import read_responses
from edge.broker.errors import AccountsError
from edge.broker.rights import Rights, rights_of
from edge.process.errors import OperatorError
from edge.process.ports import check_free, taker
from tests.support.brokers import (
    HOST,
    BrokerProcess,
    Probe,
    connack,
    connect_packet,
    eventually,
    free_port,
    lets_in,
    running,
    secret_file,
)
from tests.support.parts import ROOT, find_mosquitto

DEVICES = [("a", "kiosk", "door-1"), ("a", "hub", "main")]
KIOSK, HUB = "a.kiosk.door-1", "a.hub.main"
KINDS = ["embedded", pytest.param("mosquitto", marks=pytest.mark.mosquitto)]


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge.broker", *words], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )


@pytest.fixture
def described(tmp_path: Path) -> BrokerProcess:
    """Files of a broker that is not running."""
    return BrokerProcess(tmp_path, "embedded", DEVICES)


def changed(broker: BrokerProcess, old: str, new: str) -> str:
    text = broker.config.read_text()
    assert old in text
    broker.config.write_text(text.replace(old, new, 1))
    return str(broker.config)


def test_a_good_configuration(described: BrokerProcess) -> None:
    done = command("check-config", str(described.config))
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 accounts, broker embedded" in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ('kind = "embedded"', 'kind = "rabbit"', "config_invalid", "broker.kind"),
        ("data_dir", "datadir", "config_unknown_key", "data_dir"),
        ('store = "a"', 'stoer = "a"', "config_unknown_key", "Did you mean accounts.store?"),
        ('name = "door-1"', 'name = "door/#"', "config_invalid", "accounts"),
        ('name = "main"', 'name = "main"\nusername = "a.kiosk.door-1"', "config_invalid", "twice"),
        ('name = "main"', 'name = "main"\nusername = "+"', "config_invalid", "username"),
        ("[broker]", "[broker", "config_malformed", "TOML"),
        ('host = "127.0.0.1"', 'host = "127.0.0.1"\nport = 1', "config_malformed", "TOML"),
    ],
)
def test_a_bad_configuration_names_the_mend(described: BrokerProcess, old: str, new: str, code: str, says: str) -> None:
    done = command("check-config", changed(described, old, new))
    assert done.returncode == 2
    assert done.stderr.startswith(f"{code}: ")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_the_same_port_twice(described: BrokerProcess) -> None:
    done = command("check-config", changed(described, f"ws_port = {described.ws_port}", f"ws_port = {described.port}"))
    assert (done.returncode, "ws_port are the same" in done.stderr) == (2, True)


def test_secrets_must_be_there_and_closed(described: BrokerProcess) -> None:
    described.admin_password_file.chmod(0o644)
    assert command("check-config", str(described.config)).stderr.startswith("secret_too_open")
    described.admin_password_file.unlink()
    assert command("check-config", str(described.config)).stderr.startswith("secret_missing")
    assert command("run", "--config", str(described.folder / "nowhere.toml")).stderr.startswith("config_missing")


@pytest.mark.parametrize("which", ["port", "ws_port"])
def test_a_port_in_use_names_its_taker(described: BrokerProcess, which: str) -> None:
    with socket.create_server((HOST, getattr(described, which))):
        done = command("run", "--config", str(described.config))
    assert done.returncode == 2
    assert "port_in_use" in done.stderr
    assert f"process {os.getpid()} (" in done.stderr
    assert "Traceback" not in done.stderr


def test_takers_and_free_ports() -> None:
    check_free(HOST, free_port(), "a test")
    with socket.create_server((HOST, 0)) as server:
        assert f"process {os.getpid()} (" in taker(server.getsockname()[1])
        with pytest.raises(OperatorError) as refused:
            check_free(HOST, server.getsockname()[1], "a test")
    assert refused.value.code == "port_in_use"
    with pytest.raises(OperatorError) as refused:
        check_free("192.0.2.1", free_port(), "a test")
    assert refused.value.code == "address_unusable"


@pytest.mark.parametrize("kind", KINDS)
def test_sigterm_ends_it_and_its_child(tmp_path: Path, kind: str) -> None:
    with running(tmp_path, kind, DEVICES) as broker:  # type: ignore[arg-type]  # one of two words
        family = [psutil.Process(broker.pid), *psutil.Process(broker.pid).children(recursive=True)]
        assert broker.stop() == 0
        assert psutil.wait_procs(family, timeout=5)[1] == []


@pytest.mark.mosquitto
def test_kill_9_leaves_no_child(tmp_path: Path) -> None:
    with running(tmp_path, "mosquitto", DEVICES) as broker:
        children = psutil.Process(broker.pid).children(recursive=True)
        assert [child.name() for child in children] == ["mosquitto"]
        broker.kill()
        assert psutil.wait_procs(children, timeout=5)[1] == []


@pytest.mark.mosquitto
def test_a_child_that_ends_ends_the_process_with_a_code(tmp_path: Path) -> None:
    with running(tmp_path, "mosquitto", DEVICES) as broker:
        eventually(lambda: "broker_up" in broker.log(), "the process says so itself")
        (child,) = psutil.Process(broker.pid).children()
        child.kill()
        assert psutil.Process(broker.pid).wait(10) == 1
        assert "broker_ended" in broker.log()


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_and_no_payload_in_logs_and_files(tmp_path: Path, kind: str) -> None:
    marker = b"payload-marker-7421"
    with running(tmp_path, kind, DEVICES) as broker:  # type: ignore[arg-type]  # one of two words
        will = ("shopbell/v1/a/kiosk/door-1/status", marker)
        with Probe(broker.port, KIOSK, broker.passwords[KIOSK], will=will) as kiosk, Probe(broker.port, KIOSK, "wrong-marker"):
            for topic in ("shopbell/v1/a/kiosk/door-1/arrival", "shopbell/v1/b/kiosk/door-1/arrival", "$SYS/no"):
                kiosk.client.publish(topic, marker, qos=1)
            eventually(lambda: kiosk.losses or kiosk.accepted, "connected")
        with socket.create_connection((HOST, broker.port), timeout=5) as sock:
            sock.sendall(connect_packet("x", KIOSK, broker.passwords[KIOSK])[:-3] + b"\xff\xff\xff")
        broker.stop()
        written = broker.log() + "".join(file.read_text(errors="replace") for file in broker.data_dir.iterdir() if file.is_file())
        secrets_ = [*broker.passwords.values(), broker.admin_password_file.read_text().strip(), marker.decode(), "wrong-marker"]
        assert [secret for secret in secrets_ if secret in written] == []
        assert "Traceback" not in broker.log()
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in broker.data_dir.iterdir()}
        assert {name: mode for name, mode in modes.items() if mode & 0o077} == {}
        assert stat.S_IMODE(broker.data_dir.stat().st_mode) == 0o700


@pytest.mark.parametrize("kind", KINDS)
def test_files_damaged_by_a_power_cut_do_not_keep_it_from_starting(tmp_path: Path, kind: str) -> None:
    """Faults F10, F11: a broker's database full of zeros."""
    with running(tmp_path, kind, DEVICES) as broker:  # type: ignore[arg-type]  # one of two words
        broker.stop()
        (broker.data_dir / "accounts.json").touch(0o600)
        for file in broker.data_dir.iterdir():
            file.write_bytes(b"\0" * 4096)
        (broker.data_dir / "mosquitto.db").write_bytes(b"\0" * 4096)
        broker.start()
        assert lets_in(broker.port, KIOSK, broker.passwords[KIOSK])
        assert not lets_in(broker.port, KIOSK, "x")


@pytest.mark.parametrize("kind", KINDS)
def test_connections_have_a_limit_that_hurts_only_the_next(tmp_path: Path, kind: str) -> None:
    with running(tmp_path, kind, DEVICES) as broker:  # type: ignore[arg-type]  # one of two words
        for _ in range(300):  # who leaves without a word must not wear the limit down
            socket.create_connection((HOST, broker.port), timeout=10).close()
        eventually(lambda: lets_in(broker.port, HUB, broker.passwords[HUB]), "room after a burst")
        inside: list[socket.socket] = []
        refused = False
        while not refused and len(inside) < 250:
            sock = socket.create_connection((HOST, broker.port), timeout=10)
            sock.sendall(connect_packet(f"c{len(inside)}", KIOSK, broker.passwords[KIOSK]))
            refused = connack(sock) is None
            (sock.close if refused else lambda sock=sock: inside.append(sock))()
        assert 60 <= len(inside) <= (64 if kind == "embedded" else 176)
        inside[0].sendall(b"\xc0\x00")
        assert inside[0].recv(2) == b"\xd0\x00", "those inside go on"
        inside.pop().close()
        eventually(lambda: lets_in(broker.port, HUB, broker.passwords[HUB]), "room again")
        for sock in inside:
            sock.close()


def test_auto_prefers_mosquitto(described: BrokerProcess) -> None:
    changed(described, 'kind = "embedded"', 'kind = "auto"')
    assert choose(read_config(described.config)) == ("mosquitto" if find_mosquitto() else "embedded")


# --- the accounts file ------------------------------------------------------------------------------------------------


def test_accounts_file_is_private_whole_and_read_again_when_changed(tmp_path: Path) -> None:
    file = tmp_path / "new" / "accounts.json"
    reading = AccountFiles([tmp_path / "devices.json", file])
    assert reading.current() == {}
    accounts = FileAccounts(file)
    accounts.put("a.associate.maria", "secret", rights_of("a", "associate", "maria"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "secret" not in file.read_text()
    assert reading.current()["a.associate.maria"].matches("secret")
    assert not reading.current()["a.associate.maria"].matches("Secret")
    accounts.put("a.associate.maria", "other", rights_of("a", "associate", "maria"))
    assert not reading.current()["a.associate.maria"].matches("secret")
    accounts.remove("a.associate.maria")
    accounts.remove("a.associate.maria")
    assert reading.current() == {}


def test_a_run_time_account_cannot_replace_a_device(tmp_path: Path) -> None:
    devices, file = tmp_path / "devices.json", tmp_path / "accounts.json"
    write_accounts(devices, {KIOSK: StoredAccount(sha256_of("device"), Rights([], []))})
    FileAccounts(file).put(KIOSK, "intruder", Rights(["#"], ["#"]))
    assert AccountFiles([devices, file]).current()[KIOSK].matches("device")


@pytest.mark.parametrize("damage", [b"", b"\0" * 100, b"{", b'{"a": 1}', b"[]", b"\xff\xfe", b'{"a": {"sha256": "x"}}'])
def test_a_damaged_accounts_file_is_moved_aside(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "accounts.json"
    file.write_bytes(damage)
    assert AccountFiles([file]).current() == {}
    assert (tmp_path / "accounts.json.damaged").read_bytes() == damage
    FileAccounts(file).put("a.associate.maria", "secret", Rights([], []))
    assert list(AccountFiles([file]).current()) == ["a.associate.maria"]


def test_two_processes_writing_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from edge.broker.accounts import FileAccounts\nfrom edge.broker.rights import Rights\n"
        "for n in range(30): FileAccounts(Path(sys.argv[1])).put(f'{sys.argv[2]}.{n}', 'x', Rights([], []))"
    )
    writers = [subprocess.Popen([sys.executable, "-c", script, str(file), who], cwd=ROOT) for who in ("a", "b")]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert len(AccountFiles([file]).current()) == 60


def test_an_unwritable_accounts_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AccountsError) as refused:
        FileAccounts(tmp_path / "file" / "accounts.json").put("a", "b", Rights([], []))
    assert refused.value.code == "accounts_unwritable"


@pytest.mark.parametrize("config", [AccountsConfig("embedded"), AccountsConfig("mosquitto", admin_username="admin")])
def test_accounts_configuration_must_be_whole(config: AccountsConfig) -> None:
    with pytest.raises(OperatorError) as refused:
        open_accounts(config, host=HOST, port=1883)
    assert refused.value.code == "config_invalid"


def test_secret_files_of_accounts_are_checked(tmp_path: Path) -> None:
    file = secret_file(tmp_path / "admin")
    file.chmod(0o640)
    with pytest.raises(OperatorError) as refused:
        open_accounts(AccountsConfig("mosquitto", "admin", str(file)), host=HOST, port=1883)
    assert refused.value.code == "secret_too_open"


@pytest.mark.parametrize("payload", [b"", b"\0", b"[]", b'{"responses": 1}', b'{"responses": [{}]}', b"\xff"])
def test_anything_else_on_the_response_topic_is_nothing(payload: bytes) -> None:
    assert read_responses(payload) == []
