"""The version, in the one place where it is written: the distribution takes it from here (pyproject.toml)."""

from __future__ import annotations

# Written and not looked up: importlib.metadata brings the parsers of e-mail and zip files into every process's start.
VERSION = "0.1.0"
