"""The camera's own process: photographs as a video, through the real VideoCapture; a camera that fails; no picture leaves it."""

from __future__ import annotations

import ast
import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import kiosk.devices
from edge.process.clock import SystemClock
from firmware_bridge.card_read import CardRead, ReaderEvent, ReaderState
from kiosk.devices.camera import PROCESS, Camera, Patience
from kiosk.devices.camera_words import SeenCode, SeenFrame, read_word
from tests.readers.photos import NO_CODE, Photo, frames_of, photos, video
from tests.support.reader import Running, running

ROOT = Path(__file__).resolve().parents[2]
DEVICES = Path(kiosk.devices.__file__).parent
FILES = sorted(DEVICES.glob("camera*.py"))
# Small pictures with a code each that is read as it is, one of each kind.
SHOWN = (("ean13-3", 0), ("qrcode-3", 0), ("code128-1", 0))
FRAMES_EACH = 6
BOOT_CLOCK = SystemClock().monotonic


@pytest.fixture(scope="module")
def shown() -> list[Photo]:
    return [photos(name)[at] for name, at in SHOWN]


@pytest.fixture(scope="module")
def clip(shown: list[Photo], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return video(tmp_path_factory.mktemp("video") / "shown.avi", [photo.picture for photo in shown], FRAMES_EACH)


@contextlib.contextmanager
def camera(
    device: Path | str, patience: Patience | None = None, clock: Callable[[], float] = BOOT_CLOCK
) -> Iterator[tuple[Camera, Running, list[str]]]:
    hints: list[str] = []
    made = Camera("cam-1", str(device), clock, hints.append, patience=patience)
    with running(made) as thread:
        yield made, thread, hints


def reads(events: list[ReaderEvent]) -> list[CardRead]:
    return [event for event in events if isinstance(event, CardRead)]


def test_photographs_as_a_video_become_reads(shown: list[Photo], clip: Path) -> None:
    with camera(clip) as (_, thread, _):
        events = thread.wait_for(lambda events: len({read.value for read in reads(events)}) >= len(shown))
        up = next(event for event in events if isinstance(event, ReaderState))
    assert (up.up, up.hint) == (True, "A camera gives 1280x720 pixels")
    first = reads(events)[: len(shown)]
    assert [read.value for read in first] == [photo.texts[0] for photo in shown]
    assert [read.symbology for read in first] == ["]E0", "]Q1", "]C1"]
    assert {(read.medium, read.reader, read.evidence) for read in first} == {("code", "cam-1", None)}


def test_a_single_frame_is_no_read(shown: list[Photo], tmp_path: Path) -> None:
    once = video(tmp_path / "once.avi", [photo.picture for photo in shown], 1)
    assert sum(len(frame.codes) for frame in frames_of(once)) == len(shown), "the process has read each of them"
    with camera(once) as (_, thread, _):
        thread.wait_down("camera_ended")
        assert thread.reads == []


def test_codes_are_read_after_the_machine_has_slept(
    shown: list[Photo], clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asleep, CLOCK_MONOTONIC stands still and CLOCK_BOOTTIME goes on: the process sees them a minute apart."""
    (tmp_path / "sitecustomize.py").write_text("import time\nawake = time.monotonic\ntime.monotonic = lambda: awake() - 60.0\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with camera(clip) as (_, thread, _):
        thread.wait_up()
        events = thread.wait_for(lambda events: bool(reads(events)))
    assert reads(events)[0].value == shown[0].texts[0]


def test_a_camera_that_shows_only_what_was_a_while_ago_is_no_healthy_one(clip: Path) -> None:
    with camera(clip, Patience(late=0.0), clock=lambda: BOOT_CLOCK() + 60.0) as (_, thread, _):
        state = thread.wait_down("camera_late")
        assert thread.reads == []
        assert [event.code for event in thread.events if isinstance(event, ReaderState)] == ["camera_late"], "it never was well"
    assert "width" in state.hint


def test_photographs_without_a_code_give_none(tmp_path: Path) -> None:
    frames = frames_of(video(tmp_path / "none.avi", [photo.picture for photo in photos(NO_CODE)], 12))
    assert len(frames) == 12 * len(photos(NO_CODE))
    assert [code for frame in frames for code in frame.codes] == []


def test_a_turned_barcode_is_read_with_help(shown: list[Photo], tmp_path: Path) -> None:
    import cv2
    import numpy as np

    from kiosk.devices.camera_decode import read_codes, turned

    askew = turned(45)(cv2.copyMakeBorder(shown[0].picture, 120, 120, 120, 120, cv2.BORDER_CONSTANT, value=128))
    assert read_codes(askew) == []
    nobody = np.full_like(askew, 128)
    with camera(video(tmp_path / "askew.avi", [nobody, askew], 30)) as (_, thread, _):
        events = thread.wait_for(lambda events: bool(reads(events)))
    assert reads(events)[0].value == shown[0].texts[0]


def test_a_upc_e_is_read_as_what_it_is_short_for() -> None:
    import numpy as np
    import zxingcpp

    from kiosk.devices.camera_decode import read_codes

    drawn = np.array(zxingcpp.create_barcode("04252614", zxingcpp.BarcodeFormat.UPCE).to_image(scale=3))
    assert read_codes(np.pad(drawn, 40, constant_values=255)) == [SeenCode("0042100005264", "]E0")]


def test_a_process_that_stands_still_is_killed_and_begun_anew(clip: Path) -> None:
    """As a read that blocks for ever: the process is stopped in the middle of a frame (opencv#4468)."""
    with camera(clip, Patience(open=20, stall=1.0)) as (made, thread, _):
        thread.wait_up()
        pid = made.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        state = thread.wait_down("camera_stalled")
        assert "anew" in state.hint
        thread.wait_up(2)
        assert not Path(f"/proc/{pid}").exists(), "the old one is gone"


def test_by_default_it_is_killed_after_three_seconds(clip: Path) -> None:
    """As shipped: kiosk.wiring gives no patience of its own."""
    with camera(clip) as (made, thread, _):
        thread.wait_up()
        pid, stopped_at = made.pid, BOOT_CLOCK()
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        state = thread.wait_down("camera_stalled")
        thread.wait_up(2)
        assert not Path(f"/proc/{pid}").exists()
    assert 2.5 <= state.monotonic - stopped_at <= 6.0, "3 s from its last word, and what a loaded machine adds"


def test_before_its_first_frame_it_has_fifteen_seconds_and_no_more(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A camera whose opening blocks for ever; the bound is shortened here, and its default is as the docs say."""
    (tmp_path / "cv2.py").write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with camera(clip, Patience(open=1.0)) as (made, thread, _):
        begun_at = BOOT_CLOCK()
        assert thread.wait_down("camera_stalled").monotonic - begun_at < 5.0
    assert made.pid is None
    assert (Patience().open, Patience().stall) == (15.0, 3.0)
    docs = (ROOT / "docs" / "codes.md").read_text()
    assert "fifteen seconds" in docs and "three seconds without a picture" in docs


def test_a_process_that_dies_is_begun_anew(clip: Path) -> None:
    with camera(clip) as (made, thread, _):
        thread.wait_up()
        pid = made.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        thread.wait_down("camera_died")
        thread.wait_up(2)


def test_nothing_is_left_of_a_camera_that_was_stopped(clip: Path) -> None:
    with camera(clip) as (made, thread, _):
        thread.wait_up()
        pid = made.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)  # in the middle of whatever it does
    assert not Path(f"/proc/{pid}").exists()
    assert made.pid is None


def test_a_frozen_picture_is_told(shown: list[Photo], tmp_path: Path) -> None:
    """The same pixels again and again (opencv#14044), here for a shorter time than at a door."""
    still = video(tmp_path / "still.avi", [shown[1].picture], 120, noise=False)
    with camera(still, Patience(frozen=0.2)) as (_, thread, _):
        assert "very same picture" in thread.wait_down("camera_frozen").hint


def test_no_camera_is_told_with_what_to_do(tmp_path: Path) -> None:
    with camera(tmp_path / "nothing") as (_, thread, _):
        assert "group video" in thread.wait_down("camera_unopened").hint


def test_without_opencv_the_camera_is_off_and_the_kiosk_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine where a system library is missing: importing cv2 raises ImportError, in the camera's process alone."""
    broken = tmp_path / "broken" / "cv2"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))
    with camera("/dev/video0") as (_, thread, _):
        state = thread.wait_down("camera_missing")
    assert "libgl1" in state.hint
    assert not state.up


def test_the_process_ends_when_the_kiosk_is_killed(clip: Path, tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys, time\n"
            "child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
            "print(child.pid, flush=True)\n"
            "threading_never_reads = child.stdout.readline()\n"
            "print('speaks', flush=True)\n"
            "time.sleep(60)",
            *[sys.executable, "-m", PROCESS, str(clip), "1280", "720", "8"],
        ],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert parent.stdout.readline().strip() == "speaks"
    parent.kill()
    parent.wait(10)
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}/status").exists() and "Z (" not in Path(f"/proc/{pid}/status").read_text():
        assert time.monotonic() < deadline, "the camera's process lives on without its kiosk"
        threading.Event().wait(0.05)


def open_files(pid: int) -> dict[str, int]:
    """Target of each descriptor -> its open flags."""
    found = {}
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            flags = next(
                line.split()[1]
                for line in (link.parents[1] / "fdinfo" / link.name).read_text().splitlines()
                if line[:5] == "flags"
            )
            found[os.readlink(link)] = int(flags, 8)
    return found


def test_no_picture_reaches_disk_or_network(clip: Path) -> None:
    """While it reads: pipes, /dev/null and the video (to read), no file to write and no socket; and what it has written in all is
    less than a hundredth of one picture a frame.
    """
    with camera(clip) as (made, thread, _):
        thread.wait_for(lambda events: bool(reads(events)))
        pid = made.pid
        assert pid is not None
        files = open_files(pid)
        io = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    for target, flags in files.items():
        writable = flags & os.O_ACCMODE != os.O_RDONLY
        assert target.startswith("pipe:") or target == "/dev/null" or not writable, target
        assert not target.startswith(("socket:", "/memfd:", "/dev/shm", "anon_inode:[io_uring]")), target
    assert any(target == str(clip) for target in files), "it was looked at while it read the video"
    assert int(io["write_bytes"]) == 0
    assert int(io["wchar"]) < len(SHOWN) * FRAMES_EACH * 1280 * 720 / 100


# Ways for a picture to leave: a mistake in our code or in a library might take any of them.
LEAKS = {
    "jpeg": "import cv2; cv2.imwrite(folder + '/leak.jpg', picture)",
    "array": "picture.tofile(folder + '/leak.raw')",
    "udp": "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'picture', ('127.0.0.1', port))",
    "urllib": "import urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{port}/leak', bytes(picture[0]), timeout=2)",
    "child": "import os; os.spawnlp(os.P_WAIT, 'touch', 'touch', folder + '/leak.touched')",
    "memory": "import os; os.memfd_create('leak'); open(folder + '/leak.memory', 'w')",
}
LEAKING = """
import sys, types
from kiosk.devices import camera_process as process
folder, port, locked, leak = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "locked", compile(sys.argv[4], "leak", "exec")
plain = process.zlib.crc32
def crc32(picture):
    try:
        exec(leak, {"picture": picture, "folder": folder, "port": port})
    except OSError:
        pass
    return plain(picture)
process.zlib = types.SimpleNamespace(crc32=crc32)
if not locked:
    process._open_nothing_more = lambda: None
sys.exit(process.main(sys.argv[5:]))
"""


@pytest.mark.parametrize("way", LEAKS)
@pytest.mark.parametrize("locked", [True, False])
def test_the_kernel_keeps_pictures_in(way: str, locked: bool, clip: Path, tmp_path: Path) -> None:
    """A mutant that tries this way with every picture gets none out; without the lock it does."""
    came = threading.Event()
    with leak_catcher(came) as port, never_ending() as kiosk_end:
        command = [sys.executable, "-c", LEAKING, str(tmp_path), str(port), "locked" if locked else "open", LEAKS[way]]
        done = subprocess.run(
            [*command, str(clip), "1280", "720", "8"], cwd=ROOT, capture_output=True, timeout=60, stdin=kiosk_end
        )
        frames = [read_word(line) for line in done.stdout.splitlines()]
        assert sum(isinstance(word, SeenFrame) for word in frames) == len(SHOWN) * FRAMES_EACH, "it read them all"
        left = bool(list(tmp_path.glob("leak.*"))) or came.wait(0.0 if locked else 5.0)
    assert left is not locked


@contextlib.contextmanager
def leak_catcher(came: threading.Event) -> Iterator[int]:
    """A port of loopback on which anything at all, by UDP or TCP, is noted."""
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(tcp.getsockname())
        ended = threading.Event()

        def look() -> None:
            while not ended.is_set():
                if select.select([tcp, udp], [], [], 0.05)[0]:
                    came.set()
                    return

        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            yield tcp.getsockname()[1]
        finally:
            ended.set()
            watcher.join()


@contextlib.contextmanager
def never_ending() -> Iterator[int]:
    """A pipe to read from, as the kiosk's: it ends when the kiosk does."""
    ends = os.pipe()
    try:
        yield ends[0]
    finally:
        for end in ends:
            os.close(end)


def test_the_camera_files_have_no_way_to_keep_a_picture() -> None:
    """No file of the camera names what writes pictures, files or sockets."""
    forbidden = {"imwrite", "imencode", "VideoWriter", "imshow", "open", "write_bytes", "write_text", "tofile", "save", "socket"}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else name
            if path.name == "camera_process.py" and name == "open" and "os.devnull" in ast.unparse(node):
                continue
            assert name not in forbidden, f"{path.name}: {name}"


def test_only_the_process_knows_opencv() -> None:
    """The kiosk and everything it imports come without cv2 and zxingcpp."""
    program = "import sys, kiosk.wiring, edge.demo.__main__; print([m for m in ('cv2', 'zxingcpp') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr


def test_an_empty_doorway_costs_one_reading_a_frame() -> None:
    """Helpers are tried only while something is there that was not there before."""
    import numpy as np

    from kiosk.devices.camera_decode import FrameReader

    random = np.random.default_rng(3)
    doorway = random.integers(60, 180, (720, 1280))
    reader = FrameReader()
    busy = []
    for _ in range(6):
        reader.read(np.clip(doorway + random.normal(0, 4, doorway.shape), 0, 255).astype(np.uint8))
        busy.append(reader.busy)
    doorway[200:400, 500:700] = 230
    reader.read(np.clip(doorway, 0, 255).astype(np.uint8))
    assert busy == [True, False, False, False, False, False]
    assert reader.busy


def test_whatever_bytes_a_code_holds_the_process_can_say_them() -> None:
    """OpenCV's own reader raises on such codes (opencv#23728)."""
    from random import Random

    import numpy as np
    import segno

    from kiosk.devices.camera_decode import read_codes
    from kiosk.devices.camera_words import written

    random, read = Random(5), 0
    for _ in range(60):
        data = bytes(random.choice([0xED, 0xA0, 0x80, 0xFF, 0xC0, 0x41, 0x00, 0x1D, 0xE4]) for _ in range(random.randint(1, 30)))
        rows = segno.make(data, mode="byte", micro=False).matrix_iter(scale=4, border=4)
        codes = read_codes(np.array([[0 if dark else 255 for dark in row] for row in rows], np.uint8))
        word = SeenFrame(1, 1.0, 1, 100, 100, codes)
        assert read_word(written(word).rstrip(b"\n")) == word
        read += len(codes)
    assert read == 60
