"""Pure. The one line of the alert: what the associate should know before the first word. Tactful, at most 160 characters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from edge.crm.material import Material
from edge.crm.projects import Progress, progress
from edge.crm.tact import may_be_said
from edge.crm.talking import due_questions, open_issues, said_aloud
from edge.crm.words import day, glance, listed, spoken

HEADLINE_MAX = 160


def headline(material: Material, reason: str | None, today: date) -> str | None:
    """The most important thing, and one more where there is room; None where nothing is known that may be said.

    reason: why they came. Who came to pick up or return something is first told about their newest receipt.
    """
    parts: list[str] = []
    for part in _parts(material, reason, today):
        if part not in parts and len(". ".join([*parts, part])) <= HEADLINE_MAX:
            parts.append(part)
        if len(parts) == 2:
            break
    return ". ".join(parts) or None


def _parts(material: Material, reason: str | None, today: date) -> Iterator[str]:
    yield from (glance(issue.text, 100) for issue in open_issues(material, today)[:1])
    newest = _newest_receipt(material, today)
    if reason in ("pickup", "return"):
        yield from newest
    yield from _projects(material)
    if reason != "looking":  # who only looks around is not questioned
        yield from (question.text for question in due_questions(material, today)[:1])
    yield from newest
    yield from (glance(preference.text, 60) for preference in material.preferences if may_be_said(preference.text))


def _projects(material: Material) -> list[str]:
    return [
        line
        for project in material.projects
        if project.state == "in_progress" and may_be_said(project.title)
        for line in [_project(project.title, *_names(progress(project, material), material))]
    ]


def _project(title: str, bought: list[str], missing: list[str]) -> str:
    if bought and missing:
        return glance(f"{title}: has {listed(bought)}, not yet {listed(missing)}", 130)
    return glance(f"{title}: has {listed(bought)}" if bought else f"{title}: about to start", 130)


def _names(state: Progress, material: Material) -> tuple[list[str], list[str]]:
    """Two of each: more is not read at arm's length."""
    bought = [spoken(holding.name, 30) for holding in said_aloud(material, state.bought)]
    items = (material.catalogue.get(missing.code) for missing in state.missing)
    missing = [spoken(item.name, 30) for item in items if item and may_be_said(item.name, category=item.category)]
    return bought[:2], missing[:2]


def _newest_receipt(material: Material, today: date) -> list[str]:
    held = said_aloud(material, material.held().values())
    if not held:
        return []
    names = [spoken(holding.name) for holding in held if holding.last_receipt == held[0].last_receipt]
    return [f"Last bought {day(held[0].last_on, today)}: {listed(names, 2)}"]
