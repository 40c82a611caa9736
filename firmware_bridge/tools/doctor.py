"""What is wrong with a reader, and what to do: one line for each thing looked at."""

from __future__ import annotations

import grp
import os
from collections.abc import Callable
from dataclasses import dataclass

from firmware_bridge.errors import BridgeError
from firmware_bridge.tools.ports import serial_ports
from firmware_bridge.tools.talk import Answer, identify
from firmware_bridge.wire import board_frame as wire

_GROUP = "dialout"


@dataclass(frozen=True, slots=True)
class Finding:
    """well: nothing to do. what: thing looked at. words: what was found, and what to do about it."""

    well: bool
    what: str
    words: str


def examine(path: str, baud: int, clock: Callable[[], float], ask: Callable[..., Answer] = identify) -> list[Finding]:
    """Everything about one port. path: as in kiosk.toml, with or without board: and #ID."""
    expects_board, device, board_id = _parts(path)
    answer = ask(device, baud, clock)
    findings = [_name(device), _answers(answer)]
    if answer.kind == "board":
        findings += _board(answer, board_id)
    if answer.kind in ("board", "pn532") and (answer.kind == "board") != expects_board:
        findings.append(_named_otherwise(answer, device))
    return findings


def machine() -> list[Finding]:
    """What this machine lacks for any reader."""
    ports = serial_ports()
    if not ports:
        return [
            Finding(False, "ports", "port_missing: no serial port is here. Plug the reader in; on a Pi's header turn its port on")
        ]
    return [Finding(True, "ports", f"{len(ports)} here"), _rights()]


def _parts(path: str) -> tuple[bool, str, str]:
    device, _, board_id = path.removeprefix("board:").partition("#")
    return path.startswith("board:"), device, board_id


def _name(device: str) -> Finding:
    if "/by-id/" in device or device.endswith("/serial0"):
        return Finding(True, "name", "stays with the device")
    found = next(
        (port.path for port in serial_ports() if port.stable and os.path.realpath(port.path) == os.path.realpath(device)), ""
    )
    advice = f"write {found} instead" if found else "there is no other here"
    return Finding(not found, "name", f"{device} may be another device after a restart; {advice}")


def _answers(answer: Answer) -> Finding:
    if answer.error is None:
        return Finding(True, "answer", answer.detail)
    return Finding(False, "answer", said(answer.error))


def said(error: BridgeError) -> str:
    """An error with everything a technician can try, in the order of ease."""
    more = _MORE.get(error.code, ())
    return " ".join([f"{error.code}: {error.tried}. {error.hint}.", *more])


def _board(answer: Answer, board_id: str) -> list[Finding]:
    findings = []
    if answer.hello is not None and board_id and answer.hello.board_id != board_id:
        findings.append(Finding(False, "board", f"board_other: {board_id} is expected. Plug it in, or mend the id in kiosk.toml"))
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
    words = {
        wire.CHIP_OK: "works",
        wire.CHIP_STARTING: "is starting; ask again in a moment",
        wire.CHIP_SILENT: "board_chip_silent: check its plug on the board and that its switches select HSU (UART)",
        wire.CHIP_WRONG: "board_chip_wrong: it is no PN532; use one",
    }
    return Finding(state in (wire.CHIP_OK, wire.CHIP_STARTING), "NFC chip", words.get(state, f"state {state}, of newer firmware"))


def _named_otherwise(answer: Answer, device: str) -> Finding:
    right = f"board:{device}" if answer.kind == "board" else device
    return Finding(False, "kiosk.toml", f'the port is named as another kind; write port = "{right}"')


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
    return Finding(
        False, "rights", "port_forbidden: you are not in the group dialout. Run: sudo adduser $USER dialout, then sign in again"
    )


# What can be tried beyond the hint of the error itself.
_MORE = {
    "port_missing": ("Another cable is worth a try: some carry power only.",),
    "port_busy": ("See who has it: fuser -v PORT. Stop the kiosk before you look at its reader: systemctl stop shopbell-kiosk.",),
    "port_forbidden": ("Run: sudo adduser $USER dialout, then sign in again.",),
    "reader_silent": (
        "No light on the board: no power.",
        "A light, and still silent: swap TX and RX; set both switches to HSU; a board without firmware is silent too.",
    ),
    "reader_garbage": (
        "A GPS, a modem or a printer sends such bytes: is it the right port?",
        "If the speed of the chip was changed, give it with --baud.",
    ),
    "reader_echo": ("On a Pi the serial console does this: turn it off with raspi-config, Interface Options, Serial Port.",),
    "reader_wrong_chip": ("Boards sold as RC522, PN5180 or ACR122 look alike.",),
    "reader_stopped": ("It answers now and then: a thin cable or a weak supply is likely. Try another of both.",),
    "board_protocol": ("Kiosk and board are of different years: update the older one first.",),
}
