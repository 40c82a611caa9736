// A member's pass: opens its link once, then asks the hub for the code of each half-minute. It keeps nothing itself.

const API = "/api/v1/pass";
const AGAIN_MS = 3000;
const WORDS = {
  show: "Hold this code to the camera at the door.",
  away: "The store cannot be reached just now. Join its Wi-Fi; this page goes on by itself.",
  none: "There is no pass on this phone. Ask an associate for one.",
  used: "This link was opened before, or is too old. Ask an associate for a new one.",
  removed: "The pass has been removed. Its codes hold no longer.",
};
const $ = (id) => document.getElementById(id);
const own = { "X-Shopbell-Pass": "1" };
let timer = 0;
let left = 0;

function say(words, showing = false) {
  $("said").textContent = words;
  $("code").hidden = !showing;
  $("remove").hidden = !showing;
}

/** Open the link this page was called with. Once answered, the address forgets it: going back does not try it again. */
async function openLink(link) {
  const headers = { ...own, "Content-Type": "application/json" };
  const answer = await fetch(API, { method: "POST", headers, body: JSON.stringify({ link }) });
  history.replaceState(null, "", "/pass");
  return answer.ok;
}

async function renew() {
  clearTimeout(timer);
  try {
    const answer = await fetch(API, { cache: "no-store" });
    if (!answer.ok) return say(answer.status === 401 ? WORDS.none : WORDS.away);
    show(await answer.json());
  } catch {
    say(WORDS.away);
    timer = setTimeout(renew, AGAIN_MS);
  }
}

function show(shown) {
  $("picture").src = `data:image/svg+xml,${encodeURIComponent(shown.svg)}`;
  left = shown.left_s;
  say(WORDS.show, true);
  countDown();
}

function countDown() {
  clearTimeout(timer);
  $("left").textContent = left;
  if (left <= 0) return renew();
  left -= 1;
  timer = setTimeout(countDown, 1000);
}

async function remove() {
  clearTimeout(timer);
  try {
    await fetch(API, { method: "DELETE", headers: own });
    say(WORDS.removed);
  } catch {
    say(WORDS.away, true);
  }
}

async function begin() {
  const link = location.hash.slice(1);
  try {
    if (link && !(await openLink(link))) return say(WORDS.used);
  } catch {
    return say(WORDS.away);
  }
  return renew();
}

$("remove").addEventListener("click", remove);
// a phone that was asleep shows an old code otherwise
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && !$("code").hidden && renew());
begin();
