// Installs the service worker that keeps the shell of the app, so that it opens without a network.

export async function keepShell() {
  if (!("serviceWorker" in navigator)) return; // plain http on a phone: works, but needs the network to open
  const policy = globalThis.trustedTypes?.createPolicy("shopbell", { createScriptURL: (path) => path });
  try {
    await navigator.serviceWorker.register(policy?.createScriptURL("/sw.js") ?? "/sw.js", { updateViaCache: "none" });
  } catch (error) {
    console.warn("the app will not open without a network:", error.name); // private windows refuse it
  }
}
