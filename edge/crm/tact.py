"""Pure. What is never voiced: gifts, health, intimate things, what reveals an age or a birth to come.

The rule errs on the side of silence. It reads the product's category where the catalogue gives one, and its words.
"""

from __future__ import annotations

import re
from typing import Literal

Quiet = Literal["gift", "health", "intimate", "age"]

# Categories of a catalogue, lower case.
_CATEGORIES: dict[str, Quiet] = {
    "gift": "gift",
    "gifts": "gift",
    "health": "health",
    "medical": "health",
    "mobility": "health",
    "first aid": "health",
    "intimate": "intimate",
    "hygiene": "intimate",
    "baby": "age",
    "nursery": "age",
    "senior": "age",
}

# Building plaster and sanitary silicone are trade goods: only the plural and the compound are personal.
_WORDS: tuple[tuple[Quiet, str], ...] = (
    ("gift", r"gifts?|presents?|surprise|gift[- ]?wrapp?(?:ed|ing)?"),
    (
        "health",
        r"plasters|bandages?|first[- ]aid|medicines?|medical|medication|painkillers?|aspirin|pill ?box|wheelchairs?|commode"
        r"|walking (?:stick|frame)s?|grab (?:rail|bar)s?|mobility|crutch(?:es)?|hearing aid|inhaler|diabet\w*|allerg\w*|illness"
        r"|ill|sick|hospital|surgery|therapy|depress\w*|disab\w*|cancer|incontinence|raised toilet seat|stair ?lift",
    ),
    (
        "intimate",
        r"condoms?|lingerie|underwear|knickers|tampons?|sanitary (?:towel|pad)s?|personal lubricant|massagers?|breast\w*"
        r"|divorc\w*|affair|lonely|widow\w*",
    ),
    (
        "age",
        r"bab(?:y|ies)|nursery|napp(?:y|ies)|toddlers?|pregnan\w*|birthdays?|retire\w*|seniors?|pension\w*|dentures?|elderly"
        r"|stair ?gates?|cots?|anti[- ]?wrinkle|hair dye|reading glasses|\d{1,3} years old|over[- ]?[5-9]0s?",
    ),
)
_PATTERNS = tuple((quiet, re.compile(rf"\b(?:{words})\b", re.IGNORECASE)) for quiet, words in _WORDS)
# What may not even stand in a list that another customer could glance at. A gift must: it may come back.
_VEILED: frozenset[Quiet] = frozenset({"health", "intimate", "age"})


def kept_quiet(text: str, *, category: str = "", gift: bool = False) -> Quiet | None:
    """Why this must not be voiced, or None where it may. text: a product's name, a project's title, a preference."""
    if gift:
        return "gift"
    by_category = _CATEGORIES.get(category.strip().lower())
    if by_category is not None:
        return by_category
    return next((quiet for quiet, pattern in _PATTERNS if pattern.search(text)), None)


def may_be_said(text: str, *, category: str = "", gift: bool = False) -> bool:
    """Whether an associate may voice it."""
    return kept_quiet(text, category=category, gift=gift) is None


def veiled(text: str, *, category: str = "") -> bool:
    """Whether a list of purchases shows `a private item` instead of the name."""
    return kept_quiet(text, category=category) in _VEILED
