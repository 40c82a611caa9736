// What the screen itself says around a scene, in each language. Greetings come from the kiosk.

export const LANGUAGES = { en: "English", de: "Deutsch", fr: "Français", es: "Español" };
export const REASONS = ["help", "pickup", "return", "appointment", "looking"];

const WORDS = {
  en: {
    ask: "What brings you in?",
    help: "I need some help",
    pickup: "Pick up an order",
    return: "Return something",
    appointment: "Appointment",
    looking: "Just looking",
    bell: "Ring the bell",
    bell_sub: "No card? Somebody will come to you.",
    not_today: "Not today, thanks",
    not_today_sub: "Nobody will be told that you are here.",
    more_time: "More time, please",
    closes_in: "Seconds left:",
    hold: "Hold your card here",
    reader_off: "The card reader is having a short break.",
    moment: "One moment",
    moment_line: "The bell will be right back. Please come in.",
    trouble: "That did not work just now. Please try again, or ask anybody on the floor.",
    languages: "Language",
    acts: "What you can do",
  },
  de: {
    ask: "Was führt Sie zu uns?",
    help: "Ich brauche Hilfe",
    pickup: "Etwas abholen",
    return: "Etwas zurückgeben",
    appointment: "Termin",
    looking: "Nur umsehen",
    bell: "Glocke läuten",
    bell_sub: "Keine Karte? Es kommt jemand zu Ihnen.",
    not_today: "Heute nicht, danke",
    not_today_sub: "Niemand erfährt, dass Sie da sind.",
    more_time: "Mehr Zeit, bitte",
    closes_in: "Noch Sekunden:",
    hold: "Karte hier anhalten",
    reader_off: "Der Kartenleser macht kurz Pause.",
    moment: "Einen Moment",
    moment_line: "Die Glocke ist gleich wieder da. Kommen Sie ruhig herein.",
    trouble: "Das hat gerade nicht geklappt. Bitte noch einmal versuchen oder jemanden im Laden fragen.",
    languages: "Sprache",
    acts: "Was Sie tun können",
  },
  fr: {
    ask: "Qu’est-ce qui vous amène ?",
    help: "J’aimerais de l’aide",
    pickup: "Un retrait",
    return: "Un retour",
    appointment: "Rendez-vous",
    looking: "Je regarde",
    bell: "Sonner la cloche",
    bell_sub: "Pas de carte ? Quelqu’un vient à vous.",
    not_today: "Pas aujourd’hui",
    not_today_sub: "Personne ne saura que vous êtes là.",
    more_time: "Plus de temps",
    closes_in: "Secondes :",
    hold: "Présentez votre carte ici",
    reader_off: "Le lecteur de cartes fait une courte pause.",
    moment: "Un instant",
    moment_line: "La cloche revient tout de suite. Entrez, je vous en prie.",
    trouble: "Cela n’a pas marché. Réessayez, ou demandez à l’équipe en magasin.",
    languages: "Langue",
    acts: "Ce que vous pouvez faire",
  },
  es: {
    ask: "¿Qué le trae por aquí?",
    help: "Necesito ayuda",
    pickup: "Recoger un pedido",
    return: "Devolver algo",
    appointment: "Una cita",
    looking: "Solo miro",
    bell: "Tocar la campana",
    bell_sub: "¿Sin tarjeta? Alguien vendrá a atenderle.",
    not_today: "Hoy no, gracias",
    not_today_sub: "Nadie sabrá que está aquí.",
    more_time: "Más tiempo",
    closes_in: "Segundos:",
    hold: "Acerque aquí su tarjeta",
    reader_off: "El lector de tarjetas está en pausa.",
    moment: "Un momento",
    moment_line: "La campana vuelve enseguida. Pase, por favor.",
    trouble: "Ahora no ha funcionado. Inténtelo otra vez o pregunte a cualquiera del equipo.",
    languages: "Idioma",
    acts: "Lo que puede hacer",
  },
};

export function known(language) {
  return language in WORDS ? language : "en";
}

export function word(language, key) {
  return WORDS[known(language)][key];
}
