"""`shopbell tap CARD`: present a card or a code to the simulated reader and scanner of a running demo."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import click
import msgspec

from edge.demo import nfc_kinds
from edge.demo.layout import Layout, default_folder
from edge.demo.reader_words import request_of
from edge.process.commands import HELP, tells_operator
from edge.process.errors import OperatorError

_UID = re.compile(r"(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{14}|[0-9A-Fa-f]{20})\Z")
_ANSWER_WITHIN_S = 5.0
# As people do it.
TAP_S = 0.6
_HELP = "Say member:NAME, or uid: and 4, 7 or 10 bytes in hex."
_KINDS = "Say member:NAME, uid:HEX, qr:TEXT, code:TEXT, fault:NAME or script:STEPS."
# AIM identifiers (ISO/IEC 15424) of what a scanner names a number of this length; other barcodes are Code 128.
_EAN = {8: "]E4", 12: "]E0", 13: "]E0"}
_QR, _CODE_128 = "]Q1", "]C0"


def scan_of(card: str) -> dict[str, str] | None:
    """`qr:TEXT` or `code:TEXT` (a barcode: EAN or UPC where the digits fit, else Code 128) -> what the scanner is shown.

    None for what is no code. Raises OperatorError `card_invalid` for a code without text.
    """
    kind, _, text = card.partition(":")
    if kind not in ("qr", "code"):
        return None
    if not text:
        raise OperatorError("card_invalid", "presenting a code", f"Write its text behind the colon, such as {kind}:KR-MARIA.")
    if kind == "qr":
        return {"text": text, "symbology": _QR}
    return {"text": text, "symbology": _EAN.get(len(text), _CODE_128) if text.isdecimal() else _CODE_128}


def uid_of(card: str, known: dict[str, str]) -> str:
    """`member:maria`, `uid:04A2...`, or a bare word where only one of them is possible -> the NFC id in hex.

    known: member id -> canonical card id (`nfc:...`), as the demo wrote it down.
    """
    kind, colon, value = card.partition(":")
    if not colon:
        kind, value = ("member", card) if card in known or not _UID.match(card) else ("uid", card)
        if card in known and _UID.match(card):
            raise OperatorError("card_ambiguous", f"presenting {card!r}", f"Say member:{card} or uid:{card}.")
    if kind == "uid":
        if not _UID.match(value):
            raise OperatorError("card_invalid", "presenting a card by its id", _HELP)
        return value.upper()
    if kind == "member":
        if value not in known:
            raise OperatorError("member_unknown", f"presenting the card of {value!r}", f"Members of this demo: {_some(known)}.")
        return known[value].removeprefix("nfc:")
    raise OperatorError("card_kind_unknown", f"presenting a card of kind {kind!r}", _KINDS)


def _some(known: dict[str, str]) -> str:
    names = sorted(known)
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def known_cards(layout: Layout) -> dict[str, str]:
    """The demo's members and their cards, or OperatorError where no demo has been set up."""
    try:
        return msgspec.json.decode(layout.cards.read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        raise OperatorError("demo_missing", f"looking for a demo in {layout.folder}", "Start one: shopbell demo") from None


def ask_reader(path: Path, request: dict[str, object]) -> None:
    """One request to the socket of the simulated reader or scanner, or OperatorError with the reader's own code and hint."""
    tried = "reaching the simulated reader"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
            channel.settimeout(_ANSWER_WITHIN_S)
            channel.connect(str(path))
            channel.sendall(json.dumps(request).encode() + b"\n")
            answer = json.loads(channel.makefile("rb").readline() or b"{}")
    except (FileNotFoundError, ConnectionRefusedError):
        raise OperatorError("demo_not_running", tried, "Start the demo: shopbell demo") from None
    except PermissionError:
        raise OperatorError("reader_not_yours", tried, "Only the user who started the demo can present cards to it.") from None
    except (OSError, ValueError):
        raise OperatorError("reader_silent", tried, "Look at the kiosk's log, or start the demo again.") from None
    if "error" in answer:
        raise OperatorError(answer["error"]["code"], tried, answer["error"]["hint"])


@click.command(context_settings=HELP)
@click.argument("card")
@click.option(
    "--hold",
    "hold_s",
    type=click.FloatRange(0.05, 600),
    help="Seconds on the reader, or of a fault.  [default: 0.6; a fault lasts]",
)
@click.option("--dir", "folder", type=click.Path(path_type=Path), help="The demo's folder, if it is not the usual one.")
@tells_operator
def tap(card: str, hold_s: float | None, folder: Path | None) -> None:
    """Present CARD: member:maria, uid:04A2B3C4D5E6F7, or a bare word where only one of them is possible.

    \b
    Two at once      member:maria+uid:04112233445566
    A kind of card   ntag213@ID=ADDRESS (or ntag215, ntag216, ultralight, type4, desfire), sun:KEY@ID
    A phone          phone, or wallet:apple, wallet:google with a wallet that answers
    Taken away       remove
    A fault          fault:noise, with --hold 3 for three seconds; fault:clean ends it. Others: split, silence, corrupt, half,
                     lost, double, previous, hangup (the cable is out), frozen (the chip hangs; hangup wakes it)
    A script         script:"at 0.5 s card member:maria, at 2 s noise, at 4 s card member:maria for 1 s"
    A code           qr:KR-MARIA, code:2012345678903: shown to the scanner
    """
    layout = Layout(folder or default_folder())
    known = known_cards(layout)
    scan = scan_of(card)
    if scan is not None:
        ask_reader(layout.scanner_socket, {"scan": scan})
        click.echo("The scanner has read the code.")
        return
    more = request_of(card, hold_s, lambda one: uid_of(one, known))
    if more is not None:
        ask_reader(layout.reader_socket, more[0])
        click.echo(more[1])
        return
    presented = nfc_kinds.present(card, layout.counters) or {"uid": uid_of(card, known)}
    ask_reader(layout.reader_socket, {"present": presented, "hold_s": TAP_S if hold_s is None else hold_s})
    click.echo("The card is on the reader.")


if __name__ == "__main__":
    tap(prog_name="shopbell tap")
