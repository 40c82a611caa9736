"""A camera's frames are as old as they are, whatever the driver keeps: with a driver that is played, in virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import pytest

from kiosk.devices.camera_frames import MOST_WAITING, Clocks, live_frames
from kiosk.devices.camera_judge import OLDEST_S, CameraJudge
from kiosk.devices.camera_words import SeenCode, SeenFrame

FPS, EVERY_S = 8.0, 1 / 30
ASLEEP_S = 5000.0


@dataclass
class Driver:
    """A camera of 30 frames a second whose driver keeps `depth` frames, oldest first; stuck: it hands out the first for ever.

    A frame is the moment it was taken at.
    """

    depth: int
    stamped: bool = True
    stuck: bool = False
    now: float = 100.0
    kept: list[float] = field(default_factory=list)
    last: float = 0.0
    taken: float = 100.0

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        while self.taken + EVERY_S <= self.now:
            self.taken += EVERY_S
            if len(self.kept) < self.depth:
                self.kept.append(self.taken)

    def grab(self) -> bool:
        if not self.kept:
            self.pass_time(self.taken + EVERY_S - self.now + 1e-6)
        self.last = self.kept[0] if self.stuck else self.kept.pop(0)
        self.pass_time(0.0002)
        return True

    def retrieve(self) -> tuple[bool, float]:
        return True, self.last

    def stamp_ms(self) -> float:
        return self.last * 1000 if self.stamped else 0.0

    def frames(self) -> Iterator[tuple[float, float]]:
        clocks = Clocks(lambda: self.now, lambda: self.now + ASLEEP_S)
        return live_frames(self, self.stamp_ms, FPS, clocks)


@pytest.mark.parametrize("depth", [1, 4])
@pytest.mark.parametrize("stamped", [True, False])
def test_what_lay_in_the_driver_is_not_shown(depth: int, stamped: bool) -> None:
    driver = Driver(depth, stamped)
    for at, taken in islice(driver.frames(), 20):
        assert driver.now - taken <= 2 * EVERY_S, "fresh"
        assert at - ASLEEP_S == pytest.approx(taken, abs=1e-6) if stamped else at - ASLEEP_S <= taken + EVERY_S
        driver.pass_time(2.5)  # reading takes long, and frames pile up


def test_a_stuck_driver_gives_no_read() -> None:
    """Its frames are dated by their own stamp, so the judge sees how old they are."""
    driver, judge = Driver(4, stuck=True), CameraJudge()
    verdicts = []
    for number, (at, _) in enumerate(islice(driver.frames(), 30)):
        verdicts.append(judge.look(SeenFrame(number, at, number, 1, 1, [SeenCode("KR-MARIA", "]Q1")]), driver.now + ASLEEP_S))
        driver.pass_time(OLDEST_S)
    assert any(verdict.late for verdict in verdicts)
    assert [code for verdict in verdicts[2:] for code in verdict.codes] == []


def test_a_stamp_of_another_clock_is_not_believed() -> None:
    driver = Driver(1)
    clocks = Clocks(lambda: driver.now, lambda: driver.now)
    for at, taken in islice(live_frames(driver, lambda: 1_700_000_000_000.0, FPS, clocks), 3):
        assert taken - EVERY_S <= at <= driver.now


def test_frames_come_no_faster_than_asked_and_end_with_the_camera() -> None:
    driver = Driver(2)
    moments = [at for at, _ in islice(driver.frames(), 9)]
    assert moments[-1] - moments[0] >= 8 / FPS - EVERY_S
    driver.grab = lambda: False  # type: ignore[method-assign]  # unplugged
    assert list(driver.frames()) == []
    assert MOST_WAITING > 4, "more than drivers keep"
