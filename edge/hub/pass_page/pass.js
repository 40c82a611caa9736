// A member's pass: opens its link once, then asks the hub for the code of each half-minute. It keeps nothing itself.

import { wordsFor } from "./words.js";

const API = "/api/v1/pass";
const AGAIN_MS = 3000;
const TIMEOUT_MS = 8000;
const [language, words] = wordsFor(navigator.languages);
const $ = (id) => document.getElementById(id);
const own = { "X-Shopbell-Pass": "1" };
let timer = 0;
let left = 0;

function say(text, showing = false) {
  $("said").textContent = text;
  $("code").hidden = !showing;
  $("remove").hidden = !showing;
}

/** The hub's answer. Throws when there is none, or only a fault's. */
async function ask(method, body) {
  const headers = body === undefined ? own : { ...own, "Content-Type": "application/json" };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const answer = await fetch(API, { method, headers, cache: "no-store", signal, body: body && JSON.stringify(body) });
  if (answer.status >= 500) throw new Error(`HTTP ${answer.status}`);
  return answer;
}

/** Does this until the store can be reached. */
async function patiently(act) {
  clearTimeout(timer);
  try {
    await act();
  } catch {
    say(words.away);
    timer = setTimeout(() => patiently(act), AGAIN_MS);
  }
}

/** Open the link this page was called with. Once answered, the address forgets it: going back does not try it again. */
async function openLink() {
  const answer = await ask("POST", { link: location.hash.slice(1) });
  history.replaceState(null, "", "/pass");
  await renew(answer.ok ? words.none : words.used);
}

/** nothing: what to say when this phone holds no pass; an old link may be called again by one that does. */
async function renew(nothing = words.none) {
  const answer = await ask("GET");
  if (answer.ok) show(await answer.json());
  else say(nothing);
}

function show(shown) {
  $("picture").src = `data:image/svg+xml,${encodeURIComponent(shown.svg)}`;
  left = shown.left_s;
  say(words.show, true);
  countDown();
}

function countDown() {
  clearTimeout(timer);
  $("left").textContent = words.left.replace("{}", left);
  if (left <= 0) return patiently(() => renew());
  left -= 1;
  timer = setTimeout(countDown, 1000);
}

async function remove() {
  clearTimeout(timer);
  try {
    await ask("DELETE");
    say(words.removed);
  } catch {
    say(words.away, true);
    timer = setTimeout(countDown, AGAIN_MS);
  }
}

document.documentElement.lang = language;
document.title = `${words.title} · Shopbell`;
for (const id of ["title", "once", "remove"]) $(id).textContent = words[id];
$("picture").alt = words.picture;
say(words.moment);
$("remove").addEventListener("click", remove);
// a phone that was asleep shows an old code otherwise
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && !$("code").hidden) patiently(() => renew());
});
patiently(location.hash.length > 1 ? openLink : () => renew());
