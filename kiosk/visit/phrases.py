"""Pure. Every word the kiosk says to a shopper, by language and key (kiosk.screen.phrases has those of the resting screen):
a title and a line. `{name}` stands only in the titles of `by_name` and `by_name_again`.

Short enough to be read in passing: titles up to 40 characters, lines up to 110 (a test holds both, and that no language
lacks a key).
"""

from __future__ import annotations

from typing import Final, Literal

from kiosk.visit.code_phrases import CODE_PHRASES

Language = Literal["en", "de", "fr", "es"]
DEFAULT_LANGUAGE: Final[Language] = "en"

Phrase = tuple[str, str]

_EN: dict[str, Phrase] = {
    "armed": ("As you like", "Tap your card now and we will leave you in peace."),
    "welcome": ("Welcome back!", "How good to see you again."),
    "welcome_discreet": ("Welcome!", "How good that you are here."),
    "by_name": ("Welcome back, {name}!", "How good to see you again."),
    "by_name_again": ("Hello again, {name}!", "We already know that you are here."),
    "stranger": ("Welcome!", "We do not know this card yet. Our staff will gladly set it up with you."),
    "guest": ("We have rung for you", "Somebody will be with you shortly."),
    "guest_unheard": ("We are sorry", "The bell does not reach our staff just now. Please come to the counter."),
    "repeat": ("Hello again!", "We already know that you are here."),
    "phone_uid": ("Hello, phone!", "Your phone shows a new number each time. Please use your card, or ring the bell."),
    "phone_wallet": (
        "Hello, phone!",
        "Its wallet keeps the cards to itself here. Please use your plastic card, or ring the bell.",
    ),
    "held": ("About your data", "Here your card is only a number. Our staff will gladly show you what we keep, or delete it."),
    "unreadable": ("Once more, please", "Hold your card flat on the reader for a moment."),
    "ambiguous": ("One card at a time", "We saw two cards. Please hold just one to the reader."),
    "not_today": ("All right", "Nobody will be called. Enjoy looking around!"),
    "blocked": ("Please speak to us", "This card is not in use. Our staff will gladly help at the counter."),
    "full": ("We are sorry", "We cannot take any more arrivals here. Please speak to our staff."),
    "reason_help": ("Thank you!", "Somebody will be glad to advise you."),
    "reason_pickup": ("Thank you!", "We are told that you are here to collect."),
    "reason_return": ("Thank you!", "We will look at your return together."),
    "reason_appointment": ("Thank you!", "We will say that you are here for your appointment."),
    "reason_looking": ("Enjoy looking around!", "We are here if you need us."),
}

_DE: dict[str, Phrase] = {
    "armed": ("Wie Sie mögen", "Halten Sie jetzt Ihre Karte hin, und wir lassen Sie in Ruhe."),
    "welcome": ("Willkommen zurück!", "Schön, Sie wiederzusehen."),
    "welcome_discreet": ("Willkommen!", "Schön, dass Sie da sind."),
    "by_name": ("Willkommen zurück, {name}!", "Schön, Sie wiederzusehen."),
    "by_name_again": ("Hallo noch einmal, {name}!", "Wir wissen schon, dass Sie da sind."),
    "stranger": ("Willkommen!", "Diese Karte kennen wir noch nicht. Wir richten sie gern mit Ihnen ein."),
    "guest": ("Wir haben geläutet", "Gleich ist jemand bei Ihnen."),
    "guest_unheard": ("Es tut uns leid", "Die Glocke erreicht uns gerade nicht. Bitte kommen Sie zur Theke."),
    "repeat": ("Hallo noch einmal!", "Wir wissen schon, dass Sie da sind."),
    "phone_uid": ("Hallo, Telefon!", "Es zeigt jedes Mal eine neue Nummer. Bitte nehmen Sie die Karte, oder klingeln Sie."),
    "phone_wallet": (
        "Hallo, Telefon!",
        "Seine Wallet zeigt uns keine Karten. Bitte nehmen Sie die Plastikkarte, oder klingeln Sie.",
    ),
    "held": (
        "Zu Ihren Daten",
        "Hier ist Ihre Karte nur eine Nummer. Unser Team zeigt oder löscht gern, was wir speichern.",
    ),
    "unreadable": ("Bitte noch einmal", "Halten Sie die Karte einen Moment flach an den Leser."),
    "ambiguous": ("Eine Karte, bitte", "Wir haben zwei Karten gesehen. Bitte halten Sie nur eine hin."),
    "not_today": ("In Ordnung", "Wir rufen niemanden. Viel Freude beim Umsehen!"),
    "blocked": ("Bitte sprechen Sie uns an", "Diese Karte ist nicht in Gebrauch. An der Theke helfen wir gern."),
    "full": ("Es tut uns leid", "Hier können wir gerade niemanden mehr anmelden. Bitte sprechen Sie uns an."),
    "reason_help": ("Vielen Dank!", "Gleich berät Sie jemand gern."),
    "reason_pickup": ("Vielen Dank!", "Wir sagen Bescheid, dass Sie etwas abholen."),
    "reason_return": ("Vielen Dank!", "Wir sehen uns die Rückgabe gemeinsam an."),
    "reason_appointment": ("Vielen Dank!", "Wir sagen Bescheid, dass Sie zum Termin da sind."),
    "reason_looking": ("Viel Freude beim Umsehen!", "Wir sind da, wenn Sie uns brauchen."),
}

