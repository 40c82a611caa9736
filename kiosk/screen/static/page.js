// The kiosk's page: follows the stream, draws what it says, sends what fingers do. Holds one view and no history.

import { draw, furnish, speak, wipe } from "./draw.js";
import { act, follow } from "./link.js";
import { Sand } from "./sand.js";
import { word } from "./words.js";

const MOMENT_AFTER_MS = 1200; // shorter cuts pass unseen
const ALIVE_EVERY_MS = 10_000;
const STAY_EVERY_MS = 5000;
const TROUBLE_MS = 8000;
const NOTHING = { version: -1, showing: -1, arrival_id: null, ends_in_s: null };

const at = (id) => document.getElementById(id);
const build = document.documentElement.dataset.build;

let now = NOTHING;
let momentTimer = 0;
let troubleTimer = 0;
let aliveAt = -Infinity;
let stayAt = -Infinity;

const sand = new Sand(at("sand"), at("seconds"), forget);

function show(view) {
  now = view;
  draw(view);
  sand.start(view);
  up();
  alive();
}

function forget() {
  now = NOTHING;
  sand.stop();
  wipe();
  document.body.dataset.link = "waiting";
  at("screen").inert = true;
}

function up() {
  clearTimeout(momentTimer);
  momentTimer = 0;
  document.body.dataset.link = "up";
  at("screen").inert = false;
}

function down() {
  momentTimer ||= setTimeout(forget, MOMENT_AFTER_MS);
}

// A page that draws says so; a hidden one (a second tab) gets no frames, but still lives.
function alive() {
  if (performance.now() - aliveAt < ALIVE_EVERY_MS) return;
  aliveAt = performance.now();
  const tell = () => act("alive", { version: now.version });
  if (document.hidden) tell();
  else requestAnimationFrame(tell);
}

// The kiosk was updated under this page: load the new one, but only when it really answers, and once per build.
async function renew(served) {
  if (served === build || sessionStorage.getItem("renewed") === served) return;
  sessionStorage.setItem("renewed", served);
  const answer = await fetch("/", { cache: "no-store" }).catch(() => null);
  if (answer?.ok) location.reload();
}

async function press(button, path, body) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const { status } = await act(path, body);
  button.removeAttribute("aria-busy");
  if (status !== 200 && status !== 409) complain(); // 409: the screen had moved on, and shows it
}

function complain() {
  clearTimeout(troubleTimer);
  at("trouble-words").textContent = word(document.documentElement.lang, "trouble");
  at("trouble").hidden = false;
  troubleTimer = setTimeout(() => {
    at("trouble").hidden = true;
  }, TROUBLE_MS);
}

// Somebody who touches the screen is still there.
function touched(event) {
  if (now.ends_in_s === null || event.target.closest?.("button") || performance.now() - stayAt < STAY_EVERY_MS) return;
  stayAt = performance.now();
  act("stay", { showing: now.showing });
}

const button = (kind, name) => document.querySelector(`button[data-${kind}="${name}"]`);

furnish({
  reason: (reason) => now.arrival_id && press(button("reason", reason), "reason", { arrival_id: now.arrival_id, reason }),
  language: (language) => press(button("language", language), "language", { language }),
});
at("bell-button").addEventListener("click", (event) => press(event.currentTarget, "bell", { language: document.documentElement.lang }));
at("not-today-button").addEventListener("click", (event) => press(event.currentTarget, "not-today", { arrival_id: now.arrival_id }));
at("stay-button").addEventListener("click", (event) => press(event.currentTarget, "stay", { showing: now.showing }));
document.addEventListener("pointerdown", touched);
document.addEventListener("keydown", touched);
// A kiosk is no browser: nothing to save, drag or select.
for (const kind of ["contextmenu", "dragstart", "selectstart"]) document.addEventListener(kind, (event) => event.preventDefault());
addEventListener("pagehide", forget); // a page kept for "back" keeps nobody

document.documentElement.dataset.reader = new URLSearchParams(location.search).get("reader") ?? "below";
speak(document.documentElement.lang);
at("screen").inert = true;
follow({ view: show, beat: alive, hello: renew, up: () => {}, down });
