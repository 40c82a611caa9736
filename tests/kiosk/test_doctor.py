"""`shopbell reader doctor` on what kiosk.toml names: reader, scanner and camera, with and without a kiosk that has them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_bridge.doctor import Finding
from firmware_bridge.simulator.pty import SimulatedPn532
from firmware_bridge.simulator.scanner import SimulatedScanner
from kiosk import config as configuration
from kiosk import doctor
from kiosk.config import CameraAt
from kiosk.devices import camera
from kiosk.devices.camera import Patience
from kiosk.devices.camera_faults import CAMERA_REMEDIES
from kiosk.reader_command import CLOCK
from tests.support.kiosk_core import KioskProcess, free_port, until, write_config
from tests.support.reader import ask

ROOT = Path(__file__).resolve().parents[2]
IMPATIENT = Patience(open=20.0, stall=1.0, frozen=0.2)


def command(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [sys.executable, "-m", "edge.command", "reader", "doctor", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=90,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    assert "Traceback" not in result.stderr + result.stdout
    return result


def words(findings: list[Finding]) -> str:
    return "\n".join(f"{'ok' if finding.well else 'ILL'} {finding.words}" for finding in findings)


@pytest.fixture
def chip(tmp_path: Path) -> Iterator[SimulatedPn532]:
    made = SimulatedPn532(tmp_path / "chip.sock", time.monotonic)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def scanner(tmp_path: Path) -> Iterator[SimulatedScanner]:
    made = SimulatedScanner(tmp_path / "scanner.sock", time.monotonic)
    made.start()
    yield made
    made.stop()


def config(folder: Path, reader: str, more: str = "") -> Path:
    path = write_config(folder, reader=reader, broker_port=free_port(), hub_url="http://127.0.0.1:9", screen_port=free_port())
    path.write_text(path.read_text() + more)
    return path


def test_everything_the_file_names(tmp_path: Path, chip: SimulatedPn532, scanner: SimulatedScanner) -> None:
    (tmp_path / "no-camera").write_text("")
    more = f'[scanner]\nname = "scan-1"\nport = "{scanner.tty}"\n[camera]\ndevice = "{tmp_path}/no-camera"\n'
    result = command("--config", config(tmp_path, chip.tty, more))
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert lines[0] == f"As {tmp_path}/kiosk.toml says:"
    titles = [line for line in lines[1:] if not line.startswith(" ")]
    assert titles == [f"reader {chip.tty}", f"scanner {scanner.tty}", f"camera {tmp_path}/no-camera"]
    assert "ok  answer       PN532 with firmware 1.6" in result.stdout
    assert "ok  answer       A scanner is plugged in" in result.stdout
    assert "ILL answer       camera_unopened: " in result.stdout and "adduser USER video" in result.stdout


def test_a_frozen_chip_with_the_reset_of_the_file(tmp_path: Path, chip: SimulatedPn532) -> None:
    """Its pin is one that does not exist, so that nothing comes back: what is left to do is said."""
    ask(tmp_path / "chip.sock", {"fault": "frozen"})
    path = config(tmp_path, chip.tty, '[signals]\npin_factory = "mock"\n')
    path.write_text(path.read_text().replace(f'port = "{chip.tty}"', f'port = "{chip.tty}"\nreset_pin = 23'))
    found = dict(doctor.examine(configuration.load(path), time.monotonic))
    told = words(found[f"reader {chip.tty}"])
    assert "its chip has frozen: cut its power for ten seconds" in told and "ILL held and let go" in told
    assert [finding.words for finding in found["scanner"]] == ["names no scanner"]


def test_a_pin_that_cannot_be_had(tmp_path: Path, chip: SimulatedPn532) -> None:
    path = config(tmp_path, chip.tty, '[signals]\npin_factory = "pigpio"\n')
    path.write_text(path.read_text().replace(f'port = "{chip.tty}"', f'port = "{chip.tty}"\nreset_pin = 23'))
    assert "ILL reset_pin_unavailable: " in words(
        dict(doctor.examine(configuration.load(path), time.monotonic))[f"reader {chip.tty}"]
    )


def test_what_cannot_be_meant_is_a_finding(tmp_path: Path) -> None:
    assert "ILL kiosk.toml   misuse: opening 'ttyUSB0'" in command("--config", config(tmp_path, "ttyUSB0")).stdout


def test_while_the_kiosk_runs_it_is_asked(tmp_path: Path) -> None:
    """It has its reader for itself; that its chip is frozen it knows, for it saw it work."""
    kiosk = KioskProcess(tmp_path, free_port(), "http://127.0.0.1:9")
    kiosk.start(["reader"])
    try:
        well = command("--config", kiosk.config).stdout
        assert "ok  answer       it works, says the kiosk" in well and "  name  " not in well, "a simulated one has no name"
        ask(kiosk.socket, {"fault": "frozen"})
        until(lambda: "reader_frozen" in command("--config", kiosk.config).stdout, "the doctor tells of the frozen chip", 60.0)
        told = command("--config", kiosk.config)
        assert told.returncode == 1
        assert "ILL answer       reader_frozen: " in told.stdout and "Cut its power for ten seconds" in told.stdout
    finally:
        kiosk.kill()
    assert "simulated_missing" in command("--config", kiosk.config).stdout, "nothing is left to ask"


def test_a_scanner_that_the_kiosk_has_cannot_be_listened_to(tmp_path: Path, scanner: SimulatedScanner) -> None:
    kiosk = KioskProcess(tmp_path, free_port(), "http://127.0.0.1:9")
    kiosk.config.write_text(kiosk.config.read_text() + f'[scanner]\nname = "scan-1"\nport = "{scanner.tty}"\n')
    kiosk.start(["reader", "scanner"])
    try:
        told = command("--config", kiosk.config, "--listen", "1").stdout
    finally:
        kiosk.kill()
    assert "only the kiosk hears it" in told


@pytest.mark.parametrize("words_", [["--scanner"], ["--listen", "3", "/dev/ttyUSB0"]])
def test_options_that_say_nothing(words_: list[str]) -> None:
    result = command(*words_)
    assert result.returncode == 2 and "Usage: " in result.stderr


def test_the_file_of_this_machine_is_found_by_itself(tmp_path: Path, chip: SimulatedPn532) -> None:
    (tmp_path / "config").mkdir()
    config(tmp_path, chip.tty).rename(tmp_path / "config" / "kiosk.toml")
    if Path("/etc/shopbell").is_dir():
        pytest.skip("this machine has a Shopbell of its own in /etc/shopbell")
    assert "PN532 with firmware 1.6" in command(SHOPBELL_DEMO_DIR=str(tmp_path)).stdout
    nothing = command(SHOPBELL_DEMO_DIR=str(tmp_path / "none"))
    assert nothing.stdout.startswith("No kiosk.toml is here") and "this machine" in nothing.stdout
    assert command("--config", tmp_path / "none.toml").stderr.startswith("config_missing: ")


@pytest.mark.parametrize(
    ("words_", "found"),
    [
        (["CHIP"], "PN532 with firmware 1.6"),
        (["--scanner", "SCANNER"], "A scanner is plugged in"),
        (["--scanner", "--listen", "0.2", "SCANNER"], "nothing came in 0.2 s"),
        (["keys:/dev/input/by-id/none"], "_missing: "),
        (["/dev/v4l/by-id/none"], "camera_unopened: "),
    ],
)
def test_one_port(chip: SimulatedPn532, scanner: SimulatedScanner, words_: list[str], found: str) -> None:
    assert found in command(*[word.replace("CHIP", chip.tty).replace("SCANNER", scanner.tty) for word in words_]).stdout


# -- cameras: every code


def told_of_camera(device: str | Path) -> str:
    return words(doctor.examine_camera(CameraAt(str(device)), CLOCK, IMPATIENT))


def with_words(found: str, code: str) -> bool:
    return f"ILL {code}: {CAMERA_REMEDIES[code].whole}." in found


def video(path: Path, *, moves: bool, frames: int) -> Path:
    import cv2
    import numpy as np

    random = np.random.default_rng(1)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 30, (320, 240))
    for number in range(frames):
        if number == 0 or moves:
            picture = random.integers(0, 255, (240, 320, 3)).astype(np.uint8)
        writer.write(picture)
    writer.release()
    return path


def test_a_camera_that_gives_no_more_pictures(tmp_path: Path) -> None:
    assert with_words(told_of_camera(video(tmp_path / "ends.avi", moves=True, frames=10)), "camera_ended")


def test_a_camera_that_has_hung(tmp_path: Path) -> None:
    assert with_words(told_of_camera(video(tmp_path / "stands.avi", moves=False, frames=3000)), "camera_frozen")


def test_a_camera_that_comes_too_late(tmp_path: Path) -> None:
    clip = video(tmp_path / "late.avi", moves=True, frames=200)
    found = doctor.examine_camera(CameraAt(str(clip)), lambda: CLOCK() + 60.0, Patience(late=0.0))
    assert with_words(words(found), "camera_late")


def test_no_camera(tmp_path: Path) -> None:
    assert with_words(told_of_camera("/dev/no-such-camera"), "camera_unopened")


def test_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cv2.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert with_words(told_of_camera("/dev/video0"), "camera_missing")


@pytest.mark.parametrize("code", ["camera_died", "camera_garbled", "camera_stalled"])
def test_a_process_that_misbehaves(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(camera, "PROCESS", "tests.support.bad_camera")
    short = Patience(open=2.0, stall=1.0)
    device = f"/dev/{code.removeprefix('camera_')}"
    assert with_words(words(doctor.examine_camera(CameraAt(device), CLOCK, short)), code)


def test_a_process_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera.sys, "executable", "/nowhere/python")
    assert with_words(told_of_camera("/dev/video0"), "camera_unstarted")


def test_every_code_of_a_camera_has_its_words() -> None:
    """What the camera raises, and what its process says, is in the table; and nothing else is."""
    import re
    from typing import get_args, get_type_hints

    from kiosk.devices.camera_words import CameraTrouble

    raised = set(re.findall(r"CameraFault\(\s*\"(\w+)\"", Path(str(camera.__file__)).read_text()))
    said = set(get_args(get_type_hints(CameraTrouble)["code"]))
    assert raised | said == set(CAMERA_REMEDIES)
