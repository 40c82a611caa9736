"""`shopbell hub keys ...`: the key ceremony. Keys are made and kept here; none is ever printed or taken as an argument."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import click

from edge.hub import config as hub_config
from edge.hub.commands.keys_report import key_lines, retirement_lines
from edge.hub.config import HubConfig, Proof
from edge.hub.proof import ceremony
from edge.hub.proof.ceremony import HandOver
from edge.hub.proof.diversify import Scheme
from edge.hub.proof.errors import ProofError
from edge.hub.proof.key_file import KeyFile, write_closed
from edge.hub.proof.ring import DEFAULT_SUFFIX, KeyRing, ProofKey, ProofMedium
from edge.hub.proof.sun import verify
from edge.hub.store.opening import reading_hub_store
from edge.process.clock import SystemClock
from edge.process.commands import config_option, tells_operator
from edge.process.config import read_key
from edge.process.errors import OperatorError

_CONFIG = config_option("hub")
_MEDIUM = click.option(
    "--medium",
    type=click.Choice(["nfc", "code"]),
    default="nfc",
    show_default=True,
    help="nfc: cards with an NTAG 424 DNA. code: members' rotating codes.",
)
_HAND_OVER = click.option(
    "--hand-over",
    "hand_over",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the key to this new file (mode 600), for the maker of the cards and the other hubs.",
)


@click.group(help="Keys by which cards prove that they are no copies: make, import, list, rotate, retire, check.")
def keys() -> None:
    """The commands below."""


@keys.command(help="Make the first key of a medium, from the system's randomness.")
@_CONFIG
@_MEDIUM
@_HAND_OVER
@click.option("--suffix", default=DEFAULT_SUFFIX.hex(), show_default=True, help="nfc: hex that stands behind a card's UID.")
@tells_operator
def make(path: Path, medium: str, hand_over: Path | None, suffix: str) -> None:
    """A running hub uses it from its next tap on."""
    behind = _hex(suffix)
    _change(path, hand_over, lambda ring, today: ceremony.make(ring, _medium(medium), os.urandom, today, behind), medium)


@keys.command(help="Add a new version beside the old ones. Cards in use go on with the version they hold.")
@_CONFIG
@_MEDIUM
@_HAND_OVER
@tells_operator
def rotate(path: Path, medium: str, hand_over: Path | None) -> None:
    """New cards are written with the newest version."""
    _change(path, hand_over, lambda ring, today: ceremony.rotate(ring, _medium(medium), os.urandom, today), medium)


@keys.command("import", help="Take in a key made elsewhere: from FILE (mode 600), else typed at a prompt that shows nothing.")
@_CONFIG
@_MEDIUM
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--scheme", type=click.Choice(["an10922", "slots", "same"]), default="an10922", show_default=True, help="At the prompt."
)
@click.option(
    "--suffix", default=DEFAULT_SUFFIX.hex(), show_default=True, help="At the prompt: hex behind a card's UID (an10922)."
)
@tells_operator
def import_key(path: Path, medium: str, file: Path | None, scheme: str, suffix: str) -> None:
    """The same key again changes nothing."""
    given = _from_prompt(medium, scheme, suffix) if file is None else ceremony.read_hand_over(_closed_text(file))
    _, proof, _ = _opened(path)
    _change(path, None, lambda ring, today: ceremony.take_in(ring, given, today, test_keys=proof.test_keys), given.medium)


@keys.command("list", help="Versions, dates, fingerprints, and how many cards are known to hold each.")
@_CONFIG
@tells_operator
def list_keys(path: Path) -> None:
    """No key is shown."""
    config, _, file = _opened(path)
    ring = file.read()
    with reading_hub_store(Path(config.data_dir)) as connection:
        lines = key_lines(connection, config.store, ring, _today(config))
    click.echo("\n".join(lines))


@keys.command(help="Let proofs of VERSION hold no longer from a day on, and say whose cards that concerns.")
@_CONFIG
@_MEDIUM
@click.argument("version", type=click.IntRange(1, 9999))
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The first day in the store without it.  [default: today]")
@click.option("--not-after-all", "undo", is_flag=True, help="Take a retirement back.")
@click.option("--report", is_flag=True, help="Only say whose cards it would concern.")
@tells_operator
def retire(path: Path, medium: str, version: int, day: date | None, undo: bool, report: bool) -> None:
    """Cards that were not seen for long are counted, so that their holders can be asked in first."""
    config, _, file = _opened(path)
    today = _today(config)
    on = None if undo else today if day is None else date(day.year, day.month, day.day)
    ring = ceremony.retire(file.read(), _medium(medium), version, on)
    with reading_hub_store(Path(config.data_dir)) as connection:
        lines = retirement_lines(connection, config.store, _medium(medium), version, today, undo=undo)
    click.echo("\n".join(lines))
    if report:
        return
    with file.changing() as write:
        write(ceremony.retire(file.read(), _medium(medium), version, on))
    told = "is not retired" if on is None else f"is refused from {on.isoformat()} on"
    click.echo(f"{medium} version {version} {told}; {len(ring.usable(_medium(medium), on or today))} of this medium stay in use.")


@keys.command(help="Whether the key file can be opened and every key is fit for use.")
@_CONFIG
@click.option("--try", "ask", is_flag=True, help="Also ask for the address a card gives, and say whether a key fits it.")
@tells_operator
def check(path: Path, ask: bool) -> None:
    """Nothing is written, and no card's count is used up."""
    config, proof, file = _opened(path)
    ring, today = file.read(), _today(config)
    for medium in ("nfc", "code"):
        usable = ring.usable(_medium(medium), today)
        click.echo(f"{medium}: {len(usable)} of {len(ring.of(_medium(medium)))} versions in use" + _newest(usable))
    if ask:
        address = _hidden("Address as the card gives it (not shown)")
        try:
            found = verify(address, proof.templates, ring.usable("nfc", today))
        except ProofError as error:
            raise OperatorError(error.code, "trying a card's address", error.hint) from None
        click.echo(f"nfc version {found.version} fits; the card has been read {found.counter} times.")
    if not ring.keys:
        click.echo("There is no key yet, so no card can prove anything: see 'keys make --help'.")
        sys.exit(1)


