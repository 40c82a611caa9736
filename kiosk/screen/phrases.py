"""Pure. The words of the resting screen in each language it speaks; greetings are composed in kiosk.visit.greeting."""

from __future__ import annotations

from dataclasses import replace

from kiosk.visit.phrases import Language, spoken
from kiosk.visit.words import SceneKind, Tone, Words

_RESTING: dict[Language, dict[SceneKind, tuple[str, str]]] = {
    "en": {
        "starting": ("One moment", "The bell is just waking up."),
        "idle": ("Welcome", "Hold your card to the reader, and somebody will know you are here."),
        "out_of_order": ("The bell is resting", "Please come straight in. Anybody on the floor will gladly help you."),
    },
    "de": {
        "starting": ("Einen Moment", "Die Glocke wacht gerade auf."),
        "idle": ("Willkommen", "Halten Sie Ihre Karte an den Leser, und man weiß, dass Sie da sind."),
        "out_of_order": ("Die Glocke ruht", "Kommen Sie einfach herein. Alle im Laden helfen Ihnen gern."),
    },
    "fr": {
        "starting": ("Un instant", "La cloche se réveille."),
        "idle": ("Bienvenue", "Présentez votre carte au lecteur, et nous saurons que vous êtes là."),
        "out_of_order": ("La cloche se repose", "Entrez, je vous en prie. Toute l’équipe vous aidera volontiers."),
    },
    "es": {
        "starting": ("Un momento", "La campana se está despertando."),
        "idle": ("Bienvenidos", "Acerque su tarjeta al lector y sabremos que está aquí."),
        "out_of_order": ("La campana descansa", "Pase, por favor. Cualquiera del equipo le ayudará con gusto."),
    },
}
# The idle line of a kiosk that has a scanner or a camera as well.
_WITH_CODES: dict[Language, str] = {
    "en": "Hold your card to the reader, or show your code, and somebody will know you are here.",
    "de": "Halten Sie Ihre Karte an den Leser, oder zeigen Sie Ihren Code, und man weiß, dass Sie da sind.",
    "fr": "Présentez votre carte ou montrez votre code, et nous saurons que vous êtes là.",
    "es": "Acerque su tarjeta al lector, o muestre su código, y sabremos que está aquí.",
}


def resting_with_codes(scene: SceneKind, language: str) -> Words:
    """As `resting`, for a kiosk that reads codes too."""
    words = resting(scene, language)
    return replace(words, line=_WITH_CODES[spoken(language)]) if scene == "idle" else words


def resting(scene: SceneKind, language: str) -> Words:
    """Words of `starting`, `idle` or `out_of_order`; a language nobody translated is answered in English."""
    speech = spoken(language)
    title, line = _RESTING[speech][scene]
    tone: Tone = "sorry" if scene == "out_of_order" else "calm"
    return Words(scene, title, line, tone, 0, speech, offers_not_today=scene == "idle")
