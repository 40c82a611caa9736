// The client card: what matters about this member now, most urgent first, readable in two seconds at arm's length.
// Under every line stands, small, what it rests on.

import { Ago, Chips } from "./arrivals.js";
import { Heading, html, useState } from "./html.js";
import { Icon } from "./icons.js";
import { shownAlert } from "./model.js";
import { BY_RULE, assuranceOf, doorOf, languageOf, stockOf, whoOf } from "./words.js";

export function CardPage({ model, view, now }) {
  const alert = shownAlert(view);
  const offline = view.link === "offline";
  if (!alert) return html`<main class="page"><${Heading}>This arrival is no longer yours<//></main>`;
  return html`<main class="page page--card">
    <${Hero} alert=${alert} view=${view} now=${now} />
    <${Body} model=${model} view=${view} offline=${offline} />
    <div class="actions">
      <div class="actions__in">
        <button type="button" class="button button--quiet" disabled=${offline || view.busy !== null} onClick=${() => model.release(alert)}>Give back</button>
        <button type="button" class="button button--grow" onClick=${() => model.writeDown()}>Write down & finish</button>
      </div>
    </div>
  </main>`;
}

function Hero({ alert, view, now }) {
  const card = view.card?.card;
  const assurance = assuranceOf(card?.assurance ?? alert.who.assurance, card?.caution ?? alert.who.caution);
  return html`<section class="hero" aria-label="Who">
    <div class="arrival__top">
      <${Heading} class="hero__who">${card?.who ?? whoOf(alert.who)}<//>
      <${Ago} arrived=${Date.parse(alert.arrived_at)} now=${now} />
    </div>
    <${Chips} alert=${alert} />
    <ul class="facts">
      <li><${Icon} name="door" />${doorOf(alert.door)}</li>
      ${alert.language && html`<li><${Icon} name="language" />${languageOf(alert.language)}</li>`}
      ${card?.member_since && html`<li><${Icon} name="heart" />Member since ${card.member_since}</li>`}
    </ul>
    ${assurance?.hint && html`<p class="hero__hint">${assurance.hint}</p>`}
  </section>`;
}

function Body({ model, view, offline }) {
  const { status, card, text } = view.card ?? { status: "loading" };
  if (status === "loading") return html`<div class="loading" role="status"><span class="visually-hidden">Fetching the card…</span></div>`;
  if (status === "closed") return html`<${Closed} model=${model} view=${view} text=${text} offline=${offline} />`;
  if (status === "failed") {
    return html`<div class="notice notice--rust"><div class="stack">
      <p>${text}</p>
      <button type="button" class="button button--quiet" disabled=${offline} onClick=${() => model.loadCard()}>Try again</button>
    </div></div>`;
  }
  return html`<div class="card-grid">
    <div class="card-grid__now">
      <${Lines} title="Open issue" icon="warn" tone="rust" lines=${card.open_issues} />
      <${Lines} title="Ask" icon="ask" tone="brass" lines=${card.ask} />
      <${Offers} offers=${card.offer} />
      <${Lines} title="How they like it" icon="heart" tone="plain" lines=${card.served_how} />
    </div>
    <div class="card-grid__more">
      <${Projects} projects=${card.projects} offered=${new Set(card.offer.map((item) => item.product_code))} />
      <${Purchases} purchases=${card.purchases} />
      <${Lines} title="Notes" icon="note" tone="plain" lines=${card.notes} />
      ${card.member && !card.caution && html`<${Pass} model=${model} view=${view} offline=${offline} />`}
      ${isBare(card) && html`<p class="bare muted">Nothing is known yet. What you write down will help the next person.</p>`}
    </div>
  </div>`;
}

const PARTS = ["ask", "offer", "open_issues", "served_how", "projects", "purchases", "notes"];
const isBare = (card) => PARTS.every((part) => card[part].length === 0);

function Section({ title, icon, tone, children }) {
  return html`<section class=${`section section--${tone}`}>
    <h2 class="section__title"><${Icon} name=${icon} />${title}</h2>
    ${children}
  </section>`;
}

