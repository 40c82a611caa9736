"""What the screen is told to show: scene, words, tone, seconds. The border between deciding and drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

SceneKind = Literal[
    "starting",
    "idle",
    "welcome",
    "by_name",
    "stranger",
    "guest",
    "repeat",
    "phone_uid",
    "unreadable",
    "ambiguous",
    "not_today",
    "blocked",
    "out_of_order",
]
Tone = Literal["calm", "warm", "puzzled", "sorry"]
# What to hold up here: a phone with its code, a card. Empty: the scene's own picture.
Picture = Literal["", "code", "card"]
# What works here just now for a code, and is named to whoever has one.
CodesAt = Literal["", "scanner", "camera"]


class Reads(NamedTuple):
    """What can be read here just now: cards, codes."""

    cards: bool = True
    codes: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """One scene's content.

    seconds: how long it stays before the screen returns to idle by itself; 0 means until something else happens.
    offers_reasons: the shopper may say why they came. offers_not_today: the shopper may ask to be left alone.
    picture: what helps, where that is more than the scene says.
    """

    scene: SceneKind
    title: str
    line: str
    tone: Tone
    seconds: float
    language: str
    offers_reasons: bool = False
    offers_not_today: bool = False
    picture: Picture = ""
