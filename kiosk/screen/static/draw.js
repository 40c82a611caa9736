// From a view to the page. Nothing of an earlier view stays: every text is replaced, every attribute set again.

import { LANGUAGES, REASONS, known, word } from "./words.js";

const MEDALS = {
  starting: "hourglass",
  stranger: "card-unknown",
  guest: "user-coming",
  repeat: "check",
  phone_uid: "phone",
  unreadable: "card-again",
  ambiguous: "cards",
  not_today: "bell-off",
  blocked: "card-off",
  out_of_order: "tools",
};
// What helps, where that is more than the scene says.
const PICTURES = { code: "phone-code", card: "card" };
const WITH_BELL_BUTTON = new Set(["idle", "phone_uid", "unreadable", "ambiguous", "blocked"]);
const WITH_READER = new Set(["idle", "phone_uid", "unreadable", "ambiguous"]);
const LONG_TITLE = 22;
const VERY_LONG_TITLE = 44;

const at = (id) => document.getElementById(id);

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#${name}`);
  svg.append(use);
  return svg;
}

// Makes the buttons that are always there. on: { reason(name), language(name) }.
export function furnish(on) {
  at("reasons").replaceChildren(...REASONS.map((name) => choice("reason", name, on.reason, icon(name))));
  at("languages").replaceChildren(icon("globe"), ...Object.keys(LANGUAGES).map((name) => choice("language", name, on.language)));
  for (const button of at("languages").querySelectorAll("button")) {
    button.lang = button.dataset.language;
    button.firstElementChild.textContent = LANGUAGES[button.dataset.language];
  }
}

function choice(kind, name, chosen, picture) {
  const button = document.createElement("button");
  const label = document.createElement("span");
  button.type = "button";
  button.className = `button button--quiet ${kind}`;
  button.dataset[kind] = name;
  if (kind === "reason") label.dataset.words = name;
  button.append(...(picture ? [picture] : []), label);
  button.addEventListener("click", () => chosen(name));
  return button;
}

export function draw(view) {
  const { body } = document;
  const again = body.dataset.showing === String(view.showing);
  body.dataset.scene = view.scene;
  body.dataset.tone = view.tone;
  body.dataset.showing = view.showing;
  say(view);
  speak(view.language);
  offer(view);
  if (!again) keepFocus();
}

function say(view) {
  const long = view.title.length > VERY_LONG_TITLE ? "very" : view.title.length > LONG_TITLE ? "rather" : "no";
  at("title").textContent = view.title;
  at("line").textContent = view.line;
  at("says").lang = view.words_language;
  at("says").dataset.long = long;
  at("medal").setAttribute("href", `#${PICTURES[view.picture] ?? MEDALS[view.scene] ?? "bell"}`);
}

export function speak(language) {
  const spoken = known(language);
  document.documentElement.lang = spoken;
  for (const element of document.querySelectorAll("[data-words]")) element.textContent = word(spoken, element.dataset.words);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", word(spoken, element.dataset.label));
  mark("language", spoken);
}

function offer(view) {
  const timed = view.ends_in_s !== null;
  at("asks").hidden = !view.offers_reasons;
  mark("reason", view.reason);
  at("bell-button").hidden = !WITH_BELL_BUTTON.has(view.scene);
  at("not-today-button").hidden = !view.offers_not_today;
  at("stay-button").hidden = !(timed && (view.offers_reasons || view.offers_not_today));
  const reader = at("reader");
  reader.hidden = !WITH_READER.has(view.scene);
  reader.dataset.ok = view.reader_ok;
  at("reader-words").textContent = word(view.language, view.reader_ok ? "hold" : "reader_off");
}

function mark(kind, chosen) {
  for (const button of document.querySelectorAll(`button[data-${kind}]`)) {
    button.setAttribute("aria-pressed", String(button.dataset[kind] === chosen));
  }
}

// A button that had the focus and is gone would leave a keyboard nowhere.
function keepFocus() {
  const focused = document.activeElement;
  if (focused && focused !== document.body && focused.closest("[hidden]")) at("scene").focus({ preventScroll: true });
}

// Nothing of anybody: no words, no arrival, no choice.
export function wipe() {
  draw({
    showing: -1,
    scene: "starting",
    title: "",
    line: "",
    tone: "calm",
    picture: "",
    language: document.documentElement.lang,
    words_language: document.documentElement.lang,
    reason: null,
    ends_in_s: null,
    offers_reasons: false,
    offers_not_today: false,
    reader_ok: true,
  });
}
