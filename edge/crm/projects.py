"""Pure. A project: what was bought for it, and what goes with that and was not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.crm.material import Material, Project
from edge.crm.receipts import Holding


@dataclass(frozen=True, slots=True)
class Missing:
    """A product not bought yet. goes_with: the bought product it belongs to; None: the project was planned with it."""

    code: str
    goes_with: Holding | None


@dataclass(frozen=True, slots=True)
class Progress:
    """bought: in the order of the plan. missing: first what belongs to something bought, then what is left of the plan."""

    project: Project
    bought: tuple[Holding, ...]
    missing: tuple[Missing, ...]


def progress(project: Project, material: Material) -> Progress:
    """Sort the project's products into bought and missing; only receipts since the project began count."""
    held = material.held(since=project.started_on)
    belongs = dict.fromkeys((*project.scope, *(code for planned in project.scope for code in material.links.get(planned, ()))))
    bought = tuple(held[code] for code in belongs if code in held)
    return Progress(project, bought, tuple(_missing(project, bought, held, material)))


def _missing(project: Project, bought: Sequence[Holding], held: dict[str, Holding], material: Material) -> list[Missing]:
    found: dict[str, Missing] = {}
    for holding in bought:
        for code in material.links.get(holding.code, ()):
            if code not in held:
                found.setdefault(code, Missing(code, holding))
    for code in project.scope:
        if code not in held:
            found.setdefault(code, Missing(code, None))
    return list(found.values())
