"""The version, in the one place where it is written: the distribution takes it from here (pyproject.toml)."""

from __future__ import annotations

VERSION = "0.1.0"
