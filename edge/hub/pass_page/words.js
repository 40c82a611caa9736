// What the pass says, in the languages the kiosk speaks.

const WORDS = {
  en: {
    title: "My pass",
    moment: "One moment …",
    show: "Hold this code to the camera or scanner at the door.",
    left: "New in {} s.",
    once: "It can be used once; a picture of it is worth nothing.",
    picture: "Code for the camera at the door",
    remove: "Remove the pass from this phone",
    away: "The store cannot be reached just now. Join its Wi-Fi; this page goes on by itself.",
    none: "There is no pass on this phone. Ask an associate for one.",
    used: "This link was opened before, or is too old. Ask an associate for a new one.",
    removed: "The pass has been removed. Its codes hold no longer.",
  },
  de: {
    title: "Mein Ausweis",
    moment: "Einen Moment …",
    show: "Halten Sie diesen Code vor Kamera oder Scanner am Eingang.",
    left: "Neu in {} s.",
    once: "Er gilt ein einziges Mal; ein Foto davon ist wertlos.",
    picture: "Code für die Kamera am Eingang",
    remove: "Ausweis von diesem Telefon entfernen",
    away: "Das Geschäft ist gerade nicht erreichbar. Verbinden Sie sich mit seinem WLAN; die Seite macht von selbst weiter.",
    none: "Auf diesem Telefon ist kein Ausweis. Bitten Sie an der Kasse um einen.",
    used: "Dieser Link wurde schon geöffnet oder ist zu alt. Bitten Sie um einen neuen.",
    removed: "Der Ausweis ist entfernt. Seine Codes gelten nicht mehr.",
  },
  fr: {
    title: "Mon passe",
    moment: "Un instant …",
    show: "Présentez ce code à la caméra ou au lecteur de l'entrée.",
    left: "Nouveau dans {} s.",
    once: "Il sert une seule fois ; une photo de lui ne vaut rien.",
    picture: "Code pour la caméra de l'entrée",
    remove: "Retirer le passe de ce téléphone",
    away: "Le magasin est injoignable pour le moment. Rejoignez son wifi ; la page continue d'elle-même.",
    none: "Il n'y a pas de passe sur ce téléphone. Demandez-en un en magasin.",
    used: "Ce lien a déjà été ouvert ou est trop ancien. Demandez-en un nouveau.",
    removed: "Le passe est retiré. Ses codes ne valent plus rien.",
  },
  es: {
    title: "Mi pase",
    moment: "Un momento …",
    show: "Acerque este código a la cámara o al lector de la entrada.",
    left: "Nuevo en {} s.",
    once: "Vale una sola vez; una foto de él no sirve.",
    picture: "Código para la cámara de la entrada",
    remove: "Quitar el pase de este teléfono",
    away: "No se puede contactar con la tienda. Conéctese a su wifi; la página sigue por sí sola.",
    none: "No hay ningún pase en este teléfono. Pida uno en la tienda.",
    used: "Este enlace ya se abrió o es demasiado antiguo. Pida uno nuevo.",
    removed: "El pase se ha quitado. Sus códigos ya no valen.",
  },
};

/** languages: those of the phone, the best first (BCP 47). Returns the tag and the words, English when none fits. */
export function wordsFor(languages) {
  const tag = languages.map((one) => one.slice(0, 2).toLowerCase()).find((one) => one in WORDS) ?? "en";
  return [tag, WORDS[tag]];
}
