"""The page's files, read once into memory: what is not on the shelf does not exist, so no path can climb out of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from flask import Response

from kiosk.screen.refused import Refused

HERE = Path(__file__).resolve().parent
LOOK = Path(str(files("edge") / "look"))
_LOOK_FILES = ("tokens.css", "base.css", "icons/*.svg")
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Shelf:
    """Some files of one folder, by their path inside it."""

    def __init__(self, folder: Path, patterns: Iterable[str]) -> None:
        found = (path for pattern in patterns for path in sorted(folder.glob(pattern)))
        self._files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}

    def digest(self) -> bytes:
        """Changes with any name or content."""
        whole = hashlib.sha256()
        for path, content in sorted(self._files.items()):
            whole.update(path.encode() + b"\0" + hashlib.sha256(content).digest())
        return whole.digest()

    def answer(self, path: str) -> Response:
        """The file, or Refused `file_unknown`."""
        if path not in self._files:
            raise Refused(404, "file_unknown", "The screen has no such file.", "Reload the page.")
        return Response(self._files[path], content_type=f"{_TYPES[Path(path).suffix]}; charset=utf-8")


def own_files() -> Shelf:
    """Scripts and styles of the kiosk's page."""
    return Shelf(HERE / "static", ("*.js", "*.css"))


def look_files() -> Shelf:
    """What the kiosk's page takes from the design system."""
    return Shelf(LOOK, _LOOK_FILES)


def build_of(*shelves: Shelf) -> str:
    """A short mark that changes with any file: a page that was loaded under another mark loads itself again."""
    whole = hashlib.sha256((HERE / "templates" / "page.html").read_bytes())
    for shelf in shelves:
        whole.update(shelf.digest())
    return whole.hexdigest()[:12]
