"""Pure. What the kiosk says about codes, by language and key: part of kiosk.visit.phrases, whose rules hold here."""

from __future__ import annotations

from typing import Final

CODE_PHRASES: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "en": {
        "phone_uid_scanner": (
            "Hello, phone!",
            "Its number is new each time. Please open your pass on it, and hold its code to the scanner.",
        ),
        "phone_uid_camera": (
            "Hello, phone!",
            "Its number is new each time. Please open your pass on it, and hold its code to the camera.",
        ),
        "phone_wallet_scanner": (
            "Hello, phone!",
            "Its wallet keeps the cards to itself. Please open your pass, and hold its code to the scanner.",
        ),
        "phone_wallet_camera": (
            "Hello, phone!",
            "Its wallet keeps the cards to itself. Please open your pass, and hold its code to the camera.",
        ),
        "unreadable_code": ("Once more, please", "Hold your code still in front of the scanner, or use your card."),
        "unreadable_product": (
            "This code is a product's",
            "Please show your member code or card. To ask about the product, ring.",
        ),
        "hint_closer": ("A little closer, please", "Hold your code nearer, and keep it still."),
        "hint_brighter": ("More light, please", "Turn up your phone's screen, or turn your code to the light."),
        "hint_glare": ("It shines too much", "Tilt your code a little, so that the light falls beside it."),
    },
    "de": {
        "phone_uid_scanner": (
            "Hallo, Telefon!",
            "Seine Nummer ist jedes Mal neu. Bitte öffnen Sie Ihren Pass und halten Sie den Code vor den Scanner.",
        ),
        "phone_uid_camera": (
            "Hallo, Telefon!",
            "Seine Nummer ist jedes Mal neu. Bitte öffnen Sie Ihren Pass und halten Sie den Code vor die Kamera.",
        ),
        "phone_wallet_scanner": (
            "Hallo, Telefon!",
            "Seine Wallet zeigt uns keine Karten. Bitte halten Sie den Code Ihres Passes vor den Scanner.",
        ),
        "phone_wallet_camera": (
            "Hallo, Telefon!",
            "Seine Wallet zeigt uns keine Karten. Bitte halten Sie den Code Ihres Passes vor die Kamera.",
        ),
        "unreadable_code": ("Bitte noch einmal", "Halten Sie den Code ruhig vor den Scanner, oder nehmen Sie Ihre Karte."),
        "unreadable_product": (
            "Das ist ein Produktcode",
            "Bitte zeigen Sie Mitgliedscode oder Karte. Für Fragen zum Produkt läuten Sie.",
        ),
        "hint_closer": ("Bitte etwas näher", "Halten Sie den Code näher heran, und halten Sie ihn ruhig."),
        "hint_brighter": ("Bitte etwas heller", "Stellen Sie die Anzeige heller, oder drehen Sie den Code zum Licht."),
        "hint_glare": ("Es spiegelt", "Neigen Sie den Code ein wenig, bis das Licht daneben fällt."),
    },
    "fr": {
        "phone_uid_scanner": (
            "Bonjour, téléphone !",
            "Son numéro change chaque fois. Ouvrez votre passe et montrez son code au scanner.",
        ),
        "phone_uid_camera": (
            "Bonjour, téléphone !",
            "Son numéro change chaque fois. Ouvrez votre passe et montrez son code à la caméra.",
        ),
        "phone_wallet_scanner": (
            "Bonjour, téléphone !",
            "Ses cartes nous restent cachées. Ouvrez votre passe et montrez son code au scanner.",
        ),
        "phone_wallet_camera": (
            "Bonjour, téléphone !",
            "Ses cartes nous restent cachées. Ouvrez votre passe et montrez son code à la caméra.",
        ),
        "unreadable_code": ("Encore une fois", "Tenez le code immobile devant le lecteur, ou utilisez votre carte."),
        "unreadable_product": (
            "C’est le code d’un produit",
            "Montrez votre code de membre ou votre carte. Pour le produit, sonnez.",
        ),
        "hint_closer": ("Un peu plus près", "Approchez votre code et tenez-le immobile."),
        "hint_brighter": ("Plus de lumière", "Augmentez la luminosité, ou tournez votre code vers la lumière."),
        "hint_glare": ("Il y a un reflet", "Inclinez un peu votre code, pour que la lumière tombe à côté."),
    },
    "es": {
        "phone_uid_scanner": (
            "¡Hola, teléfono!",
            "Su número cambia cada vez. Abra su pase y muestre el código al escáner.",
        ),
        "phone_uid_camera": (
            "¡Hola, teléfono!",
            "Su número cambia cada vez. Abra su pase y muestre el código a la cámara.",
        ),
        "phone_wallet_scanner": (
            "¡Hola, teléfono!",
            "Sus tarjetas digitales no se muestran aquí. Abra su pase y muestre el código al escáner.",
        ),
        "phone_wallet_camera": (
            "¡Hola, teléfono!",
            "Sus tarjetas digitales no se muestran aquí. Abra su pase y muestre el código a la cámara.",
        ),
        "unreadable_code": ("Otra vez, por favor", "Mantenga el código quieto ante el lector, o use su tarjeta."),
        "unreadable_product": (
            "Es el código de un producto",
            "Muestre su código de socio o su tarjeta. Por el producto, toque la campana.",
        ),
        "hint_closer": ("Un poco más cerca", "Acerque el código y manténgalo quieto."),
        "hint_brighter": ("Más luz, por favor", "Suba el brillo de la pantalla, o gire el código hacia la luz."),
        "hint_glare": ("Hay un reflejo", "Incline un poco el código, para que la luz caiga al lado."),
    },
}
