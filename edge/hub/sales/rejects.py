"""The reject file: every row that was refused or contradicts what is stored, with file, line, code and how to mend it."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from edge.hub.sales.report import Listed


class Rejects:
    """Made when the first row comes, readable by its owner only: rows hold customer numbers. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None
        self._writer: Any = None

    @property
    def written(self) -> bool:
        """Whether there was anything to write."""
        return self._file is not None

    def __enter__(self) -> Rejects:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, listed: Listed, row: str) -> None:
        """One row. row: as it stood in the file."""
        if self._file is None:
            self._open()
        self._writer.writerow((listed.file, listed.line, listed.code, listed.hint, row))

    def _open(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(descriptor, "w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(("file", "line", "code", "how to mend", "row"))
