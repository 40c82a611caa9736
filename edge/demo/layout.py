"""Where the demo keeps its things, and which ports it takes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from msgspec import Struct

STORE = "main-street"
KIOSK = "door-1"
HUB = "hub"
HOST = "127.0.0.1"
FIRST_PORT = 8600
# A unix socket's path has room for 107 bytes.
_SOCKET_PATH_MAX = 100


class Ports(Struct, frozen=True):
    """Five neighbouring ports."""

    kiosk: int
    hub: int
    hq: int
    mqtt: int
    mqtt_ws: int


def ports_from(first: int) -> Ports:
    """Kiosk screen, associates' app, HQ console, MQTT, MQTT over WebSocket."""
    return Ports(first, first + 1, first + 2, first + 3, first + 4)


def default_folder() -> Path:
    """SHOPBELL_DEMO_DIR (the launcher of a checkout sets it), else the user's data folder."""
    chosen = os.environ.get("SHOPBELL_DEMO_DIR")
    if chosen:
        return Path(chosen)
    data_home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data_home) / "shopbell" / "demo"


class Layout:
    """Every path of one demo. folder: absolute."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().absolute()
        self.secrets = self.folder / "secrets"
        self.configs = self.folder / "config"
        self.logs = self.folder / "logs"
        self.data = self.folder / "data"
        self.marker = self.folder / "demo.json"
        self.lock = self.folder / "demo.lock"
        self.pack = self.folder / "store.json"
        self.cards = self.folder / "cards.json"
        self.counters = self.folder / "counters.json"

    def config(self, process: str) -> Path:
        return self.configs / f"{process}.toml"

    def secret(self, name: str) -> Path:
        return self.secrets / name

    def log(self, process: str) -> Path:
        return self.logs / f"{process}.log"

    @property
    def reader_socket(self) -> Path:
        """Where `shopbell tap` reaches the simulated reader; a short path of its own where the folder's is too long."""
        near = self.folder / "reader.sock"
        if len(str(near).encode()) <= _SOCKET_PATH_MAX:
            return near
        mark = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
        return base / f"shopbell-{os.getuid()}-{mark}" / "reader.sock"

    @property
    def scanner_socket(self) -> Path:
        """Where `shopbell tap` reaches the simulated scanner: beside the reader's."""
        return self.reader_socket.with_name("scan.sock")

    def make(self) -> None:
        """Create the folders, closed to other users."""
        for folder in (self.folder, self.secrets, self.configs, self.logs, self.data, self.reader_socket.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
