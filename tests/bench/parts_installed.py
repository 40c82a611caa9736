"""What an installation brings: the distributions an extra of pyproject.toml needs, and their size."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.bench.figures import ROOT

OWN = "shopbell"


def needs_of(extra: str) -> list[str]:
    """Requirements of `shopbell[extra]` as pyproject.toml writes them, those of the extras it names included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *_of_extra(project["optional-dependencies"], extra)]


def _of_extra(extras: dict[str, list[str]], name: str) -> Iterator[str]:
    for line in extras[name]:
        requirement = Requirement(line)
        if canonicalize_name(requirement.name) == OWN:
            for other in sorted(requirement.extras):
                yield from _of_extra(extras, other)
        else:
            yield line


def closure(requirements: Iterable[str]) -> dict[str, Distribution]:
    """Name -> installed distribution of everything these need on this machine. Raises PackageNotFoundError."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [Requirement(line) for line in requirements]
    while waiting:
        requirement = waiting.pop()
        name = str(canonicalize_name(requirement.name))
        found[name] = found.get(name) or distribution(name)
        for extra in ("", *requirement.extras):
            if (name, extra) not in seen:
                seen.add((name, extra))
                waiting += _wanted(found[name], extra)
    return found


def _wanted(of: Distribution, extra: str) -> Iterator[Requirement]:
    for line in of.requires or ():
        requirement = Requirement(line)
        for_extra = requirement.marker is not None and "extra" in str(requirement.marker)
        if for_extra == bool(extra) and (requirement.marker is None or requirement.marker.evaluate({"extra": extra})):
            yield requirement


def size_of(one: Distribution) -> int:
    """Bytes on disk, byte code as installed included."""
    paths = (Path(str(one.locate_file(file))) for file in one.files or ())
    return sum(path.stat().st_size for path in paths if path.is_file())


def own_size() -> int:
    """Bytes of what the wheel of this project holds."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    files = {path for package in wheel["packages"] for path in (ROOT / package).rglob("*") if path.is_file()}
    kept = {path for path in files if not {"__pycache__", "node_modules"} & set(path.parts)}
    return sum(path.stat().st_size for path in kept | {ROOT / name for name in wheel["artifacts"] if (ROOT / name).exists()})
