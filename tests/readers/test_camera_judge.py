"""Two frames agree, a hint lasts, a picture stands still: judged without a camera."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.devices.camera_judge import AGREE_WITHIN_S, FROZEN_S, HINT_EVERY_S, LATE_S, OLDEST_S, SAME_S, CameraJudge
from kiosk.devices.camera_words import CameraTrouble, SeenCode, SeenFrame, missing_in, read_word, written

QR, EAN = SeenCode("KR-MARIA", "]Q1"), SeenCode("2012345678903", "]E0")


def frame(number: int, at: float, *codes: SeenCode, mark: int | None = None, hint: str | None = None) -> SeenFrame:
    return SeenFrame(number, at, number if mark is None else mark, 1280, 720, list(codes), hint)  # type: ignore[arg-type]


def told(frames: list[SeenFrame]) -> list[str]:
    judge = CameraJudge()
    return [code.text for one in frames for code in judge.look(one, one.at).codes]


def test_one_frame_is_no_read() -> None:
    assert told([frame(1, 1.0, QR), frame(2, 1.1), frame(3, 1.2)]) == []


def test_two_frames_are() -> None:
    assert told([frame(1, 1.0, QR), frame(2, 1.1, QR), frame(3, 1.2, QR)]) == ["KR-MARIA"]


def test_another_text_or_symbol_does_not_agree() -> None:
    assert told([frame(1, 1.0, QR), frame(2, 1.1, SeenCode("KR-MARIE", "]Q1")), frame(3, 1.2, SeenCode("KR-MARIA", "]C0"))]) == []


def test_the_same_pixels_twice_are_one_frame() -> None:
    assert told([frame(1, 1.0, QR, mark=7), frame(2, 1.1, QR, mark=7)]) == []


def test_agreement_has_its_time() -> None:
    assert told([frame(1, 1.0, QR), frame(2, 1.0 + AGREE_WITHIN_S + 0.1, QR)]) == []
    assert told([frame(1, 1.0, QR), frame(2, 1.5), frame(3, 1.9, QR)]) == ["KR-MARIA"]


def test_held_there_it_is_one_read_and_shown_again_another() -> None:
    held = [frame(at, 1.0 + at * 0.5, QR) for at in range(20)]
    assert told(held) == ["KR-MARIA"]
    later = 11.0 + SAME_S
    assert told([*held, frame(30, later, QR), frame(31, later + 0.1, QR)]) == ["KR-MARIA", "KR-MARIA"]


def test_two_codes_at_once_are_two() -> None:
    assert sorted(told([frame(1, 1.0, QR, EAN), frame(2, 1.1, EAN, QR)])) == ["2012345678903", "KR-MARIA"]


def test_old_frames_say_nothing() -> None:
    judge = CameraJudge()
    for number in (1, 2, 3):
        assert judge.look(frame(number, 1.0 + number / 10, QR), 1.0 + number / 10 + OLDEST_S + 0.1).codes == []


def test_nothing_but_old_frames_is_late_and_one_in_time_ends_that() -> None:
    judge, behind = CameraJudge(), OLDEST_S + 0.1

    def late(at: float, behind: float) -> bool:
        return judge.look(frame(round(at * 10), at), at + behind).late

    assert [late(at, behind) for at in (1.0, 2.0, 1.0 + LATE_S - 0.1)] == [False] * 3
    assert late(1.1 + LATE_S, behind)
    assert not late(5.5, 0.1)
    assert [late(at, behind) for at in (6.0, 6.0 + LATE_S - 0.1, 6.1 + LATE_S)] == [False, False, True]


def test_a_picture_that_stands_still() -> None:
    judge = CameraJudge()
    assert not judge.look(frame(1, 1.0, mark=5), 1.0).frozen
    assert not judge.look(frame(2, 1.0 + FROZEN_S - 0.1, mark=5), 3.9).frozen
    assert judge.look(frame(3, 1.0 + FROZEN_S, QR, mark=5), 4.0).frozen
    assert not judge.look(frame(4, 4.2, mark=6), 4.2).frozen


def test_a_hint_lasts_before_it_is_said_and_is_not_repeated_soon() -> None:
    judge = CameraJudge()
    said = [judge.look(frame(at, 1.0 + at * 0.4, hint="glare"), 1.0 + at * 0.4).hint for at in range(20)]
    assert said.count("glare") == 1
    assert said[:2] == [None, None]
    again = [
        judge.look(frame(at, 2.0 + HINT_EVERY_S + at * 0.4, hint="glare"), 2.0 + HINT_EVERY_S + at * 0.4).hint for at in range(5)
    ]
    assert again.count("glare") == 1


def test_hints_that_contradict_each_other_and_codes_say_nothing() -> None:
    judge = CameraJudge()
    hints = ["glare", "closer", "glare", "closer"]
    assert [judge.look(frame(at, 1.0 + at * 0.4, hint=hint), 1.0 + at * 0.4).hint for at, hint in enumerate(hints)] == [None] * 4
    judge.look(frame(9, 2.8, QR), 2.8)
    assert judge.look(frame(10, 2.9, hint="glare"), 2.9).hint is None


codes = st.lists(st.sampled_from([QR, EAN]), max_size=2, unique=True)


@given(st.lists(st.tuples(st.floats(0.01, 3), st.integers(0, 3), codes), max_size=60))
def test_never_more_reads_than_pairs_of_frames(steps: list[tuple[float, int, list[SeenCode]]]) -> None:
    judge, at, seen, reads = CameraJudge(), 0.0, 0, 0
    for number, (pause, mark, shown) in enumerate(steps):
        at += pause
        verdict = judge.look(SeenFrame(number, at, mark, 1280, 720, shown), at)
        seen, reads = seen + len(shown), reads + len(verdict.codes)
        assert set(verdict.codes) <= set(shown)
        assert len(judge._sights) <= 2
    assert reads <= seen / 2


def test_words_come_back_as_they_were() -> None:
    for word in (frame(1, 1.5, QR, EAN, hint="closer"), CameraTrouble("camera_missing", "cv2")):
        assert read_word(written(word).rstrip(b"\n")) == word


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"x" * 20_000,
        b"[" * 16_000,
        b"\xff\xfe",
        b'{"type":"frame"}',
        b'{"type":"picture","data":"..."}',
        b'{"type":"trouble","code":"camera_\xcd"}',
        b'{"type":"trouble","code":"camera_missing","about":"/opt/somewhere/cv2.so"}',
        b'{"type":"trouble","code":"camera_missing","about":"cv2\\n"}',
    ],
)
def test_what_is_no_word(line: bytes) -> None:
    assert read_word(line) is None


@given(st.binary(max_size=300))
def test_any_bytes_are_a_word_or_none(line: bytes) -> None:
    word = read_word(line)
    assert word is None or isinstance(word, SeenFrame | CameraTrouble)


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (ModuleNotFoundError("No module named 'cv2'", name="cv2"), "cv2"),
        (ImportError("libGL.so.1: cannot open shared object file: No such file or directory", name="cv2"), "libGL.so.1"),
        (ImportError("/opt/kiosk/cv2/cv2.abi3.so: undefined symbol: PyFoo", name="cv2"), "cv2.abi3.so"),
        (ImportError("cannot import name 'x' from 'cv2' (/opt/kiosk/cv2/__init__.py)", name="cv2"), "cv2"),
        (ImportError("DLL load failed", name="/opt/kiosk/cv2"), ""),
        (ImportError("numpy is too old"), ""),
    ],
)
def test_what_is_missing_is_told_by_its_name_alone(error: ImportError, name: str) -> None:
    assert missing_in(error) == name
    word = CameraTrouble("camera_missing", missing_in(error))
    assert read_word(written(word).rstrip(b"\n")) == word