_FR: dict[str, Phrase] = {
    "armed": ("Comme vous voulez", "Présentez votre carte : nous vous laisserons tranquille."),
    "welcome": ("Quel plaisir !", "Nous sommes heureux de vous revoir."),
    "welcome_discreet": ("Bienvenue !", "Nous sommes heureux de vous recevoir."),
    "by_name": ("Bonjour, {name} !", "Nous sommes heureux de vous revoir."),
    "by_name_again": ("Rebonjour, {name} !", "Nous savons déjà que vous êtes là."),
    "stranger": ("Bienvenue !", "Nous ne connaissons pas encore cette carte. Notre équipe l’activera avec vous."),
    "guest": ("Nous avons sonné", "Quelqu’un arrive dans un instant."),
    "guest_unheard": ("Nous sommes désolés", "La sonnette ne nous parvient pas. Merci de venir au comptoir."),
    "repeat": ("Rebonjour !", "Nous savons déjà que vous êtes là."),
    "phone_uid": ("Bonjour, téléphone !", "Il montre chaque fois un autre numéro. Utilisez votre carte, ou sonnez la cloche."),
    "phone_wallet": (
        "Bonjour, téléphone !",
        "Ses cartes nous restent cachées. Utilisez votre carte en plastique, ou sonnez la cloche.",
    ),
    "held": (
        "À propos de vos données",
        "Ici, votre carte n’est qu’un numéro. Notre équipe montre ou efface vos données.",
    ),
    "unreadable": ("Encore une fois", "Posez la carte à plat sur le lecteur un instant."),
    "ambiguous": ("Une seule carte", "Nous avons vu deux cartes. N’en présentez qu’une, s’il vous plaît."),
    "not_today": ("C’est entendu", "Nous n’appelons personne. Bonne visite !"),
    "blocked": ("Parlez-nous", "Cette carte n’est pas en service. Au comptoir, nous vous aiderons volontiers."),
    "full": ("Nous sommes désolés", "Nous ne pouvons plus rien noter ici. Adressez-vous à notre équipe."),
    "reason_help": ("Merci !", "Quelqu’un vous conseillera avec plaisir."),
    "reason_pickup": ("Merci !", "Nous signalons que vous venez retirer une commande."),
    "reason_return": ("Merci !", "Nous regarderons votre retour ensemble."),
    "reason_appointment": ("Merci !", "Nous signalons que vous êtes là pour votre rendez-vous."),
    "reason_looking": ("Bonne visite !", "Nous sommes là si vous avez besoin de nous."),
}

_ES: dict[str, Phrase] = {
    "armed": ("Como prefiera", "Acerque ahora su tarjeta y le dejaremos mirar en paz."),
    "welcome": ("¡Qué alegría!", "Nos alegra volver a verle."),
    "welcome_discreet": ("¡Hola!", "Nos alegra que esté aquí."),
    "by_name": ("¡Hola, {name}!", "Nos alegra volver a verle."),
    "by_name_again": ("¡Hola de nuevo, {name}!", "Ya sabemos que está aquí."),
    "stranger": ("¡Hola!", "Aún no conocemos esta tarjeta. Nuestro equipo la activará con usted."),
    "guest": ("Hemos tocado el timbre", "Alguien le atenderá enseguida."),
    "guest_unheard": ("Lo sentimos", "El timbre no nos llega ahora. Acérquese al mostrador, por favor."),
    "repeat": ("¡Hola de nuevo!", "Ya sabemos que está aquí."),
    "phone_uid": ("¡Hola, teléfono!", "Muestra un número nuevo cada vez. Use su tarjeta o toque la campana."),
    "phone_wallet": (
        "¡Hola, teléfono!",
        "Sus tarjetas digitales no se muestran aquí. Use la de plástico o toque la campana.",
    ),
    "held": ("Sobre sus datos", "Aquí su tarjeta es solo un número. Nuestro equipo muestra o borra sus datos."),
    "unreadable": ("Otra vez, por favor", "Mantenga la tarjeta plana sobre el lector un momento."),
    "ambiguous": ("Una sola tarjeta", "Hemos visto dos tarjetas. Acerque solo una, por favor."),
    "not_today": ("De acuerdo", "No avisamos a nadie. ¡Disfrute de la visita!"),
    "blocked": ("Hable con nosotros", "Esta tarjeta no está en uso. En el mostrador le ayudamos con gusto."),
    "full": ("Lo sentimos", "Aquí no podemos anotar a nadie más. Hable con nuestro equipo, por favor."),
    "reason_help": ("¡Gracias!", "Alguien le aconsejará con gusto."),
    "reason_pickup": ("¡Gracias!", "Avisamos de que viene a recoger algo."),
    "reason_return": ("¡Gracias!", "Veremos juntos su devolución."),
    "reason_appointment": ("¡Gracias!", "Avisamos de que está aquí para su cita."),
    "reason_looking": ("¡Disfrute de la visita!", "Estamos aquí si nos necesita."),
}

PHRASES: Final[dict[Language, dict[str, Phrase]]] = {
    "en": _EN | CODE_PHRASES["en"],
    "de": _DE | CODE_PHRASES["de"],
    "fr": _FR | CODE_PHRASES["fr"],
    "es": _ES | CODE_PHRASES["es"],
}
LANGUAGES: Final[tuple[Language, ...]] = tuple(PHRASES)


def spoken(*wanted: str | None) -> Language:
    """The first wanted language that this kiosk speaks (`de-AT` is spoken as `de`), else English."""
    for language in wanted:
        base = (language or "").partition("-")[0].lower()
        for known in LANGUAGES:
            if base == known:
                return known
    return DEFAULT_LANGUAGE


def phrase(key: str, language: str) -> Phrase:
    """Title and line. language: any tag; unknown ones are spoken in English."""
    return PHRASES[spoken(language)][key]
