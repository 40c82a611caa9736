"""Bringing firmware to a board that runs, over its wire: whole, cut, refused, unhealthy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_bridge.session.board_update import BoardUpdate
from firmware_bridge.update.build import build_image
from firmware_bridge.update.image import Image, pack
from tests.support.board import HEAP, UNIX, Bench, bench, until
from tests.support.needs import needs

NEW = build_image(UNIX, (1, 1, 0), (1, 1, 0))


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path, [needs("micropython"), "-X", HEAP]) as found:
        yield found


def brought(board: Bench, image: Image, patience_s: float = 60.0) -> BoardUpdate:
    """The update, when it has come to its end."""
    update = BoardUpdate(image)
    with board.running(update):
        until(lambda: update.progress.state in ("done", "failed"), patience_s)
    return update


def spoiled(old: str, new: str, version: tuple[int, int, int] = (1, 1, 0)) -> Image:
    """New firmware with something wrong in its app.py."""
    image = build_image(UNIX, version)
    app = image.files["app.py"].decode()
    assert old in app
    return pack(image.product, image.board, version, image.floor, dict(image.files) | {"app.py": app.replace(old, new).encode()})


def refusal(board: Bench, image: Image) -> str:
    update = brought(board, image)
    assert update.failed is not None and len(update.failed.hint) > 20
    return update.failed.code


def test_a_whole_update(board: Bench) -> None:
    update = BoardUpdate(NEW)
    seen = set()

    def done() -> bool:
        seen.add(update.progress.state)
        return update.progress.state == "done"

    with board.running(update) as reader:
        until(done)
        board.tap("04A2B3C4D5E6F7")
        reader.wait_gone()
        assert reader.tale == ["read 04A2B3C4D5E6F7", "gone"]
    assert {"sending", "trying", "done"} <= seen and update.progress.sent == len(NEW.data)
    assert (board.flash / "slot_b" / "app.py").read_bytes() == NEW.files["app.py"]
    assert not (board.flash / "update.img").exists()
    # Its floor has risen with it: what is older is not taken any more, and it stays through a restart.
    assert refusal(board, build_image(UNIX, (1, 0, 5), (1, 0, 0))) == "update_too_old"
    board.board.cut_power()
    board.board.power()
    assert brought(board, NEW).progress.state == "done"


def test_power_cuts_while_the_image_comes(board: Bench) -> None:
    """Killed three times on the way; each time it goes on from where it was."""
    update = BoardUpdate(NEW)
    with board.running(update):
        for part in (1, 2, 3):
            until(lambda part=part: update.progress.sent > part * len(NEW.data) // 5)  # type: ignore[misc]
            before = update.progress.sent
            board.board.cut_power()
            board.board.power()
            until(lambda: update.progress.state == "sending")
            assert update.progress.sent >= before - 1024, "some blocks at most are sent again"
        until(lambda: update.progress.state == "done")


def test_the_cable_pulled_while_the_image_comes(board: Bench) -> None:
    update = BoardUpdate(NEW)
    with board.running(update):
        until(lambda: update.progress.sent > len(NEW.data) // 3)
        board.board.unplug()
        threading.Event().wait(0.5)
        board.board.plug()
        until(lambda: update.progress.state == "done")
    assert board.board.starts == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import board_frame as wire", "import board_frame as wire, nothing_of_this_name"),
        ("def run(record, slot):", "def run(record, slot):\n    raise MemoryError\n\n\ndef never(record, slot):"),
        ("TRIAL_MS = 120000", "TRIAL_MS = 1000\nHEALTHY_BEFORE = 0"),
    ],
    ids=["does not import", "ends at once", "never healthy"],
)
def test_an_unhealthy_image_falls_back(board: Bench, old: str, new: str) -> None:
    """Three starts, then the old one again; and afterwards a good image is taken."""
    image = spoiled(old, new)
    if "TRIAL_MS" in old:
        files = dict(image.files)
        files["app.py"] = files["app.py"].replace(b"HEALTHY_MS = 3000", b"HEALTHY_MS = 90000")
        image = pack(image.product, image.board, image.version, image.floor, files)
    assert refusal(board, image) == "update_fell_back"
    assert board.board.starts == 1 + 3 + 1
    with board.running() as reader:
        board.tap("04A2B3C4D5E6F7")
        reader.wait_gone()
    assert brought(board, NEW).progress.state == "done"


def test_refusals(board: Bench) -> None:
    files = dict(NEW.files)
    assert refusal(board, pack("shopbell-reader", "abacus", (1, 1, 0), (1, 0, 0), files)) == "update_wrong_board"
    assert refusal(board, pack("shopbell-toaster", UNIX, (1, 1, 0), (1, 0, 0), files)) == "update_wrong_product"
    assert refusal(board, build_image(UNIX, (0, 9, 9), (0, 9, 0))) == "update_too_old"
    with board.running() as reader:
        board.tap("04A2B3C4D5E6F7")
        reader.wait_gone()
    assert board.board.starts == 1 and not (board.flash / "slot_b").exists()


class Liar:
    """An image whose vouched parts do not belong to its bytes."""

    def __init__(self, image: Image, **other: object) -> None:
        self.data, self.digest, self.product, self.board = image.data, image.digest, image.product, image.board
        self.version, self.floor = image.version, image.floor
        for name, value in other.items():
            setattr(self, name, value)


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"digest": bytes(32)}, "update_damaged"),
        ({"version": (1, 2, 0)}, "update_bad_image"),
        ({"floor": (0, 0, 1)}, "update_bad_image"),
        ({"data": b"", "digest": bytes(32)}, "update_too_large"),
    ],
    ids=["sum", "version", "floor", "empty"],
)
def test_what_is_vouched_for_must_be_what_comes(board: Bench, other: dict[str, object], code: str) -> None:
    update = BoardUpdate(Liar(NEW, **other))  # type: ignore[arg-type]
    with board.running(update):
        until(lambda: update.progress.state == "failed")
    assert update.failed is not None and update.failed.code == code
    assert board.board.starts == 1


def test_whatever_answer_is_lost_it_comes_to_its_end(board: Bench) -> None:
    """The cable out for a moment again and again, until the board has restarted and is healthy."""
    update = BoardUpdate(NEW)
    with board.running(update):
        for _ in range(60):
            threading.Event().wait(0.3)
            if update.progress.state in ("done", "failed"):
                break
            board.board.unplug()
            board.board.plug()
        until(lambda: update.progress.state in ("done", "failed"))
    assert update.failed is None


def test_the_good_record_survives_a_torn_one(board: Bench) -> None:
    """Whichever of the two files was being written when the power went, the other one is whole."""
    assert brought(board, NEW).progress.state == "done"
    board.board.cut_power()
    for number in (0, 1):
        record = board.flash / f"boot.{number}"
        data = record.read_bytes()
        record.write_bytes(data[: len(data) // 2])
        board.board.power()
        assert brought(board, NEW).progress.state == "done"
        board.board.cut_power()
    board.board.power()
