"""Pure. A decision becomes words: scene, title, line, tone and seconds on the screen.

The first welcome never holds a name. A name comes only in the hub's answer, goes to the screen and is kept nowhere.
"""

from __future__ import annotations

from dataclasses import replace

from edge.contracts.answer import Greeting
from edge.contracts.outcomes import Outcome, Reason
from kiosk.visit.decide import Decision
from kiosk.visit.phrases import phrase, spoken
from kiosk.visit.words import CodesAt, SceneKind, Tone, Words

# Seconds on the screen. Long enough to read the line twice and, where reasons are offered, to choose one.
_SECONDS: dict[SceneKind, float] = {
    "welcome": 12,
    "by_name": 12,
    "stranger": 12,
    "guest": 15,
    "repeat": 8,
    "phone_uid": 9,
    "unreadable": 6,
    "ambiguous": 6,
    "not_today": 5,
    "blocked": 9,
    "out_of_order": 8,
}
# Short, so that it is gone when the code has been read or taken away.
HINT_S = 4.0
_TONES: dict[SceneKind, Tone] = {
    "welcome": "warm",
    "by_name": "warm",
    "stranger": "warm",
    "guest": "warm",
    "repeat": "warm",
    "phone_uid": "puzzled",
    "unreadable": "puzzled",
    "ambiguous": "puzzled",
    "not_today": "calm",
    "blocked": "sorry",
    "out_of_order": "sorry",
}
_OFFERS_REASONS: frozenset[SceneKind] = frozenset({"welcome", "by_name", "stranger", "guest", "repeat"})
_OFFERS_NOT_TODAY: frozenset[SceneKind] = _OFFERS_REASONS


def words_for(decision: Decision, language: str, *, codes_at: CodesAt = "") -> Words:
    """The nameless words shown right after the commit. language: chosen on the screen, else the member's own, else the kiosk's.

    A member who does not want the name is also not announced as somebody who has been here before. codes_at: the scanner or
    camera that works here just now: a phone is sent to it with its code, and to card or bell where nothing reads codes.
    """
    if decision.outcome == "phone_uid":
        return _phone_words("phone_wallet" if decision.wallet else "phone_uid", language, codes_at)
    key: str = decision.outcome
    if decision.outcome == "welcome" and decision.greeting == "nameless":
        key = "welcome_discreet"
    elif decision.outcome == "unreadable" and decision.about is not None:
        key = f"unreadable_{decision.about}"
    return _words(decision.outcome, key, language)


def words_for_answer(greeting: Greeting, shown: Outcome, language: str) -> Words | None:
    """The hub's greeting for an arrival shown with outcome `shown`; None when there is nothing to add.

    The hub may know a card this kiosk's directory did not hold, that it was reported lost, or that its member wants to
    be left alone. After "not today" nothing brings a name back.
    """
    if shown in ("not_today", "guest"):
        return None
    speech = spoken(language)
    if greeting.outcome in ("welcome", "repeat") and greeting.name:
        return _by_name(greeting.name, "by_name_again" if shown == "repeat" else "by_name", speech)
    if greeting.outcome == shown or greeting.outcome == "guest":
        return None
    return words_for(Decision(greeting.outcome), speech)


def words_for_reason(shown: Words, reason: Reason) -> Words:
    """Thanks for the reason chosen, on the scene that is shown; the title, which may hold a name, stays."""
    return replace(shown, line=phrase(f"reason_{reason}", shown.language)[1])


def words_for_hold(shown: Words) -> Words:
    """A card held for some seconds asks what is known of it; the title, which may hold a name, stays."""
    return replace(shown, line=phrase("held", shown.language)[1])


def armed_words(language: str, seconds: float) -> Words:
    """After "not today" was touched before a tap. seconds: how long it holds."""
    return replace(_words("not_today", "armed", language), seconds=seconds)


def guest_words(language: str, *, heard: bool) -> Words:
    """After the bell. heard: whether the hub can be reached, so that nobody is left waiting for a bell that nobody hears."""
    return _words("guest", "guest" if heard else "guest_unheard", language)


def hint_words(hint: str, language: str) -> Words:
    """What helps a camera that sees a code and cannot read it. hint: closer, brighter or glare."""
    return replace(_words("unreadable", f"hint_{hint}", language), seconds=HINT_S)


def full_words(language: str) -> Words:
    """The outbox is at its limit: the arrival is refused, and the screen says so (guarantee G4)."""
    return _words("out_of_order", "full", language)


def _phone_words(key: str, language: str, codes_at: CodesAt) -> Words:
    words = _words("phone_uid", f"{key}_{codes_at}" if codes_at else key, language)
    return replace(words, picture="code" if codes_at else "card")


def _by_name(name: str, key: str, language: str) -> Words:
    nameless = _words("by_name", key, language)
    return replace(nameless, title=nameless.title.format(name=name))


def _words(scene: SceneKind, key: str, language: str) -> Words:
    speech = spoken(language)
    title, line = phrase(key, speech)
    return Words(
        scene=scene,
        title=title,
        line=line,
        tone=_TONES[scene],
        seconds=_SECONDS[scene],
        language=speech,
        offers_reasons=scene in _OFFERS_REASONS,
        offers_not_today=scene in _OFFERS_NOT_TODAY,
    )
