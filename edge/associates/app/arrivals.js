// The list of who is waiting, and the list of whom I took.

import { endedLately, mine, taken, waiting } from "./alerts_state.js";
import { Heading, html } from "./html.js";
import { Icon } from "./icons.js";
import { agoOf, assuranceOf, doorOf, endedAs, languageOf, reasonOf, whoOf, whyYou } from "./words.js";

const LONG_WAIT_MS = 60_000;

export function Arrivals({ model, view, now }) {
  const me = view.session.associate;
  const open = waiting(view.known);
  const aside = taken(view.known, me);
  const ended = endedLately(view.known, now);
  return html`<main class="page">
    <${Heading} class="page__title">${countOf(open.length)}<//>
    ${open.length === 0 && html`<${Quiet} view=${view} />`}
    <ol class="arrivals" aria-label="Waiting">
      ${open.map((alert) => html`<${Waiting} key=${alert.alert_id} model=${model} view=${view} alert=${alert} now=${now} />`)}
    </ol>
    ${aside.length + ended.length > 0 &&
    html`<section aria-label="Just now" class="aside">
      <h2 class="section__title">Just now</h2>
      <ul class="lines">
        ${aside.map((alert) => html`<${Taken} key=${alert.alert_id} alert=${alert} now=${now} />`)}
        ${ended.map((one) => html`<li key=${one.alert_id} class="line line--ended" data-ended=${one.state}>${endedAs(one.state)}</li>`)}
      </ul>
    </section>`}
  </main>`;
}

const countOf = (count) => (count === 0 ? "Nobody is waiting" : count === 1 ? "1 person is waiting" : `${count} people are waiting`);

function Waiting({ model, view, alert, now }) {
  const arrived = Date.parse(alert.arrived_at);
  const busy = view.busy === `claim:${alert.alert_id}`;
  const id = `who-${alert.alert_id}`;
  return html`<li class=${`arrival arrival--${alert.who.kind}`} data-alert=${alert.alert_id}>
    <div class="arrival__top">
      <h2 id=${id} class="arrival__who">${whoOf(alert.who)}</h2>
      <${Ago} arrived=${arrived} now=${now} />
    </div>
    <${Chips} alert=${alert} />
    ${alert.headline && html`<p class="arrival__headline">${alert.headline}</p>`}
    <ul class="facts">
      <li><${Icon} name="door" />${doorOf(alert.door)}</li>
      ${alert.language && html`<li><${Icon} name="language" />${languageOf(alert.language)}</li>`}
      ${whyYou(alert.why_you) && html`<li><${Icon} name="why" />${whyYou(alert.why_you)}</li>`}
    </ul>
    <button
      type="button"
      class="button button--big"
      aria-describedby=${id}
      disabled=${view.link === "offline" || view.busy !== null}
      onClick=${() => model.claim(alert)}
    >
      ${busy ? "Taking…" : "Take"}
    </button>
  </li>`;
}

export function Ago({ arrived, now }) {
  const long = now - arrived > LONG_WAIT_MS;
  return html`<time class=${`ago ${long ? "ago--long" : ""}`} datetime=${isoOf(arrived)}><${Icon} name="clock" />${agoOf(arrived, now)}</time>`;
}

const isoOf = (ms) => (Number.isNaN(ms) ? undefined : new Date(ms).toISOString());

/** The reason, where one was chosen, and how far the card can be trusted, where that is not fully. */
export function Chips({ alert }) {
  const { assurance: level, caution } = alert.who;
  const assurance = caution || (level && level !== "proven") ? assuranceOf(level, caution) : null;
  const reason = reasonOf(alert.reason);
  if (!reason && !assurance) return null;
  return html`<p class="chips">
    ${reason && html`<span class="badge badge--brass badge--reason">${reason}</span>`}
    ${assurance && html`<span class=${`badge ${assurance.doubt ? "badge--rust" : ""}`} title=${assurance.hint}>${assurance.text}</span>`}
  </p>`;
}

function Taken({ alert, now }) {
  return html`<li class="line" data-alert=${alert.alert_id} data-taken="true">
    <span><strong>${whoOf(alert.who)}</strong> · ${doorOf(alert.door)}</span>
    <span class="muted">taken by ${alert.claimed_by_name ?? alert.claimed_by ?? "somebody"}, ${agoOf(Date.parse(alert.arrived_at), now)}</span>
  </li>`;
}

function Quiet({ view }) {
  return html`<div class="quiet">
    <div class="quiet__mark"><${Icon} name="bell" size="xl" /></div>
    <p class="muted">${view.link === "offline" ? "As far as this phone knew." : "The bell rings here when somebody comes in."}</p>
  </div>`;
}

export function Mine({ model, view, now }) {
  const claims = mine(view.known, view.session.associate);
  return html`<main class="page">
    <${Heading} class="page__title">${claims.length === 0 ? "You have taken nobody yet" : "You are with"}<//>
    ${claims.length === 0 && html`<p class="muted">Take an arrival, and it stays here until you are done.</p>`}
    <ol class="arrivals">
      ${claims.map((alert) => html`<${Claimed} key=${alert.alert_id} model=${model} alert=${alert} now=${now} />`)}
    </ol>
  </main>`;
}

function Claimed({ model, alert, now }) {
  const id = `mine-${alert.alert_id}`;
  return html`<li class=${`arrival arrival--${alert.who.kind}`} data-alert=${alert.alert_id}>
    <div class="arrival__top">
      <h2 id=${id} class="arrival__who">${whoOf(alert.who)}</h2>
      <${Ago} arrived=${Date.parse(alert.arrived_at)} now=${now} />
    </div>
    <${Chips} alert=${alert} />
    ${alert.headline && html`<p class="arrival__headline">${alert.headline}</p>`}
    <button type="button" class="button button--big" aria-describedby=${id} onClick=${() => model.openCard(alert)}>Open the card</button>
  </li>`;
}
