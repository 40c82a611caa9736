"""Pure. Short words for people: days, prices, lists, and texts cut so that they are read in two seconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from edge.contracts.money import Money, major

# About two seconds at arm's length: some 12 words, or 72 characters.
GLANCE = 72
_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}
# not strftime: the words must not hang on the machine's locale
_FIRST_HALF = ("January", "February", "March", "April", "May", "June")
_MONTHS = (*_FIRST_HALF, "July", "August", "September", "October", "November", "December")


def day(when: date, today: date) -> str:
    """`1 March`, with the year where it is not within the last twelve months."""
    words = f"{when.day} {_MONTHS[when.month - 1]}"
    return words if 0 <= (today - when).days < 330 else f"{words} {when.year}"


def month(when: date) -> str:
    """`March 2025`."""
    return f"{_MONTHS[when.month - 1]} {when.year}"


def price(money: Money) -> str:
    """`£15.30`, `-£4.25`, `15.30 CHF`: exact."""
    sign = _SIGNS.get(money.currency)
    if sign is None:
        return f"{major(money)} {money.currency}"
    return f"-{sign}{major(Money(-money.minor, money.currency))}" if money.minor < 0 else f"{sign}{major(money)}"


def glance(text: str, limit: int = GLANCE) -> str:
    """The text, cut at a word with an ellipsis where it is longer than `limit`."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip(",;: ") + "…"


def listed(words: Sequence[str], most: int = 3) -> str:
    """`tiles, adhesive and 2 more`, `tiles and adhesive`."""
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most} more"
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def product(name: str) -> str:
    """A product's name as it is spoken: shouted catalogue names are set in lower case, others keep their form."""
    name = " ".join(name.split())
    return name.lower() if name.isupper() else name


def spoken(name: str, limit: int = 40) -> str:
    """The product as one says it: without sizes and amounts after the comma, not as a title, and short."""
    name = product(name).partition(",")[0]
    if name[1:2].islower():  # PTFE and LED stay as they are
        name = name[0].lower() + name[1:]
    return glance(name, limit)
