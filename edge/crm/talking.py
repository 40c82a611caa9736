"""Pure. Talking points: what to ask, what is open, how they like to be served. Each with the receipt or rule it rests on.

Everything said aloud passes the tact filter and is cut to what is read at a glance.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from edge.crm.material import Material, Project
from edge.crm.projects import progress
from edge.crm.receipts import Holding
from edge.crm.tact import may_be_said
from edge.crm.words import day, glance, spoken

MOST_QUESTIONS = 3
# Newer than this, it is too early to ask how something turned out; much older, one asks whether they are still happy.
_TRIED_OUT_DAYS = (3, 180)
_LANGUAGES = {
    "en": "English",
    "es": "Spanish",
    "de": "German",
    "fr": "French",
    "pl": "Polish",
    "pt": "Portuguese",
    "it": "Italian",
    "tr": "Turkish",
}


@dataclass(frozen=True, slots=True)
class Point:
    """One thing worth saying or knowing. because: the receipt or rule behind it."""

    text: str
    because: str


def open_issues(material: Material, today: date) -> list[Point]:
    """Open complaints, oldest first, then what the store promised and is due."""
    points = [
        Point(
            f"Open complaint: {complaint.text}",
            f"complaint of {day(complaint.opened_on, today)}"
            + (f"; promised: {complaint.promised}" if complaint.promised else ""),
        )
        for complaint in sorted(material.complaints, key=lambda complaint: complaint.opened_on)
    ]
    points += [
        Point(f"We promised: {promise.text}", f"promise due {day(promise.due_on, today)}")
        for promise in sorted(material.follow_ups, key=lambda promise: promise.due_on)
        if promise.kind == "promise" and promise.due_on <= today
    ]
    return _said(points)


def questions(material: Material, today: date) -> list[Point]:
    """At most three: follow-ups that are due, projects in progress, else the last purchase."""
    points = [*due_questions(material, today), *_said(_projects(material, today))]
    return (points or _said(_last_purchase(material, today)))[:MOST_QUESTIONS]


def due_questions(material: Material, today: date) -> list[Point]:
    """`How did it turn out?`, where its day has come; the longest due first."""
    due = sorted((f for f in material.follow_ups if f.kind == "ask" and f.due_on <= today), key=lambda f: f.due_on)
    return _said(Point(follow_up.text, f"follow-up of {day(follow_up.due_on, today)}") for follow_up in due)


def served_how(material: Material, today: date) -> list[Point]:
    """Preferences as they were told or written down, the language, and who usually serves them."""
    points = [Point(preference.text, preference.because) for preference in material.preferences]
    points += [
        Point(note.text, f"note by {note.author} on {day(note.written_on, today)}")
        for note in sorted(material.notes, key=lambda note: note.written_on, reverse=True)
        if note.topic == "preference"
    ]
    language = (material.language or "en").partition("-")[0]
    if language != "en":
        points.append(Point(f"Speaks {_LANGUAGES.get(language, language)}", "the member's own choice"))
    if material.own_associate:
        points.append(Point(f"Usually served by {material.own_associate}", "own associate"))
    return _said(points)


def said_aloud(material: Material, held: Iterable[Holding]) -> list[Holding]:
    """The products among these that an associate may mention."""
    return [h for h in held if may_be_said(h.name, category=material.category(h.code), gift=h.gift)]


def _projects(material: Material, today: date) -> list[Point]:
    return [_project(project, material, today) for project in material.projects if project.state == "in_progress"]


def _project(project: Project, material: Material, today: date) -> Point:
    bought = said_aloud(material, progress(project, material).bought)
    text = f"{project.title}: how is it coming along?"
    if not bought:
        return Point(text, f"project since {day(project.started_on, today)}")
    newest = max(bought, key=lambda holding: holding.last_on)
    return Point(text, f"{spoken(newest.name)}, receipt {newest.last_receipt} of {day(newest.last_on, today)}")


def _last_purchase(material: Material, today: date) -> list[Point]:
    held = said_aloud(material, material.held().values())
    if not held:
        return []
    newest = held[0]
    name = spoken(newest.name)
    because = f"receipt {newest.last_receipt} of {day(newest.last_on, today)}"
    age = (today - newest.last_on).days
    if age < _TRIED_OUT_DAYS[0]:
        return []
    return [Point(f"How did the {name} turn out?" if age <= _TRIED_OUT_DAYS[1] else f"Still happy with the {name}?", because)]


def _said(points: Iterable[Point]) -> list[Point]:
    return [Point(glance(point.text), point.because) for point in points if may_be_said(point.text)]
