// Who I am, how the phone tells me, and the way out.

import { Heading, html, useState } from "./html.js";
import { Icon } from "./icons.js";

export function Settings({ model, view, feedback, awake }) {
  const [sound, setSound] = useState(feedback.sound);
  const [held, setHeld] = useState(awake.held);
  const hear = (event) => {
    feedback.sound = event.target.checked;
    setSound(feedback.sound);
    if (feedback.sound) feedback.ring();
  };
  const { session } = view;
  return html`<main class="page">
    <${Heading} class="page__title">${session.display_name}<//>
    <p class="muted">Signed in at ${session.store_name} as ${session.associate}.</p>
    <div class="settings">
      <${Switch} icon="sound" text="Bell sound" on=${sound} change=${hear} />
      ${awake.possible && html`<${Switch} icon="sun" text="Keep the screen on" on=${held} change=${async (event) => setHeld(await awake.hold(event.target.checked))} />`}
    </div>
    <button type="button" class="button button--quiet button--big" onClick=${() => feedback.ring()}>Try the bell</button>
    <p class="muted small">The phone also vibrates where it can. Arrivals come in while this page is open.</p>
    <button type="button" class="button button--danger button--big sign-out" onClick=${() => model.signOut()}><${Icon} name="out" />Sign out</button>
  </main>`;
}

function Switch({ icon, text, on, change }) {
  return html`<label class="switch">
    <${Icon} name=${icon} /><span class="switch__text">${text}</span>
    <input type="checkbox" role="switch" checked=${on} onChange=${change} />
  </label>`;
}
