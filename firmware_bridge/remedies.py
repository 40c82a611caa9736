"""What every code at the door means and what mends it: the one table that health, doctor and docs/reader.md read. Pure data.

Words for a technician, the likeliest or easiest first. The kiosk keeps those of its camera beside the camera.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remedy:
    """means: what is the matter, in half a sentence. mend: what to do, in whole sentences, without the last full stop."""

    code: str
    means: str
    mend: str

    @property
    def whole(self) -> str:
        """Both, for where nothing else says what is the matter."""
        return f"{self.means[:1].upper()}{self.means[1:]}. {self.mend}"


def table(*remedies: Remedy) -> dict[str, Remedy]:
    """By code; each stands once."""
    found = {remedy.code: remedy for remedy in remedies}
    assert len(found) == len(remedies), "a code stands twice"
    return found


PORTS = table(
    Remedy(
        "port_missing",
        "there is no such port",
        "Plug the device in, or mend its name. Another cable is worth a try: some carry power only",
    ),
    Remedy(
        "port_busy",
        "another program has it",
        "End that program: fuser -v and the port's name show which it is; ModemManager and a second kiosk are the usual ones. "
        "To look at a reader yourself, stop the kiosk first: systemctl stop shopbell-kiosk",
    ),
    Remedy(
        "port_forbidden",
        "the kiosk may not open it",
        "Add the kiosk's user to the group the device belongs to (dialout for a port, input for a scanner that types), "
        "then start the kiosk again: sudo adduser USER dialout. You yourself sign in again",
    ),
    Remedy(
        "port_lost",
        "it was unplugged, or lost its power, while it was open",
        "Look at the cable and the power supply, and plug it in again; it is opened again when it is back",
    ),
    Remedy("port_not_serial", "the path is no serial port", "Name the port of the device, best one under /dev/serial/by-id/"),
    Remedy(
        "port_unstable",
        "the name may mean another device after a restart",
        "Write the name that stays with the device into kiosk.toml",
    ),
    Remedy(
        "port_named_otherwise",
        "another kind of reader is at the port than its name says",
        "A port with board: before it is a reader board's, one without a bare PN532's; mend port in kiosk.toml",
    ),
    Remedy(
        "reset_unavailable",
        "the port has no such line",
        "Take reset out of the configuration, or wire a GPIO pin of the machine and name it as reset_pin",
    ),
    Remedy(
        "reset_unwired",
        "the reader answers although its reset is held",
        "Wire the line or pin to RSTPDN of the PN532, or take reset and reset_pin out of the configuration",
    ),
    Remedy(
        "keys_missing",
        "the library for input devices is not installed",
        "Install python3-evdev with apt and give Shopbell's environment the system's packages; or set the scanner to serial",
    ),
    Remedy(
        "port_not_keys",
        "the path is no input device",
        "Name the scanner's device: it is under /dev/input/by-id/ and ends in -event-kbd",
    ),
    Remedy(
        "simulated_missing",
        "no simulated device listens at the socket",
        "It lives in its kiosk: start that one (shopbell demo), or by hand: shopbell reader simulate board",
    ),
)

READERS = table(
    Remedy(
        "reader_silent",
        "nothing answers at the port",
        "Did it read before? Then its chip has frozen: cut its power for ten seconds. No light on it: it has no power. "
        "A new one: set both of its switches to HSU (UART), and cross TX and RX",
    ),
    Remedy(
        "reader_frozen",
        "it read until now, its port is there, and nothing answers: its chip has frozen",
        "Cut its power for ten seconds: unplug the reader, wait, plug it in. No light on it: it has no power. "
        "So that the kiosk does this by itself, wire its reset and name it in kiosk.toml (reset or reset_pin)",
    ),
    Remedy(
        "reader_stopped",
        "it worked, and answers no more or only now and then",
        "It is opened again by itself; if this goes on, cut its power for ten seconds. "
        "Again and again: a thin cable or a weak supply is likely, try another of both",
    ),
    Remedy(
        "reader_garbage",
        "something answers that is no PN532",
        "Check that the port is the reader's: a GPS, a modem or a printer sends such bytes. "
        "Check the baud rate (115200 unless the chip's was changed); a reader board has board: before its port",
    ),
    Remedy(
        "reader_echo",
        "our own bytes come back",
        "TX and RX touch, or the port is a terminal: check the wiring and the port's name. "
        "On a Pi the serial console does this: turn it off with raspi-config, Interface Options, Serial Port",
    ),
    Remedy(
        "reader_wrong_chip",
        "a chip of the family, but no PN532",
        "Use a PN532 or a reader board. Boards sold as RC522, PN5180 or ACR122 look alike",
    ),
    Remedy(
        "reader_faulty",
        "the chip's own test of its memory fails",
        "Cut its power for ten seconds; if it stays so, replace the reader",
    ),
)

BOARDS = table(
    Remedy(
        "board_chip_silent",
        "the board lives, its NFC chip does not answer",
        "Did it read before? Then its chip has frozen: unplug the board for ten seconds. "
        "A new one: check the chip's plug on the board, and that its switches select HSU (UART)",
    ),
    Remedy("board_chip_wrong", "the NFC chip on the board is no PN532", "Put a PN532 there"),
    Remedy(
        "board_other",
        "a board answers, but not the one that is named",
        "Plug in the one that is named, or mend the id behind # in kiosk.toml",
    ),
    Remedy(
        "board_protocol",
        "board and kiosk speak different versions of the wire",
        "Update the older of the two: the kiosk, or the board with shopbell reader update",
    ),
)

SCANS = table(
    Remedy(
        "scan_cut",
        "a code came without its end",
        "Set the scanner's suffix to CR (its setup sheet says how), and look at the cable",
    ),
    Remedy("scan_too_long", "a code of more than 490 characters", "It is no member's; nothing to mend"),
    Remedy("scan_alphabet", "a code with other than printable characters", "Check the baud rate, and that its words are ASCII"),
    Remedy(
        "scan_programming",
        "a setup code of the scanner was held to it",
        "Lock the scanner against setup codes (its setup sheet says how), and see that it still ends codes with CR",
    ),
    Remedy("scan_no_code", "the scanner's own message or keys", "Switch its messages off; nothing to mend if it was once"),
    Remedy(
        "scan_typed",
        "keys came as slowly as fingers press them",
        "Name the scanner, not the keyboard; set the scanner's delay between keys to none",
    ),
    Remedy("scan_keys", "a chord or a key that is in no code", "Set the scanner to plain text, without function keys"),
    Remedy("scan_prefix", "a code without the prefix that is configured", "Mend prefix in kiosk.toml, or the scanner's"),
)

GENERAL = table(
    Remedy("bridge", "a fault without a name of its own", "Send the log to support"),
    Remedy("frame_bad", "bytes that are not what they should be", "Look at the cable, and at what lies beside it"),
    Remedy("misuse", "something was asked for that cannot be meant", "Mend what was written; the message names it"),
    Remedy("reader_gone", "the port vanished or cannot be opened", "Look at the cable and the power; it is tried again for ever"),
    Remedy("not_a_reader", "what is at the port is no reader we know", "Check the port's name"),
)

REMEDIES: dict[str, Remedy] = {**PORTS, **READERS, **BOARDS, **SCANS, **GENERAL}


def mend(code: str) -> str:
    """What to do; for a code that has no words of its own, what to do in any case."""
    return REMEDIES.get(code, GENERAL["bridge"]).mend
