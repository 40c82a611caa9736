// Write down how it went, then Done. The draft lives in the view alone and goes with the page.

import { Heading, html } from "./html.js";
import { shownAlert } from "./model.js";
import { TOPICS, whoOf } from "./words.js";

const LONGEST = 2000; // NewNote of the contract
const WARN_AT = 1800;

export function NotePage({ model, view }) {
  const { draft } = view;
  const alert = shownAlert(view);
  const offline = view.link === "offline";
  const idle = !offline && view.busy === null;
  const written = draft.text.trim() !== "" || draft.wentWell !== null;
  const submit = (event) => {
    event.preventDefault();
    model.finish();
  };
  return html`<main class="page page--card">
    <${Heading} class="page__title">How did it go${alert?.who.name ? ` with ${whoOf(alert.who)}` : ""}?<//>
    <form class="stack note" id="note" onSubmit=${submit}>
      <fieldset class="choice">
        <legend>Did they find what they came for?</legend>
        <div class="choice__row">
          <${Choice} group="went-well" text="Yes" on=${draft.wentWell === true} pick=${() => model.edit({ wentWell: true })} />
          <${Choice} group="went-well" text="Not quite" on=${draft.wentWell === false} pick=${() => model.edit({ wentWell: false })} />
        </div>
      </fieldset>
      <div class="field">
        <label for="text">What should the next person know?</label>
        <textarea id="text" rows="5" maxlength=${LONGEST} value=${draft.text} autocomplete="off" aria-describedby="text-hint" onInput=${(event) => model.edit({ text: event.target.value })}></textarea>
        <p class="field__hint" id="text-hint">
          ${draft.text.length > WARN_AT ? `${LONGEST - draft.text.length} characters left.` : "Write it as if they read over your shoulder: the member may see it."}
        </p>
      </div>
      <fieldset class="choice">
        <legend>About</legend>
        <div class="choice__row choice__row--wrap">
          ${TOPICS.map(([topic, text]) => html`<${Choice} key=${topic} group="topic" text=${text} on=${draft.topic === topic} pick=${() => model.edit({ topic })} />`)}
        </div>
      </fieldset>
    </form>
    <div class="actions">
      <div class="actions__in">
        <button type="button" class="button button--quiet" disabled=${!idle || !written} onClick=${() => model.saveNote()}>Save, go on</button>
        <button type="submit" form="note" class="button button--grow" disabled=${!idle}>${view.busy ? "Saving…" : "Done"}</button>
      </div>
    </div>
  </main>`;
}

function Choice({ group, text, on, pick }) {
  return html`<label class="choice__one"><input type="radio" name=${group} checked=${on} onChange=${pick} /><span>${text}</span></label>`;
}
