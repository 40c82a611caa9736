// A page looks again by itself and shows what is new, unless somebody is in the middle of something.
const EVERY_MS = 5000;
const REFRESH = { "X-Shopbell-Refresh": "1" };
const lost = document.getElementById("lost");

function isBusy(live) {
  return live.contains(document.activeElement) || live.querySelector("details[open]") !== null || String(getSelection()) !== "";
}

async function look() {
  const live = document.getElementById("live");
  if (!live || document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: REFRESH, cache: "no-store", signal: AbortSignal.timeout(8000) });
    if (answer.redirected && new URL(answer.url).pathname === "/sign-in") {
      location.assign("/sign-in");
      return;
    }
    lost.hidden = answer.ok;
    if (answer.ok && !isBusy(live)) show(live, await answer.text());
  } catch {
    lost.hidden = false; // no network, or HQ is down: said on the page, tried again
  }
}

function show(live, text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const newer = page.getElementById("live");
  if (newer && newer.innerHTML !== live.innerHTML) live.replaceChildren(...newer.childNodes);
  const tabs = page.querySelector(".tabs");
  const ours = document.querySelector(".tabs");
  if (tabs && ours && !ours.contains(document.activeElement) && tabs.innerHTML !== ours.innerHTML) ours.replaceChildren(...tabs.childNodes);
}

if (document.getElementById("live")) {
  setInterval(look, EVERY_MS);
  document.addEventListener("visibilitychange", look);
}
