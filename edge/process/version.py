"""The version of the installed distribution."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version


@cache
def version() -> str:
    """`0.1.0`, or `0+checkout` where the distribution is not installed."""
    try:
        return installed_version("shopbell")
    except PackageNotFoundError:
        return "0+checkout"
