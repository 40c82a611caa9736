"""`shopbell hub load-store --config F PACK.json`: a store's people, catalogue and receipts, loaded once."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import msgspec

from edge.hub import config as hub_config
from edge.hub.pins import hash_pin
from edge.hub.sales.judge import Rules
from edge.hub.store.memory_pack import Loaded, PackLoader
from edge.hub.store.opening import open_hub_store
from edge.hub.store_pack import read_pack
from edge.process.clock import SystemClock
from edge.process.commands import HELP, config_option, tells_operator
from edge.process.errors import OperatorError
from edge.process.ids import SystemIds


@click.command(context_settings=HELP)
@click.argument("pack", type=click.Path(path_type=Path))
@config_option("hub")
@click.option("--json", "as_json", is_flag=True, help="Say what was added as one line of JSON.")
@tells_operator
def load_store(pack: Path, path: Path, as_json: bool) -> None:
    """Load PACK, a JSON file, into the hub's database. Loaded again, it adds what is new in it and changes nothing else."""
    loaded = _load(path, pack)
    click.echo(msgspec.json.encode(loaded).decode() if as_json else _text(loaded))


def _load(path: Path, pack_path: Path) -> Loaded:
    config = hub_config.load(path)
    pack = read_pack(pack_path, store=config.store, currency=config.currency)
    hub = open_hub_store(Path(config.data_dir), config.store, SystemClock(), SystemIds())
    try:
        return PackLoader(hub, pack, Rules(ZoneInfo(config.timezone)), hash_pin).load()
    except (sqlite3.Error, OSError) as error:
        hint = f"See that the disk has room and the data folder can be written, then load it again ({type(error).__name__})."
        raise OperatorError("pack_not_written", f"loading {pack_path}; what was loaded before it broke off stays", hint) from None
    finally:
        hub.file.close()


def _text(loaded: Loaded) -> str:
    counts = msgspec.structs.asdict(loaded)
    if not any(counts.values()):
        return "Nothing new: everything in this pack was loaded before."
    return "Added: " + ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
