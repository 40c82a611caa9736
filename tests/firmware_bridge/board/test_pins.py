"""pins_rp2040.py cannot meet its hardware here. With recorders in place of `machine` and `neopixel`, under MicroPython, it is at
least seen to ask for what docs/reader_board.md promises."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import firmware_bridge.board
from tests.support.needs import needs

RECORDERS = {
    "machine.py": """
log = []
class Recorder:
    def __init__(self, *words, **options):
        log.append((type(self).__name__, words, options))
class Pin(Recorder):
    IN, PULL_UP = "in", "up"
    level = 1
    def __init__(self, number, *words):
        self.number = number
        log.append(("Pin", number) + words)
    def value(self):
        return Pin.level
class PWM(Recorder):
    def __init__(self, pin):
        log.append(("PWM", pin.number))
    def freq(self, hertz):
        log.append(("freq", hertz))
    def duty_u16(self, duty):
        log.append(("duty", duty))
class WDT(Recorder):
    def feed(self):
        log.append(("feed",))
class UART:
    def __init__(self, number, baud, tx, rx, rxbuf):
        log.append(("UART", number, baud, tx.number, rx.number))
    def read(self):
        return None
    def write(self, data):
        log.append(("sent", data))
def unique_id():
    return b"12345678"
""",
    "neopixel.py": """
import machine
class NeoPixel:
    def __init__(self, pin, count):
        machine.log.append(("ring", pin.number, count))
    def fill(self, colour):
        machine.log.append(("fill", colour))
    def write(self):
        machine.log.append(("shown",))
""",
    "check.py": """
import machine
import pins_rp2040
pins = pins_rp2040.Pins()
log = machine.log
assert ("UART", 1, 115200, 4, 5) in log and ("ring", 16, 12) in log and ("PWM", 18) in log and ("Pin", 20, "in", "up") in log
assert ("WDT", (), {"timeout": 8000}) in log
del log[:]
pins.light((1, 2, 3)); pins.light((1, 2, 3)); pins.tone(2000); pins.tone(2000); pins.tone(0); pins.feed()
assert log == [("fill", (1, 2, 3)), ("shown",), ("freq", 2000), ("duty", 32768), ("duty", 0), ("feed",)], log
assert not pins.button()
machine.Pin.level = 0
assert pins.button()
assert pins.chip.read() == b"" and pins.board_id() == b"12345678"
pins.chip.write(b"x")
assert log[-1] == ("sent", b"x")
assert pins.since(pins.ticks(), pins.ticks()) <= 0
print("as promised")
""",
}


LOADER = """
import sys
import machine
machine.Pin.level = int(sys.argv[1])
class Reset(BaseException):
    pass
def reset():
    raise Reset()
machine.reset = reset
import loader
try:
    loader.run()
    print("to the prompt")
except Reset:
    print("reset")
print([entry for entry in machine.log if entry[0] == "WDT"])
"""


@pytest.mark.parametrize(
    ("level", "trial", "said"),
    [
        (0, "", "to the prompt\n[]\n"),
        (1, "", "ran\nreset\n[]\n"),
        (1, "a", "ran\nreset\n[('WDT', (), {'timeout': 8300})]\n"),
    ],
    ids=["button held", "good", "on trial"],
)
def test_the_loader_at_the_board(tmp_path: Path, level: int, trial: str, said: str) -> None:
    """A held button leaves the board to whoever copies files; an image on trial is watched before it begins."""
    folder = Path(firmware_bridge.board.__file__).parent
    for name in ("loader.py", "record.py"):
        (tmp_path / name).write_text((folder / name).read_text())
    (tmp_path / "machine.py").write_text(RECORDERS["machine.py"])
    (tmp_path / "check.py").write_text(f"import record\nrecord.Record(0, 'a', {trial!r}).save()\n" + LOADER)
    (tmp_path / "slot_a").mkdir()
    (tmp_path / "slot_a" / "app.py").write_text("def run(record, slot):\n    print('ran')\n")
    result = subprocess.run(
        [needs("micropython"), "check.py", str(level)], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (result.stdout, result.stderr) == (said, "")


def test_the_pins_ask_for_what_the_docs_promise(tmp_path: Path) -> None:
    source = Path(firmware_bridge.board.__file__).with_name("pins_rp2040.py")
    (tmp_path / "pins_rp2040.py").write_text(source.read_text())
    for name, text in RECORDERS.items():
        (tmp_path / name).write_text(text)
    result = subprocess.run([needs("micropython"), "check.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (result.stdout, result.stderr) == ("as promised\n", "")
