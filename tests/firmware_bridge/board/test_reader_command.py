"""`shopbell reader ...` as a person runs it, at simulated readers; and every mistake answered with a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_bridge.card_read import CardRead, ReaderEvent
from firmware_bridge.session.pn532_session import Pn532Session
from firmware_bridge.simulator.chip import Chip
from firmware_bridge.simulator.kinds import card_with
from firmware_bridge.simulator.pty import SimulatedPn532
from firmware_bridge.tools.ports import serial_ports
from firmware_bridge.tools.recording import Piece, Recorder, RecordingFull, load, replay
from firmware_bridge.tools.release import make_key
from firmware_bridge.tools.words import masked
from tests.support.board import Bench, bench
from tests.support.reader import ask

UID = "04A2B3C4D5E6F7"


def command(*words: str | Path, patience_s: float = 90.0) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [sys.executable, "-m", "edge.command", "reader", *map(str, words)], capture_output=True, text=True, timeout=patience_s
    )
    assert "Traceback" not in result.stderr + result.stdout
    return result


def started(*words: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "firmware_bridge", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as found:
        yield found


def port_of(board: Bench) -> str:
    return f"board:{board.board.tty}"


def test_monitor_masks_ids(board: Bench) -> None:
    with started("monitor", port_of(board)) as process:
        assert process.stdout is not None
        assert "Reader board e661400500000001 with firmware 1.0.0" in process.stdout.readline()
        board.tap(UID)
        line = process.stdout.readline()
        assert "card 04...F7, 7 bytes" in line and UID not in line
        process.terminate()
        output, errors = process.communicate(timeout=20)
    assert UID not in output and "1 card reads" in errors and process.returncode == 0


def test_ids_on_request(board: Bench) -> None:
    with started("monitor", port_of(board), "--show-ids") as process:
        assert process.stdout is not None
        process.stdout.readline()
        board.tap(UID)
        assert UID in process.stdout.readline()
        process.terminate()


@pytest.mark.parametrize(("value", "shown"), [(UID, "04...F7"), ("AB", "..."), ("", "...")])
def test_masking(value: str, shown: str) -> None:
    assert masked(value) == shown


def test_record_and_replay_a_board(board: Bench, tmp_path: Path) -> None:
    file = tmp_path / "wire"
    _record(board, port_of(board), file)
    assert file.stat().st_mode & 0o777 == 0o600
    played = command("replay", file, "--show-ids")
    words = [line.split(maxsplit=1)[1] for line in played.stdout.splitlines()]
    assert [word.split(":")[0].split(" after")[0] for word in words] == ["reader works", f"card {UID}, 7 bytes", "card gone"]
    assert command("replay", file).stdout.count(UID) == 0


def test_record_and_replay_a_pn532(tmp_path: Path) -> None:
    chip = SimulatedPn532(tmp_path / "chip.sock", time.monotonic)
    chip.start()
    try:
        file = tmp_path / "wire"
        with started("record", chip.tty, file) as process:
            assert process.stdout is not None and "PN532" in process.stdout.readline()
            ask(tmp_path / "chip.sock", {"present": {"uid": UID}})
            assert "card 04...F7" in process.stdout.readline()
            process.terminate()
            process.communicate(timeout=20)
    finally:
        chip.stop()
    assert f"card {UID}" in command("replay", file, "--show-ids").stdout


def test_what_a_busy_machine_heard_late_is_replayed_as_it_was() -> None:
    """Each answer waited seven tenths of a second for its reader, who took it for in time."""
    session, chip, now = Pn532Session("nfc-1"), Chip(), 0.0
    pieces, events = [Piece(0.0, "=", b"")], list[ReaderEvent]()
    chip.field.place(card_with(bytes.fromhex(UID)), None)
    out = session.begin(now)
    while not any(isinstance(event, CardRead) for event in events):
        events += out.events
        pieces += [Piece(now, ">", out.send)] if out.send else []
        data = chip.received(out.send, now) + chip.tick(now)
        now = now + 0.7 if data else session.wake_at
        pieces += [Piece(now, "<", data)] if data else []
        out = session.received(data, now) if data else session.tick(now)
        assert now < 60.0
    played = [event for _, event in replay("pn532", iter(pieces)) if isinstance(event, CardRead)]
    assert played == [event for event in events if isinstance(event, CardRead)]


def test_a_recording_that_is_full_says_so_and_can_be_played(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "wire", "pn532", lambda: 0.0, most_bytes=200)
    for _ in range(20):
        recorder.note("<", bytes(10))
    recorder.close()
    assert isinstance(recorder.failed, RecordingFull)
    assert (tmp_path / "wire").stat().st_size <= 200
    assert [piece.data for piece in load(tmp_path / "wire")[1]] == [bytes(10)] * 4


def test_a_disk_that_is_full_ends_the_recording(tmp_path: Path) -> None:
    """The limit of the process stands for the disk: the file takes 400 bytes and no more."""
    chip, file = SimulatedPn532(tmp_path / "chip.sock", time.monotonic), tmp_path / "wire"
    chip.start()
    try:
        result = subprocess.run(
            [sys.executable, "-B", "-c", _limited(400), "record", chip.tty, file, "--for", "60"],
            capture_output=True,
            text=True,
            timeout=50,
        )
    finally:
        chip.stop()
    assert result.returncode == 2 and "Traceback" not in result.stderr
    assert "recording_unwritable: " in result.stderr and "Recorded into" not in result.stderr
    assert 300 < file.stat().st_size <= 400
    assert command("replay", file).returncode == 0


def _record(board: Bench, port: str, file: Path) -> None:
    with started("record", port, file) as process:
        assert process.stdout is not None
        process.stdout.readline()
        board.tap(UID)
        assert "card" in process.stdout.readline() and "gone" in process.stdout.readline()
        process.terminate()
        process.communicate(timeout=20)


def test_simulate_prints_a_port_that_works(tmp_path: Path) -> None:
    control = tmp_path / "c.sock"
    with started("simulate", "board", "--control", control) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port.startswith("board:/dev/pts/")
        found = command("doctor", port)
        assert "reader board e661400500000001" in found.stdout and found.returncode == 0
        assert command("tap", control, UID).returncode == 0
        assert command("tap", control, "12").stderr.startswith("bad_uid_length: ")
        process.terminate()
        process.communicate(timeout=20)
    assert not control.exists()
    assert command("tap", control, UID).stderr.startswith("simulated_missing: ")


def test_publish_and_update(board: Bench, tmp_path: Path) -> None:
    """From a new key to new firmware on the board, all by commands."""
    key, image = tmp_path / "release", tmp_path / "board.img"
    assert command("key", key).returncode == 0 and key.stat().st_mode & 0o777 == 0o600
    made = command("image", image, "--board", "unix-pn532", "--version", "1.4.0", "--floor", "1.4.0", "--key", key)
    assert "version=1.4.0 floor=1.4.0" in made.stdout
    done = command("update", port_of(board), image, "--key", tmp_path / "release.pub", patience_s=100)
    assert done.stdout == "The board runs firmware 1.4.0.\n" and done.returncode == 0
    assert "Sending: " in done.stderr and "The new firmware is healthy." in done.stderr
    assert "firmware 1.4.0" in command("doctor", port_of(board)).stdout
    older = tmp_path / "older.img"
    command("image", older, "--board", "unix-pn532", "--version", "1.3.0", "--key", key)
    refused = command("update", port_of(board), older, "--key", tmp_path / "release.pub")
    assert refused.returncode == 2 and "update_too_old: " in refused.stderr
    image.write_bytes(image.read_bytes() + b"\n")
    assert "signature_wrong: " in command("update", port_of(board), image, "--key", tmp_path / "release.pub").stderr


def test_an_update_while_the_kiosk_has_the_board(board: Bench, tmp_path: Path) -> None:
    """Said at once, with who has it; the board runs on as it was."""
    key, image = tmp_path / "release", tmp_path / "board.img"
    command("key", key)
    command("image", image, "--board", "unix-pn532", "--version", "1.4.0", "--key", key)
    with board.running():
        refused = command("update", port_of(board), image, "--key", tmp_path / "release.pub", patience_s=20)
    assert refused.returncode == 2 and "port_busy: " in refused.stderr and "stop shopbell-kiosk" in refused.stderr
    assert f"(process {os.getpid()})" in refused.stderr
    assert "firmware 1.0.0" in command("doctor", port_of(board)).stdout


def test_a_key_or_an_image_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    """What stands in the way of the second file takes the first one with it, and stays as it is."""
    key = tmp_path / "release"
    assert command("key", key).returncode == 0
    key.unlink()
    public = (tmp_path / "release.pub").read_bytes()
    assert command("key", key).stderr.startswith("misuse: ")
    assert command("key", tmp_path / "other.pub").stderr.startswith("misuse: ")
    assert [path.name for path in tmp_path.iterdir()] == ["release.pub"] and (tmp_path / "release.pub").read_bytes() == public
    make_key(tmp_path / "signer")
    (tmp_path / "board.img.minisig").write_text("mine\n")
    assert command("image", tmp_path / "board.img", "--key", tmp_path / "signer").stderr.startswith("misuse: ")
    assert not (tmp_path / "board.img").exists() and (tmp_path / "board.img.minisig").read_text() == "mine\n"


@pytest.mark.parametrize("room", [50, 1000])
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, room: int) -> None:
    """The limit of the process stands for the disk."""
    made = tmp_path / "made"
    made.mkdir()
    make_key(tmp_path / "signer")
    for words in (
        ["key", made / "release"],
        ["image", made / "board.img", "--key", tmp_path / "signer"],
        ["files", made / "new"],
    ):
        result = subprocess.run([sys.executable, "-B", "-c", _limited(room), *map(str, words)], capture_output=True, text=True)
        if room < 100 or words[0] != "key":  # a key has some hundred bytes
            assert result.returncode == 2 and result.stderr.startswith("misuse: ") and "too large" in result.stderr
            assert list(made.iterdir()) == []
        else:
            assert result.returncode == 0
            for path in made.iterdir():
                path.unlink()


def _limited(room: int) -> str:
    """The command, in a process whose files take so many bytes."""
    limit = f"import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room})); "
    return limit + "runpy.run_module('firmware_bridge', run_name='__main__')"


def test_files_of_a_new_board(tmp_path: Path) -> None:
    result = command("files", tmp_path / "new")
    assert "mpremote cp" in result.stdout
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"main.py", "loader.py", "record.py", "slot_a"}
    assert "neopixel" in (tmp_path / "new" / "slot_a" / "pins.py").read_text()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["monitor", "ttyUSB0"], "misuse"),
        (["monitor", "/dev/ttyUSB0", "--baud", "1"], "misuse"),
        (["monitor", "board:/dev/nothing#short"], "misuse"),
        (["record", "sim:/tmp/x.sock", "FOLDER/new"], "misuse"),
        (["record", "/dev/nothing", "FOLDER/there"], "misuse"),
        (["replay", "FOLDER/nothing"], "misuse"),
        (["replay", "FOLDER/there"], "recording_bad"),
        (["update", "/dev/nothing", "FOLDER/there", "--key", "FOLDER/there"], "signature_key"),
        (["update", "board:/dev/nothing", "FOLDER/nothing", "--key", "FOLDER/there"], "signature_key"),
        (["key", "FOLDER/there"], "misuse"),
        (["image", "FOLDER/new", "--key", "FOLDER/there"], "misuse"),
        (["image", "FOLDER/new", "--key", "FOLDER/there", "--version", "one"], "misuse"),
        (["files", "FOLDER/there"], "misuse"),
        (["simulate", "board", "--control", "FOLDER/no/such/c.sock"], "control_path"),
    ],
)
def test_mistakes_get_a_sentence(words: list[str], code: str, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("no recording, key or image\n")
    result = command(*[word.replace("FOLDER", str(tmp_path)) for word in words])
    assert result.returncode == 2 and result.stderr.startswith(f"{code}: ")
    assert (tmp_path / "there").read_text() == "no recording, key or image\n"


def test_a_recording_that_goes_bad_in_the_middle(tmp_path: Path) -> None:
    file = tmp_path / "wire"
    file.write_text("shopbell-recording 1 board\n0.000 =\n0.100 < 00 02\n0.050 < 00\n")
    result = command("replay", file)
    assert result.returncode == 2 and "line 4" in result.stderr
    file.write_text("shopbell-recording 1 board\n0.000 =\n9.000 > 00 02\n9.050 < 0")
    result = command("replay", file)
    assert result.returncode == 2 and "line 4" in result.stderr and "breaks off" in result.stderr
    assert "reader_silent" in result.stdout, "what stands before is played: no board answered"


def test_a_reader_that_never_worked(tmp_path: Path) -> None:
    watched = command("monitor", "/dev/serial/by-id/nothing", "--for", "0.5")
    assert watched.returncode == 1 and "port_missing" in watched.stdout
    recorded = command("record", "/dev/serial/by-id/nothing", tmp_path / "wire", "--for", "0.5")
    assert recorded.returncode == 1 and "Nothing was recorded" in recorded.stderr and not (tmp_path / "wire").exists()


def test_ports_by_the_name_that_stays(tmp_path: Path) -> None:
    names, devices = tmp_path / "by-id", tmp_path / "dev"
    names.mkdir()
    devices.mkdir()
    for device in ("ttyUSB0", "ttyACM0", "serial0", "tty1", "sda"):
        (devices / device).write_text("")
    (names / "usb-Raspberry_Pi_Pico_E661-if00").symlink_to(devices / "ttyACM0")
    found = serial_ports(names, devices)
    assert [(Path(port.path).name, port.stable) for port in found] == [
        ("usb-Raspberry_Pi_Pico_E661-if00", True),
        ("serial0", True),
        ("ttyUSB0", False),
    ]
    assert serial_ports(tmp_path / "none", tmp_path / "none") == []


def test_list_runs() -> None:
    assert command("list").returncode == 0
    assert command("--help").returncode == 0
