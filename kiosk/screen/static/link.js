// The line to the kiosk: one event stream that comes back by itself, and actions that never throw.

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 8000;
const SILENCE_MS = 40_000; // the kiosk beats every 15 s
const STEADY_MS = 5000;
const ACT_TIMEOUT_MS = 5000;

// Opens /stream and keeps it open. on: { view(object), beat(), hello(build), up(), down() }.
export function follow(on) {
  let source = null;
  let failures = 0;
  let openedAt = 0;
  let silence = 0;

  const listen = () => {
    source = new EventSource("/stream");
    source.addEventListener("open", () => {
      openedAt = performance.now();
      alive();
      on.up();
    });
    source.addEventListener("hello", (event) => on.hello(event.data));
    source.addEventListener("view", (event) => {
      alive();
      on.view(JSON.parse(event.data));
    });
    source.addEventListener("beat", () => {
      alive();
      on.beat();
    });
    source.addEventListener("error", again);
    alive();
  };

  const alive = () => {
    clearTimeout(silence);
    silence = setTimeout(again, SILENCE_MS);
  };

  // The browser would retry by itself, but not after every kind of failure and not with patience.
  const again = () => {
    clearTimeout(silence);
    source.close();
    on.down();
    failures = openedAt && performance.now() - openedAt > STEADY_MS ? 0 : failures + 1;
    openedAt = 0;
    const patience = Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS);
    setTimeout(listen, patience * (0.5 + Math.random() / 2));
  };

  listen();
}

// Posts an action. Resolves to { status, code }; status 0 when the kiosk cannot be reached.
export async function act(path, body) {
  try {
    const answer = await fetch(`/act/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ACT_TIMEOUT_MS),
    });
    const said = await answer.json();
    return { status: answer.status, code: said.error?.code ?? "ok" };
  } catch {
    return { status: 0, code: "unreachable" };
  }
}
