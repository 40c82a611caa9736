"""Looks at the name of each device when it comes up: one that may mean another device tomorrow is warned of, once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from edge.process.logs import get_logger
from firmware_bridge.card_read import ReaderEvent, ReaderState
from firmware_bridge.remedies import REMEDIES
from firmware_bridge.stable_names import FOLDERS, device_of, stable_name

log = get_logger(part="name_watch")


class NameWatch:
    """Stands between a device and whoever takes its events. Called on the device's thread."""

    def __init__(self, part: str, port: str, folders: Sequence[Path] = FOLDERS) -> None:
        """part: as health knows it. port: as kiosk.toml writes it. folders: where stable names are."""
        self._part, self._device, self._folders = part, device_of(port), folders
        self._warned = False

    def before(self, deliver: Callable[[ReaderEvent], None]) -> Callable[[ReaderEvent], None]:
        """`deliver`, with a look at the name whenever the device comes up."""

        def looked(event: ReaderEvent) -> None:
            deliver(event)
            if isinstance(event, ReaderState) and event.up:
                self._look()

        return looked

    def _look(self) -> None:
        if self._warned or stable_name(self._device, self._folders) is None:
            return
        self._warned = True
        remedy = REMEDIES["port_unstable"]
        log.warning(remedy.code, code=remedy.code, device=self._part, hint=f"{remedy.whole}; shopbell reader doctor shows it")
