// What surrounds every page: the bar with the state of the link, the offline banner, notices, and the tabs.

import { mine, waiting } from "./alerts_state.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { clockOf } from "./words.js";

const LINKS = {
  live: { tone: "leaf", text: "Live" },
  looking: { tone: "brass", text: "Checking" },
  offline: { tone: "rust", text: "Offline" },
};

export function Bar({ view, children }) {
  const link = LINKS[view.link];
  return html`<header class="bar">
    <div class="bar__in">
      ${children}
      <span class=${`badge badge--${link.tone} bar__link`} data-link=${view.link}><i class="dot" aria-hidden="true"></i>${link.text}</span>
    </div>
  </header>`;
}

export function StoreName({ view }) {
  return html`<span class="bar__store"><${Icon} name="bell" /> ${view.session.store_name}</span>`;
}

/** role=alert: losing the network must be noticed by everybody. */
export function Offline({ view }) {
  return html`<div role="alert" class="offline-place">
    ${view.link === "offline" &&
    html`<div class="offline">
      <${Icon} name="offline" />
      <p><strong>Offline — ${sinceOf(view)}.</strong> Nothing can be taken or written until the store hub answers. Trying again by itself.</p>
    </div>`}
  </div>`;
}

const sinceOf = ({ knownAt }) => (knownAt ? `showing what was known at ${clockOf(knownAt)}` : "nothing is known yet");

export function Notice({ model, view }) {
  return html`<div role="status" class="notice-place">
    ${view.notice &&
    html`<div class=${`notice notice--${view.notice.tone}`}>
      <p>${view.notice.text}</p>
      <button class="notice__close" type="button" aria-label="Dismiss" onClick=${() => model.dismiss()}>×</button>
    </div>`}
  </div>`;
}

/** Heard, not seen: who came in. Emptied after a moment and when the arrival is forgotten. */
export function Said({ view }) {
  return html`<p class="visually-hidden" role="status" aria-live="assertive" id="said">${view.said?.text ?? ""}</p>`;
}

export function Tabs({ model, view }) {
  const me = view.session.associate;
  const tabs = [
    ["arrivals", "Arrivals", "bell", waiting(view.known).length],
    ["mine", "Mine", "mine", mine(view.known, me).length],
    ["me", "Settings", "me", 0],
  ];
  return html`<nav class="tabs" aria-label="Pages">
    <div class="tabs__in">${tabs.map((tab) => html`<${Tab} key=${tab[0]} model=${model} view=${view} tab=${tab} />`)}</div>
  </nav>`;
}

function Tab({ model, view, tab: [name, text, icon, count] }) {
  const current = view.page.name === name;
  return html`<button
    type="button"
    class="tab"
    aria-current=${current ? "page" : undefined}
    onClick=${() => model.show(name)}
  >
    <span class="tab__icon"><${Icon} name=${icon} />${count > 0 && html`<b class="tab__count">${count > 99 ? "99+" : count}</b>`}</span>
    <span>${text}</span>
  </button>`;
}
