"""What is wrong with a reader or a scanner, and what to do: one line for each thing looked at."""

from __future__ import annotations

import grp
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from firmware_bridge.card_read import CardRead, CardTrouble, ReaderEvent, ReaderState
from firmware_bridge.errors import BridgeError
from firmware_bridge.open_reader import BOARD, SIMULATED, Reader, Reset, open_reader
from firmware_bridge.open_scanner import open_scanner
from firmware_bridge.remedies import REMEDIES, Remedy
from firmware_bridge.session.board_memory import CHIP_DOWN
from firmware_bridge.stable_names import device_of, stable_name
from firmware_bridge.tools.holders import held_by
from firmware_bridge.tools.ports import serial_ports
from firmware_bridge.tools.present import simulated_status
from firmware_bridge.tools.talk import Answer, identify, try_reset
from firmware_bridge.tools.words import explained, masked
from firmware_bridge.wire import board_frame as wire

_GROUP = "dialout"
# What it looks like that another program has a device.
_TAKEN = ("port_busy", "camera_unopened")
# Within this a device that can be opened is open; a typing scanner is grabbed at once.
OPEN_WITHIN_S = 3.0

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Finding:
    """well: nothing to do. what: thing looked at. words: what was found, and what to do about it."""

    well: bool
    what: str
    words: str


def examine(port: str, baud: int, clock: Clock, reset: Reset = None) -> list[Finding]:
    """Everything about a reader. port, baud, reset: as in firmware_bridge.open_reader. Raises MisuseError."""
    open_reader(port, name="asked", clock=clock, baud=baud)  # judges the port's name
    if port.startswith(SIMULATED):
        return [_simulated(port)]
    device, board_id = device_of(port), port.partition("#")[2]
    reset = None if port.startswith(BOARD) else reset  # a board resets its chip by itself
    answer = identify(device, baud, clock, reset=reset)
    findings = [named(device), *_answers(answer, device, baud, clock, reset)]
    if answer.kind == "board":
        findings += _board(answer, board_id)
    if answer.kind in ("board", "pn532") and (answer.kind == "board") != port.startswith(BOARD):
        right = f"{BOARD}{device}" if answer.kind == "board" else device
        findings.append(_ill("kiosk.toml", "port_named_otherwise", f'write port = "{right}"'))
    return findings


def examine_scanner(
    port: str, clock: Clock, *, baud: int = 9600, layout: str = "us", prefix: str = "", listen_s: float = 0.0
) -> list[Finding]:
    """Everything about a scanner; the arguments of firmware_bridge.open_scanner. listen_s: seconds to wait for a code to be held
    to it, for it is silent until then. Raises MisuseError."""
    scanner = open_scanner(port, name="asked", clock=clock, baud=baud, layout=layout, prefix=prefix)
    if port.startswith(SIMULATED):
        return [_simulated(port)]
    device = device_of(port)
    events = watch(scanner, OPEN_WITHIN_S, listen_s, for_a_read=True)
    return [named(device), told(events, device), *_heard(events, listen_s)]


def machine() -> list[Finding]:
    """What this machine lacks for any reader."""
    ports = serial_ports()
    if not ports:
        return [
            _ill("ports", "port_missing", "there is no serial port at all; on a Pi's header turn its port on with raspi-config")
        ]
    return [Finding(True, "ports", f"{len(ports)} here"), _rights()]


def named(device: str) -> Finding:
    """Whether the configured name stays with the device."""
    found = stable_name(device)
    if found is not None:
        return _ill("name", "port_unstable", f"instead of {device} write {found}")
    stays = "/by-id/" in device or device.endswith("/serial0")
    return Finding(True, "name", "stays with the device" if stays else f"{device} has no name that stays with it here")


def watch(device: Reader, first_s: float, then_s: float, *, for_a_read: bool = False) -> list[ReaderEvent]:
    """What the kiosk's own driver says of a device: whether it is up within first_s seconds, and what comes within then_s after
    that, until it is down; for_a_read: or until something was read."""
    events: list[ReaderEvent] = []
    begun, done, stop = threading.Event(), threading.Event(), threading.Event()

    def deliver(event: ReaderEvent) -> None:
        events.append(event)
        begun.set()
        if not event.up if isinstance(event, ReaderState) else for_a_read:
            done.set()

    thread = threading.Thread(target=device.run, args=(deliver, stop), name="examined", daemon=True)
    thread.start()
    if begun.wait(first_s):
        done.wait(then_s)
    stop.set()
    thread.join()
    return events


def told(events: list[ReaderEvent], device: str) -> Finding:
    """What a driver said last of its device. device: its path, or empty for one that has none."""
    states = [event for event in events if isinstance(event, ReaderState)]
    if not states:
        return Finding(False, "answer", f"opening {device} does not come to an end: unplug it and plug it in again")
    if states[-1].up:
        return Finding(True, "answer", states[-1].hint or "it works")
    words = f"{states[-1].code}: {states[-1].hint.rstrip('.')}."
    return Finding(False, "answer", words + _held_by(states[-1].code, device))