function Lines({ title, icon, tone, lines }) {
  if (lines.length === 0) return null;
  return html`<${Section} title=${title} icon=${icon} tone=${tone}>
    <ul class="says">
      ${lines.map((line) => html`<li><p class="says__text">${line.text}</p><p class="because">${line.because}</p></li>`)}
    </ul>
  <//>`;
}

function Offers({ offers }) {
  if (offers.length === 0) return null;
  return html`<${Section} title="Offer" icon="offer" tone="leaf">
    <ul class="says">${offers.map((item) => html`<li><${ShelfItem} item=${item} /></li>`)}</ul>
  <//>`;
}

function ShelfItem({ item }) {
  const stock = stockOf(item.stock);
  return html`<div class="shelf">
    <div class="shelf__words">
      <p class="says__text">${item.name}</p>
      <p class="shelf__facts">
        ${stock && html`<span class=${item.stock > 0 ? "in-stock" : "no-stock"}>${stock}</span>`}
        ${item.price && html`<span>${item.price}</span>`}
      </p>
      <p class="because">${item.because}</p>
    </div>
    ${item.aisle && html`<p class="shelf__aisle"><span class="shelf__aisle-word">Aisle</span> ${item.aisle.replace(/^aisle\s+/i, "")}</p>`}
  </div>`;
}

// What stands under "Offer" already, with its place and price, is only named here.
function Projects({ projects, offered }) {
  return projects.map(
    (project) => html`<${Section} key=${project.title} title=${project.title} icon="project" tone="plain">
      <p class="project__state">${project.state}</p>
      ${project.missing.length > 0 && html`<h3 class="project__part">Still missing</h3>
        <ul class="ticks">${project.missing.filter((item) => offered.has(item.product_code)).map((item) => html`<li><${Icon} name="offer" />${item.name}</li>`)}</ul>
        <ul class="says">${project.missing.filter((item) => !offered.has(item.product_code)).map((item) => html`<li><${ShelfItem} item=${item} /></li>`)}</ul>`}
      ${project.bought.length > 0 && html`<h3 class="project__part">Bought</h3>
        <ul class="ticks">${project.bought.map((name) => html`<li><${Icon} name="check" />${name}</li>`)}</ul>`}
    <//>`,
  );
}

function Purchases({ purchases }) {
  if (purchases.length === 0) return null;
  return html`<${Section} title="Bought before" icon="receipt" tone="plain">
    ${purchases.map(
      (one, place) => html`<details class="receipt" key=${one.receipt} open=${place === 0}>
        <summary><span>${one.sold_on}</span><span class="receipt__total">${one.total}</span></summary>
        <ul>${one.lines.map((line) => html`<li>${line}</li>`)}</ul>
        <p class="because">Receipt ${one.receipt}</p>
      </details>`,
    )}
  <//>`;
}

// Only for whoever stands here: the code opens once, so nobody else can use it afterwards.
function Pass({ model, view, offline }) {
  const pass = view.card.pass;
  return html`<${Section} title="Pass" icon="mine" tone="plain">
    ${pass
      ? html`<img class="pass" alt="Code with the link to the pass" src=${`data:image/svg+xml,${encodeURIComponent(pass.svg)}`} />
        <p>Let them scan it with their phone. It opens once, within a quarter of an hour.</p>`
      : html`<p>A code on their phone that proves who they are, at any door of this store.</p>
        <button type="button" class="button button--quiet" disabled=${offline || view.busy !== null} onClick=${() => model.givePass()}>Give a pass</button>`}
  <//>`;
}

function Closed({ model, view, text, offline }) {
  const [reason, setReason] = useState("");
  const submit = (event) => {
    event.preventDefault();
    if (reason.trim()) model.openByReason(reason.trim());
  };
  return html`<form class="card stack" onSubmit=${submit}>
    <h2 class="section__title"><${Icon} name="lock" />The card is closed</h2>
    <p>${text}</p>
    <p class="muted">${BY_RULE}</p>
    <div class="field">
      <label for="why">Why do you need it?</label>
      <input id="why" maxlength="200" autocomplete="off" value=${reason} onInput=${(event) => setReason(event.target.value)} />
    </div>
    <button class="button" disabled=${offline || view.busy !== null || reason.trim() === ""}>Open with this reason</button>
  </form>`;
}
