"""Pure. The words of the resting screen in each language it speaks; greetings are composed in kiosk.visit.greeting."""

from __future__ import annotations

from kiosk.visit.phrases import Language, spoken
from kiosk.visit.words import Reads, SceneKind, Tone, Words

CARDS_ALONE = Reads(cards=True, codes=False)

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
# The idle line by what can be read, in the order of Reads: cards, codes.
_IDLE: dict[tuple[bool, bool], dict[Language, str]] = {
    (True, True): {
        "en": "Hold your card to the reader, or show your code, and somebody will know you are here.",
        "de": "Halten Sie Ihre Karte an den Leser, oder zeigen Sie Ihren Code, und man weiß, dass Sie da sind.",
        "fr": "Présentez votre carte ou montrez votre code, et nous saurons que vous êtes là.",
        "es": "Acerque su tarjeta al lector, o muestre su código, y sabremos que está aquí.",
    },
    (False, True): {
        "en": "Show your code, or ring the bell, and somebody will know you are here.",
        "de": "Zeigen Sie Ihren Code, oder läuten Sie, und man weiß, dass Sie da sind.",
        "fr": "Montrez votre code ou sonnez, et nous saurons que vous êtes là.",
        "es": "Muestre su código, o toque la campana, y sabremos que está aquí.",
    },
    (False, False): {
        "en": "Ring the bell, and somebody will know you are here.",
        "de": "Läuten Sie die Glocke, und man weiß, dass Sie da sind.",
        "fr": "Sonnez la cloche, et nous saurons que vous êtes là.",
        "es": "Toque la campana y sabremos que está aquí.",
    },
}


def resting(scene: SceneKind, language: str, reads: Reads = CARDS_ALONE) -> Words:
    """Words of `starting`, `idle` or `out_of_order`; a language nobody translated is answered in English."""
    speech = spoken(language)
    title, line = _RESTING[speech][scene]
    if scene == "idle" and reads != CARDS_ALONE:
        line = _IDLE[reads][speech]
    tone: Tone = "sorry" if scene == "out_of_order" else "calm"
    return Words(scene, title, line, tone, 0, speech, offers_not_today=scene == "idle")