def _change(path: Path, hand_over: Path | None, change: Callable[[KeyRing, date], KeyRing], medium: str) -> None:
    """Apply a change to the key file and say what it came to. The hand-over file comes first: without it the key is not kept."""
    config, _, file = _opened(path)
    with file.changing() as write:
        before = file.read()
        after = change(before, _today(config))
        new = [key for key in after.keys if key not in before.keys]
        if hand_over is not None:
            _hand_over(hand_over, new[-1])
        if new:
            write(after)
    click.echo("\n".join(f"Added: {_told(key)}" for key in new) if new else f"This key for {medium} was here already.")
    if hand_over is not None:
        click.echo(f"Written to {hand_over}. Whoever has that file can make cards: delete it when it has arrived.")


def _hand_over(path: Path, key: ProofKey) -> None:
    try:
        write_closed(path, ceremony.handed_over(key).encode(), only_new=True)
    except OSError as error:
        hint = f"Name a new file in a folder that can be written ({type(error).__name__}); no key was made."
        raise OperatorError("hand_over_unwritable", f"writing {path}", hint) from None


def _opened(path: Path) -> tuple[HubConfig, Proof, KeyFile]:
    config = hub_config.load(path)
    if config.proof is None:
        hint = 'Add a section [proof] with keys_file = "..." to it; docs/operations.md shows one.'
        raise OperatorError("proof_not_configured", f"reading {path}", hint)
    evidence_key = read_key(config.keys.evidence_key_file, 32)
    return config, config.proof, KeyFile(Path(config.proof.keys_file), evidence_key, test_keys=config.proof.test_keys)


def _from_prompt(medium: str, scheme: str, suffix: str) -> HandOver:
    master = _hidden("Master key in hex (not shown)")
    both = medium == "nfc" and scheme != "slots"
    meta = _hidden("Key that opens the cards' ids, in hex (not shown)") if both else ""
    behind = suffix if medium == "nfc" and scheme == "an10922" else ""
    chosen = cast(Scheme, scheme) if medium == "nfc" else "same"
    return HandOver(medium=_medium(medium), scheme=chosen, suffix=behind, master=master, meta=meta)


def _hidden(question: str) -> str:
    """What was typed at a terminal, or the next line of a pipe."""
    if sys.stdin.isatty():
        return str(click.prompt(question, hide_input=True)).strip()
    line = sys.stdin.readline()
    if not line:
        hint = "Run this in a terminal, or write it to the command's standard input, a line for each question."
        raise OperatorError("answer_missing", f"asking: {question}", hint)
    return line.strip()


def _closed_text(path: Path) -> str:
    tried = f"reading {path}"
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise OperatorError("secret_too_open", tried, f"Close it to others: chmod 600 {path}")
        return path.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        hint = "There is no such file: name the one that 'keys make --hand-over' wrote."
        raise OperatorError("hand_over_missing", tried, hint) from None
    except OSError as error:
        raise OperatorError("secret_unreadable", tried, f"Make it readable for this user ({type(error).__name__}).") from None


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise OperatorError("key_malformed", "reading --suffix", "Write it as hex digits, two for each byte.") from None


def _medium(text: str) -> ProofMedium:
    return "nfc" if text == "nfc" else "code"


def _told(key: ProofKey) -> str:
    return f"{key.medium} version {key.version}, {key.scheme}, fingerprint {key.fingerprint}"


def _newest(usable: tuple[ProofKey, ...]) -> str:
    return f", the newest is version {usable[0].version}, fingerprint {usable[0].fingerprint}." if usable else "."


def _today(config: HubConfig) -> date:
    """The day in the store: by its days keys are made and retired."""
    return SystemClock().now().astimezone(ZoneInfo(config.timezone)).date()
