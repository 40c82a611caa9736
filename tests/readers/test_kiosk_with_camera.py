"""A whole kiosk with scanner and camera: codes become arrivals, and without OpenCV everything else goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import segno

from tests.readers.photos import photos, video
from tests.readers.spoilt import told, unread
from tests.support.kiosk_core import KioskProcess, free_port, until
from tests.support.reader import ask


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[KioskProcess]:
    """Not started; its broker and hub are not there, which an arrival does not wait for."""
    made = KioskProcess(tmp_path, free_port(), f"http://127.0.0.1:{free_port()}")
    try:
        yield made
    finally:
        made.kill()


def add(kiosk: KioskProcess, section: str, **values: str) -> None:
    lines = "\n".join(f'{key} = "{value}"' for key, value in values.items())
    kiosk.config.write_text(kiosk.config.read_text() + f"\n[{section}]\n{lines}\n")


def qr(text: str) -> np.ndarray:
    """A QR code as a picture, black on white, with its quiet zone."""
    rows = [[0 if dark else 255 for dark in row] for row in segno.make(text, error="m").matrix_iter(scale=8, border=4)]
    return np.array(rows, np.uint8)


def test_a_code_before_the_camera_becomes_an_arrival(kiosk: KioskProcess, tmp_path: Path) -> None:
    film = video(tmp_path / "door.avi", [np.full((300, 300), 128, np.uint8), qr("KR-WALTER")], 20)
    add(kiosk, "camera", device=str(film))
    kiosk.config.write_text(kiosk.config.read_text() + '\n[codes]\ntext_prefixes = ["KR-"]\n')
    kiosk.start(parts=("reader", "records", "camera"))
    until(lambda: len(kiosk.waiting()) >= 1, "the code is an arrival")
    assert kiosk.terminate() == 0
    log = kiosk.log.read_text()
    assert "KR-WALTER" not in log and "Traceback" not in log


def test_a_code_too_far_away_becomes_a_word_on_the_screen(kiosk: KioskProcess, tmp_path: Path) -> None:
    far = next(frame for frame in unread(photos("ean13-3")[:1], "closer") if told([frame])["closer"])
    film = video(tmp_path / "far.avi", [np.full((720, 1280), 128, np.uint8), far.picture], 60)
    add(kiosk, "camera", device=str(film))
    kiosk.start(parts=("reader", "records", "camera"))
    until(lambda: kiosk.view()["title"] == "A little closer, please", "the screen says what helps")
    assert kiosk.waiting() == []
    assert kiosk.terminate() == 0


def test_a_code_at_the_scanner_becomes_an_arrival_and_a_product_none(kiosk: KioskProcess, tmp_path: Path) -> None:
    socket = tmp_path / "scan.sock"
    add(kiosk, "scanner", name="scan-1", port=f"sim:{socket}")
    kiosk.start(parts=("reader", "records", "scanner"))
    assert ask(socket, {"scan": {"text": "4006381333931", "symbology": "]E0"}}) == {"ok": True}
    until(lambda: '"code_product"' in kiosk.log.read_text(), "the log says why")
    assert kiosk.view()["title"] == "This code is a product's"
    assert ask(socket, {"scan": {"text": "KR-MARIA", "symbology": "]Q1"}}) == {"ok": True}
    until(lambda: len(kiosk.waiting()) == 1, "the member's code is an arrival, and the only one")
    assert kiosk.terminate() == 0
    log = kiosk.log.read_text()
    assert "KR-MARIA" not in log and "4006381333931" not in log and "Traceback" not in log


def test_without_opencv_the_kiosk_goes_on(kiosk: KioskProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken" / "cv2"
    broken.mkdir(parents=True)
    library = broken / "cv2.abi3.so"
    (broken / "__init__.py").write_text(f"raise ImportError('{library}: undefined symbol: glBegin', name='cv2')")
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))
    add(kiosk, "camera", device="/dev/video0")
    kiosk.start(parts=("reader", "records"))
    until(lambda: '"camera_missing"' in kiosk.log.read_text(), "the log names what is missing")
    kiosk.tap()
    until(lambda: len(kiosk.waiting()) == 1, "a card is still an arrival")
    assert "camera" not in kiosk.well()
    log = kiosk.log.read_text()
    assert '"cv2.abi3.so"' in log and str(broken) not in log, "the log names it, and no folder of this machine"
    assert cv2.__version__, "this process has OpenCV; the kiosk's camera had not"
