// Keeps the shell of the app, and nothing else: what the hub says about people never enters a cache.
// SHELL = {version, files} stands in a line the hub writes before this one; another version is another cache.

/* global SHELL */
const CACHE = `shopbell-shell-${SHELL.version}`;
const FILES = new Set(SHELL.files);

addEventListener("install", (event) => event.waitUntil(fill()));
addEventListener("activate", (event) => event.waitUntil(takeOver()));
addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const ours = event.request.method === "GET" && url.origin === location.origin && FILES.has(url.pathname + url.search);
  if (ours) event.respondWith(fromShell(event.request));
});

async function fill() {
  const cache = await caches.open(CACHE);
  await cache.addAll(SHELL.files.map((file) => new Request(file, { cache: "reload", credentials: "omit" })));
  await skipWaiting();
}

async function takeOver() {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
  await clients.claim();
}

async function fromShell(request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(request)) ?? fetch(request);
}
