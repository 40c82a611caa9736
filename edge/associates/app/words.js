// Every word the app says that does not come from the hub. Pure.

const REASONS = { help: "Needs help", pickup: "Pick-up", return: "Return", appointment: "Appointment", looking: "Just looking" };
const WHY = {
  own: "You look after them",
  reason: "You know this subject",
  language: "You speak their language",
  everybody: "Sent to everybody on shift",
};
const ENDED = {
  served: "Served. One visit less to worry about.",
  withdrawn: "Forgotten, at the shopper's wish.",
  expired: "Nobody was free in time. The arrival has expired.",
  gone: "No longer waiting for you.",
};
const ASSURANCE = {
  proven: { text: "Card proven", hint: "" },
  plain: { text: "Card not proven", hint: "This card can be copied: speak of points or balances only when you are sure who it is." },
  typed: { text: "Number typed", hint: "The number was typed in: speak of points or balances only when you are sure who it is." },
};
const CAUTION = {
  unproven: {
    text: "Card did not prove itself",
    hint: "This card can show that it is no copy, and did not. Ask who they are before you say anything about the member.",
    doubt: true,
  },
  clone: {
    text: "Perhaps a copied card",
    hint: "What this card showed had been used before, or it was seen in two stores at once. Be kind: it may be the member all the same. Ask who they are before you say anything.",
    doubt: true,
  },
  two_doors: {
    text: "At two doors at once",
    hint: "This card was shown at two doors within seconds. It may be two cards, or one shopper at two kiosks that stand together. Be kind. Ask who they are before you say anything about the member.",
    doubt: true,
  },
};
const LANGUAGES = new Intl.DisplayNames(["en"], { type: "language" }); // made once: it costs milliseconds

export const TOPICS = [
  ["how_it_went", "How it went"],
  ["preference", "How they like it"],
  ["project", "Their project"],
  ["other", "Something else"],
];

export const BY_RULE = "You can open it with a reason. The look is logged, and the member can see the log.";

/** "Maria", "A member", "A new face", "A guest". */
export function whoOf(who) {
  if (who.name) return who.name;
  return { member: "A member", stranger: "A new face", guest: "A guest" }[who.kind] ?? "Somebody";
}

export const reasonOf = (reason) => REASONS[reason] ?? null;
export const whyYou = (why) => WHY[why] ?? null;
export const endedAs = (state) => ENDED[state] ?? ENDED.gone;
/** How far the card can be trusted; a caution says more than the assurance. */
export const assuranceOf = (assurance, caution) => CAUTION[caution] ?? ASSURANCE[assurance] ?? null;

/** "door-1" -> "Door 1". */
export function doorOf(door) {
  const words = String(door).replaceAll("-", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** "es" -> "Spanish"; a code nobody knows is shown as it is. */
export function languageOf(code) {
  if (!code) return null;
  try {
    return LANGUAGES.of(code);
  } catch {
    return code; // not a language tag at all
  }
}

/** Whole words for how long ago: "just now", "40 s", "3 min", "2 h". then, now: milliseconds. */
export function agoOf(then, now) {
  const seconds = Math.max(0, Math.floor((now - then) / 1000));
  if (Number.isNaN(seconds)) return "";
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s`;
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

/** "14:32" by this phone's clock and habits. */
export function clockOf(ms) {
  return new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hour12: false }).format(ms);
}

/** What a screen reader says for a piece of news; null for what is not worth interrupting for. */
export function spoken(news) {
  if (news.what === "arrived" || news.what === "reopened") {
    const parts = [`${whoOf(news.alert.who)}, ${doorOf(news.alert.door)}`, reasonOf(news.alert.reason), news.alert.headline];
    return parts.filter(Boolean).join(". ");
  }
  if (news.what === "taken") return `${whoOf(news.alert.who)}: taken by ${news.alert.claimed_by_name ?? "somebody"}`;
  return news.what === "changed" ? null : endedAs(news.what);
}

/** "3 in stock", "none left", or null when nobody knows. */
export function stockOf(stock) {
  if (stock === null || stock === undefined) return null;
  return stock > 0 ? `${stock} in stock` : "None left";
}
