"""`shopbell reader ...`: look at readers, record them, play them, bring them firmware."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from firmware_bridge.card_read import CardRead, ReaderEvent, ReaderState
from firmware_bridge.drivers.board_reader import BoardReader
from firmware_bridge.drivers.pn532_reader import Pn532Reader
from firmware_bridge.drivers.serial_port import PortMissing, SerialLine
from firmware_bridge.errors import BridgeError, MisuseError
from firmware_bridge.open_reader import BOARD, Reader, open_reader
from firmware_bridge.session.board_update import BoardUpdate
from firmware_bridge.simulator.board_process import SimulatedBoard
from firmware_bridge.simulator.pty import SimulatedPn532
from firmware_bridge.tools import recording, release
from firmware_bridge.tools.holders import held_by
from firmware_bridge.tools.ports import serial_ports
from firmware_bridge.tools.present import present
from firmware_bridge.tools.running import run_until, stopped_by_signal
from firmware_bridge.tools.talk import identify
from firmware_bridge.tools.words import explained, told
from firmware_bridge.update import build
from firmware_bridge.update.image import parse_version, written

P = ParamSpec("P")
R = TypeVar("R")
HELP = {"help_option_names": ["-h", "--help"]}
FILE = click.Path(path_type=Path, dir_okay=False)
_BAUD = click.option("--baud", type=int, default=115200, show_default=True, help="Speed of a real port.")
_FOR = click.option("--for", "seconds", type=click.FloatRange(0.1), help="End after so many seconds.  [default: until Ctrl-C]")
_IDS = click.option("--show-ids", is_flag=True, help="Show whole card ids. Others may be looking at this screen.")
# The board has two minutes to find its new firmware healthy, three times over.
UPDATE_PATIENCE_S = 480.0


def plainly(command: Callable[P, R]) -> Callable[P, R]:
    """A BridgeError becomes its sentence and exit status 2; no traceback reaches a person."""

    @wraps(command)
    def guarded(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            return command(*arguments, **options)
        except BridgeError as error:
            click.echo(explained(error), err=True)
            sys.exit(2)

    return guarded


@click.group(context_settings=HELP)
def reader() -> None:
    """The card reader at the door.

    PORT is written as in kiosk.toml: /dev/serial/by-id/... for a PN532, board:/dev/serial/by-id/... for a reader board. Only one
    program can have a port: stop the kiosk before you look at its reader.
    """


@reader.command("list", context_settings=HELP)
@click.option("--ask/--no-ask", default=True, show_default=True, help="Ask each port what it is.")
@_BAUD
@plainly
def list_ports(ask: bool, baud: int) -> None:
    """Serial ports, by the name that stays, and what answers there."""
    ports = serial_ports()
    if not ports:
        click.echo("No serial port is here. Plug the reader in; on a Pi's header turn the port on with raspi-config.")
    for port in ports:
        note = "" if port.stable else "   (this name may change)"
        if not ask:
            click.echo(f"{port.path}{note}")
            continue
        answer = identify(port.path, baud, time.monotonic)
        name = BOARD + port.path if answer.kind == "board" else port.path
        click.echo(f"{name}{note}\n    {answer.detail if answer.error is None else explained(answer.error)}")


@reader.command(context_settings=HELP)
@click.argument("port")
@_BAUD
@_IDS
@_FOR
@plainly
def monitor(port: str, baud: int, show_ids: bool, seconds: float | None) -> None:
    """What the reader at PORT understands, as it happens. Exit status 1: it did not work at the end."""
    if not _watch(open_reader(port, name="reader", clock=time.monotonic, baud=baud), show_ids, seconds):
        sys.exit(1)


@reader.command(context_settings=HELP)
@click.argument("port")
@click.argument("file", type=FILE)
@_BAUD
@_FOR
@plainly
def record(port: str, file: Path, baud: int, seconds: float | None) -> None:
    """Write the raw wire at PORT into FILE, to be looked at elsewhere. The file holds card ids; only you can read it."""
    kind: recording.Kind = "board" if port.startswith(BOARD) else "pn532"
    path = port.removeprefix(BOARD).partition("#")[0]
    open_reader(port, name="reader", clock=time.monotonic, baud=baud)  # judges the port's name before a file is made
    if not path.startswith("/"):
        raise MisuseError(
            f"recording {port}", "Name the port of a reader; a simulated one is at the path shopbell reader simulate prints"
        )
    recorder = recording.Recorder(file, kind, time.monotonic)

    def line() -> recording.RecordedLine:
        return recording.RecordedLine(SerialLine(path, baud), recorder)

    made = BoardReader if kind == "board" else Pn532Reader
    try:
        _watch(made("reader", time.monotonic, line), False, seconds, lambda: recorder.failed is not None)
    finally:
        recorder.close()
    if recorder.failed is not None:
        raise recorder.failed
    if not recorder.pieces:
        file.unlink()
        click.echo(f"Nothing was recorded, and {file} is gone again: the port could not be opened.", err=True)
        sys.exit(1)
    click.echo(f"Recorded into {file}; play it with: shopbell reader replay {file}", err=True)


@reader.command(context_settings=HELP)
@click.argument("file", type=FILE)
@_IDS
@plainly
def replay(file: Path, show_ids: bool) -> None:
    """Play a recording through the code that understands readers, as fast as it goes."""
    kind, pieces = recording.load(file)
    for moment, event in recording.replay(kind, pieces):
        click.echo(f"{moment:10.3f}  {told(event, show_ids=show_ids)}")


@reader.command(context_settings=HELP)
@click.argument("kind", type=click.Choice(["pn532", "board"]))
@click.option("--control", type=FILE, help="Path of the control socket.  [default: in a new folder]")
@_FOR
@plainly
def simulate(kind: str, control: Path | None, seconds: float | None) -> None:
    """A reader that does not exist, at a port that does. It ends with Ctrl-C."""
    with tempfile.TemporaryDirectory(prefix="shopbell-reader-") as folder, stopped_by_signal() as ending:
        socket = control or Path(folder) / "control.sock"
        simulated = _simulated(kind, Path(folder), socket)
        simulated.start()
        try:
            click.echo(f"{BOARD if kind == 'board' else ''}{simulated.tty}")
            click.echo(f"Present a card: shopbell reader tap {socket} 04A2B3C4D5E6F7", err=True)
            ending.wait(seconds)
        finally:
            simulated.stop()


@reader.command(context_settings=HELP)
@click.argument("control", type=FILE)
@click.argument("uid")
@click.option("--hold", "hold_s", type=click.FloatRange(0.05, 600), default=0.6, show_default=True, help="Seconds on the reader.")
@plainly
def tap(control: Path, uid: str, hold_s: float) -> None:
    """Hold a card with id UID (hex) to the simulated reader whose socket is CONTROL."""
    present(control, uid, hold_s)


def _simulated(kind: str, folder: Path, control: Path) -> SimulatedPn532 | SimulatedBoard:
    if kind == "pn532":
        return SimulatedPn532(control, time.monotonic)
    flash = folder / "flash"
    flash.mkdir()
    build.flash(flash, build.build_image("unix-pn532"))
    return SimulatedBoard(flash, control, time.monotonic)


@reader.command(context_settings=HELP)
@click.argument("port")
@click.argument("image", type=FILE)
@click.option("--key", type=FILE, required=True, help="The public key (.pub) of whoever publishes the firmware.")
@_BAUD
@plainly
def update(port: str, image: Path, key: Path, baud: int) -> None:
    """Bring IMAGE to the reader board at PORT. Its signature lies beside it, with .minisig behind the name.

    Stop the kiosk first: it has the board for itself. This command, on the kiosk's machine, checks the signature before a byte is
    sent. A cut does no harm: run it again, and it goes on from there. The old firmware stays until the new one works.
    """
    cargo = release.load_image(image, key)
    if not port.startswith(BOARD):
        raise MisuseError(f"updating {port}", f"Only a reader board takes firmware; write {BOARD}{port}")
    path, _, board_id = port.removeprefix(BOARD).partition("#")
    open_reader(port, name="reader", clock=time.monotonic, baud=baud)  # judges the port's name
    _refuse_taken(path, baud)
    bringing = BoardUpdate(cargo)
    made = BoardReader("reader", time.monotonic, lambda: SerialLine(path, baud), board_id=board_id, update=bringing)
    click.echo(f"{image.name}: {cargo.product} {written(cargo.version)} for {cargo.board}; its signature holds.", err=True)
    _bring(made, bringing, written(cargo.version))


def _refuse_taken(path: str, baud: int) -> None:
    """A running kiosk has its board for itself: said at once, not after minutes of trying. A board may still be plugged in."""
    try:
        SerialLine(path, baud).close()
    except PortMissing:
        return
    except BridgeError as error:
        raise type(error)(error.tried, here=held_by(path)) from None


def _bring(made: Reader, bringing: BoardUpdate, version: str) -> None:
    shown, until = [""], time.monotonic() + UPDATE_PATIENCE_S

    def done() -> bool:
        progress = bringing.progress
        line = _PROGRESS[progress.state].format(percent=100 * progress.sent // max(1, progress.total))
        if line != shown[0]:
            shown[0] = line
            click.echo(line, err=True)
        return progress.state in ("done", "failed") or time.monotonic() > until

    def trouble(event: ReaderEvent) -> None:
        if isinstance(event, ReaderState) and not event.up:
            click.echo(f"  {event.code}: {event.hint}", err=True)

    with stopped_by_signal() as ending:
        run_until(made, trouble, ending, done)
    if bringing.failed is not None:
        raise bringing.failed
    if bringing.progress.state != "done":
        click.echo("Not finished. Run the same command again: it goes on from here.", err=True)
        sys.exit(1)
    click.echo(f"The board runs firmware {version}.")


_PROGRESS = {
    "offering": "Asking the board ...",
    "sending": "Sending: {percent} %",
    "writing": "The board writes it and starts anew ...",
    "trying": "The new firmware runs on trial ...",
    "done": "The new firmware is healthy.",
    "failed": "The board did not take it.",
}


@reader.command(context_settings=HELP)
@click.argument("file", type=FILE)
@plainly
def key(file: Path) -> None:
    """For publishers: make a private key in FILE and the public key beside it (.pub)."""
    public = release.make_key(file)
    click.echo(f"Keep {file} to yourself, off the kiosks. {public} goes to everyone who updates.")


@reader.command(context_settings=HELP)
@click.argument("file", type=FILE)
@click.option("--board", type=click.Choice(sorted(build.BOARDS)), default="rp2040-pn532", show_default=True)
@click.option("--version", "number", default=written(build.VERSION), show_default=True, help="Of the new firmware.")
@click.option("--floor", default=written(build.FLOOR), show_default=True, help="Nothing older is taken after it.")
@click.option("--key", "key_file", type=FILE, required=True, help="The private key.")
@plainly
def image(file: Path, board: str, number: str, floor: str, key_file: Path) -> None:
    """For publishers: make the signed image FILE of this firmware, with its signature beside it."""
    made = release.make_image(board, parse_version(number), parse_version(floor), key_file, file)
    click.echo(f"{file}: {len(made.data)} bytes, {made.comment}")


@reader.command(context_settings=HELP)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--board", type=click.Choice(sorted(build.BOARDS)), default="rp2040-pn532", show_default=True)
@plainly
def files(folder: Path, board: str) -> None:
    """For a new board: put its files into the new FOLDER, to be copied with mpremote."""
    made = release.make_files(board, folder)
    click.echo(f"{folder}: firmware {written(made.version)} for {board}. Copy it: cd {folder} && mpremote cp -r . :")


def _watch(source: Reader, show_ids: bool, seconds: float | None, over: Callable[[], bool] = lambda: False) -> bool:
    """Tell what the reader delivers, for so many seconds or until it is `over`; whether it works at the end."""
    begun, reads, up = time.monotonic(), [0], [False]

    def show(event: ReaderEvent) -> None:
        reads[0] += isinstance(event, CardRead)
        up[0] = event.up if isinstance(event, ReaderState) else up[0]
        click.echo(f"{event.monotonic - begun:10.3f}  {told(event, show_ids=show_ids)}")

    until = begun + seconds if seconds is not None else float("inf")
    with stopped_by_signal() as ending:
        run_until(source, show, ending, lambda: time.monotonic() >= until or over())
    click.echo(f"{reads[0]} card reads", err=True)
    return up[0]


if __name__ == "__main__":
    reader(prog_name="shopbell reader")
