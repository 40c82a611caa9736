// The phone's own back button: each page deeper is one step of history. Only depths are put there, never an id.

const DEPTH = { arrivals: 0, mine: 0, me: 0, card: 1, note: 2 };

export function followHistory(model, history, window) {
  let depth = 0;
  let ours = 0; // steps back that this module asked for itself
  history.replaceState({ depth }, "");
  model.watch((view) => {
    const wanted = view.phase === "signed_in" ? DEPTH[view.page.name] : 0;
    if (wanted < depth) {
      ours += 1;
      history.go(wanted - depth);
    }
    for (let step = depth + 1; step <= wanted; step++) history.pushState({ depth: step }, "");
    depth = wanted;
  });
  window.addEventListener("popstate", (event) => {
    if (ours > 0) {
      ours -= 1;
      return;
    }
    while (depth > (event.state?.depth ?? 0)) {
      depth -= 1;
      model.back();
    }
  });
}
