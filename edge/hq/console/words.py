"""Pure. How the console says things: times, outcomes, ends."""

from __future__ import annotations

from datetime import datetime, timezone

OUTCOMES = {
    "welcome": "Welcome",
    "repeat": "Again",
    "stranger": "Unknown card",
    "guest": "Guest rang",
    "not_today": "Not today",
    "blocked": "Blocked card",
}
# Colour of a badge by what it says; the word always stands in it too.
TONES = {
    "welcome": "leaf",
    "guest": "sky",
    "stranger": "brass",
    "blocked": "rust",
    "served": "leaf",
    "expired": "rust",
    "withdrawn": "",
}
REASONS = {
    "help": "Help",
    "pickup": "Pick-up",
    "return": "Return",
    "appointment": "Appointment",
    "looking": "Just looking",
}
ENDS = {"served": "Served", "withdrawn": "Withdrawn", "expired": "Expired"}
TOPICS = {"how_it_went": "How it went", "preference": "Preference", "project": "Project", "other": "Note"}
ASSURANCES = {"proven": "Proven card", "plain": "Plain card", "typed": "Typed number"}

PROOF_MEDIA = {"nfc": "Card", "code": "Member's code"}
ALARMS = {
    "replayed": "Shown a second time",
    "rolled_back": "An old message was shown",
    "copied": "On another card",
    "jumped": "Read very often",
    "retired": "Worn out",
    "two_doors": "At two doors at once",
    "two_stores": "In two stores at once",
    "too_soon": "In two stores within ten minutes",
}
ALARM_HINTS = {
    "replayed": "Something the card said before was presented again. Ask the member in, block the card and give them another.",
    "rolled_back": "A message older than the newest one was presented, so it was recorded. Ask the member in, block the card.",
    "copied": "What one card says was found on another. Block the other card; the true one is safe to use.",
    "jumped": "The card was read more than a thousand times between two visits. Somebody may be collecting what it says.",
    "retired": "The card's counter is at its end: give the member another card.",
    "two_doors": "One store saw it at two doors within seconds. If those kiosks stand together, name their entrance in hub.toml; "
    "if not, there are two cards: ask the member in, block the card.",
    "two_stores": "Two stores saw what only one can have seen. One of them saw a copy: ask the member in, block the card.",
    "too_soon": "One card was in two stores sooner than anybody gets from one to the other. Unless they are neighbours, somebody"
    " relayed it or has a copy: ask the member in, block the card.",
}
DOUBTED = "Until somebody has looked after it, no store greets this card by name, and associates are told to ask who it is."


def stamp(moment: datetime) -> str:
    """`2026-11-21 09:15:00Z`: the same for every store."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%SZ")


def moment(text: str) -> datetime:
    """A time that stands in a JSON column."""
    return datetime.fromisoformat(text)


def ago(moment: datetime, now: datetime) -> str:
    """`just now`, `4 min ago`, `3 h ago`, `2 days ago`; `ahead` is what a wrong clock makes of it."""
    seconds = (now - moment).total_seconds()
    if seconds < -90:
        return "ahead of our clock"
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if seconds < 86400:
        return f"{int(seconds // 3600)} h ago"
    days = int(seconds // 86400)
    return "1 day ago" if days == 1 else f"{days} days ago"


def short(reference: str) -> str:
    """The end of an opaque reference, enough to tell two apart on a page (the beginning of a UUIDv7 is its time)."""
    return reference if len(reference) <= 12 else f"…{reference[-8:]}"


def plural(number: int, one: str, many: str) -> str:
    """`1 visit`, `2 visits`."""
    return f"{number:,} {one if number == 1 else many}"
