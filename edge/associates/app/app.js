// The associates' app: puts the parts together and the page on the screen.

import { render } from "preact";
import { Acts } from "./acts.js";
import { Arrivals, Mine } from "./arrivals.js";
import { Awake } from "./awake.js";
import { CardPage } from "./client_card.js";
import { Feedback } from "./feedback.js";
import { Bar, Notice, Offline, Said, StoreName, Tabs } from "./frame.js";
import { Hub } from "./hub.js";
import { html, useEffect, useNow, useState } from "./html.js";
import { Icon } from "./icons.js";
import { Model } from "./model.js";
import { NotePage } from "./note.js";
import { followHistory } from "./pages_back.js";
import { Settings } from "./settings.js";
import { SignIn, Starting } from "./sign_in.js";
import { keepShell } from "./shell.js";

const feedback = new Feedback();
const awake = new Awake();
const model = new Model({ hub: new Hub(), acts: new Acts((bytes) => crypto.getRandomValues(bytes)), feedback });

function App() {
  const [view, setView] = useState(model.view);
  useEffect(() => model.watch(setView), []);
  if (view.phase === "signed_out") return html`<${SignIn} model=${model} view=${view} />`;
  if (view.phase !== "signed_in") return html`<${Starting} view=${view} />`;
  return html`<${Inside} view=${view} />`;
}

function Inside({ view }) {
  const now = useNow(model);
  useEffect(() => model.tick(), [now]);
  useEffect(() => window.scrollTo(0, 0), [view.page.name]);
  const deep = view.page.name === "card" || view.page.name === "note";
  return html`<div class=${`inside ${deep ? "inside--deep" : ""}`}>
    <${Bar} view=${view}>${deep ? html`<${Back} />` : html`<${StoreName} view=${view} />`}<//>
    <${Said} view=${view} />
    <div class="banners"><${Offline} view=${view} /><${Notice} model=${model} view=${view} /></div>
    <${Page} key=${view.page.name} view=${view} now=${now} />
    ${!deep && html`<${Tabs} model=${model} view=${view} />`}
  </div>`;
}

const PAGES = { arrivals: Arrivals, mine: Mine, me: Settings, card: CardPage, note: NotePage };

function Page({ view, now }) {
  return html`<${PAGES[view.page.name]} model=${model} view=${view} now=${now} feedback=${feedback} awake=${awake} />`;
}

function Back() {
  return html`<button type="button" class="bar__back" onClick=${() => model.back()}><${Icon} name="back" />Back</button>`;
}

function seen() {
  if (document.visibilityState !== "visible") return;
  awake.again();
  model.wake();
}

for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, () => feedback.unlock(), { passive: true });
document.addEventListener("visibilitychange", seen);
addEventListener("pageshow", seen);
addEventListener("online", () => model.wake());
addEventListener("offline", () => model.lost());
addEventListener("keydown", (event) => {
  if (event.key === "Escape") model.back();
});

followHistory(model, history, window);
const place = document.getElementById("app");
place.replaceChildren();
render(html`<${App} />`, place);
model.begin();
keepShell();