def codes_read(events: list[ReaderEvent]) -> list[Finding]:
    """The codes among what a driver said, and why there were none."""
    seen = {masked(event.value): event.symbology or "no kind named" for event in events if isinstance(event, CardRead)}
    bad = sorted({event.code for event in events if isinstance(event, CardTrouble)})
    return [Finding(True, "code", f"{value} ({symbology})") for value, symbology in sorted(seen.items())] + [
        _ill("code", code) if code in REMEDIES else Finding(False, "code", code) for code in bad
    ]


def unusable(error: BridgeError) -> Finding:
    """What cannot even be looked at."""
    return Finding(False, "kiosk.toml", explained(error))


def every_port(baud: int, clock: Clock) -> Iterator[tuple[str, list[Finding]]]:
    """This machine, and each of its serial ports: a title and what was found."""
    yield "this machine", machine()
    for port in serial_ports():
        yield port.path, examine(port.path, baud, clock)


def in_words(remedy: Remedy, more: str = "") -> str:
    """Code, meaning, what to do; more: what was found here, without its full stop."""
    return f"{remedy.code}: {remedy.means}. {remedy.mend}." + (f" Here: {more}." if more else "")


def _ill(what: str, code: str, more: str = "") -> Finding:
    return Finding(False, what, in_words(REMEDIES[code], more))


def _simulated(port: str) -> Finding:
    try:
        status = simulated_status(Path(port.removeprefix(SIMULATED)))
    except BridgeError as error:
        return Finding(False, "answer", explained(error))
    return Finding(True, "answer", f"a simulated one; its cable is {'in' if status.get('tty') else 'out'}")


def _held_by(code: str, device: str) -> str:
    found = held_by(device) if code in _TAKEN else ""
    return f" {found}." if found else ""


def _answers(answer: Answer, device: str, baud: int, clock: Clock, reset: Reset) -> list[Finding]:
    said = Finding(True, "answer", answer.detail)
    if answer.error is not None:
        said = Finding(False, "answer", explained(answer.error) + _held_by(answer.error.code, device))
    if reset is None or answer.kind == "board" or (answer.error is not None and answer.error.code.startswith("port_")):
        return [said]
    try:
        held, after = try_reset(device, baud, clock, reset)
    except BridgeError as error:
        return [said, Finding(False, "reset", explained(error))]
    return _reset(said, held, after)


def _reset(said: Finding, held: Answer, after: Answer) -> list[Finding]:
    """held: what answered while the reset was held. after: when it was let go."""
    if held.error is None:
        return [said, _ill("reset", "reset_unwired")]
    if after.error is None and not said.well:
        return [Finding(True, "answer", f"the chip had frozen, and its reset has brought it back: {after.detail}")]
    if after.error is None:
        return [said, Finding(True, "reset", "held, the reader is silent; let go, it answers")]
    return [said, Finding(False, "reset", "held and let go, and nothing has changed: cut the reader's power for ten seconds")]


def _board(answer: Answer, board_id: str) -> list[Finding]:
    findings = []
    if answer.hello is not None and board_id and answer.hello.board_id != board_id:
        findings.append(_ill("board", "board_other", f"{board_id} is expected"))
    if answer.hello is not None and answer.hello.on_trial:
        findings.append(Finding(True, "firmware", "new and on trial; it is kept when a kiosk has used it for some seconds"))
    if answer.status is not None:
        findings.append(_chip(answer.status.chip))
        if answer.status.dropped:
            findings.append(
                Finding(True, "reports", f"{answer.status.dropped} taps were given up since it started: nobody listened")
            )
    return findings


def _chip(state: int) -> Finding:
    if state in CHIP_DOWN:
        return _ill("NFC chip", CHIP_DOWN[state])
    words = {wire.CHIP_OK: "works", wire.CHIP_STARTING: "is starting; ask again in a moment"}
    return Finding(state in words, "NFC chip", words.get(state, f"state {state}, of newer firmware"))


def _heard(events: list[ReaderEvent], listen_s: float) -> list[Finding]:
    found = codes_read(events)
    if found or not any(isinstance(event, ReaderState) and event.up for event in events):
        return found
    if listen_s:
        tried = f"nothing came in {listen_s:g} s"
        return [Finding(False, "code", f"{tried}: does it beep at a code? Set it to USB-CDC (serial) by its maker's setup sheet")]
    return [Finding(True, "code", "it is silent until it reads one; to see that: shopbell reader doctor --listen 10")]


def _rights() -> Finding:
    if os.geteuid() == 0:
        return Finding(
            True, "rights", "root may open every port; the kiosk's own user may not, unless it is in the group dialout"
        )
    try:
        group = grp.getgrnam(_GROUP).gr_gid
    except KeyError:
        return Finding(True, "rights", "this system has no group dialout")
    if group in os.getgroups():
        return Finding(True, "rights", "you are in the group dialout")
    return _ill("rights", "port_forbidden", "you are not in the group dialout")
