// The sign-in page. Name and PIN live in the form only, for as long as it is on show.

import { Heading, html, useRef, useState } from "./html.js";
import { Icon } from "./icons.js";

export function SignIn({ model, view }) {
  const [problem, setProblem] = useState(null);
  const form = useRef(null);

  async function submit(event) {
    event.preventDefault();
    const { associate, pin } = form.current.elements;
    const text = await model.signIn(associate.value.trim().toLowerCase(), pin.value);
    if (text === null) return;
    setProblem(text);
    pin.value = "";
    pin.focus();
  }

  return html`<main class="sign-in">
    <div class="sign-in__mark"><${Icon} name="bell" size="xl" /></div>
    <${Heading} class="sign-in__title">Shopbell<//>
    <p class="sign-in__lead">Know who walked in, and what they came for.</p>
    ${view.notice && html`<div role="status" class=${`notice notice--${view.notice.tone}`}><p>${view.notice.text}</p></div>`}
    <form class="sign-in__form stack" ref=${form} onSubmit=${submit} novalidate>
      <div class="field">
        <label for="associate">Your name in the store</label>
        <input id="associate" name="associate" required maxlength="32" autocomplete="username" autocapitalize="none" autocorrect=${false} spellcheck=${false} enterkeyhint="next" />
      </div>
      <div class="field">
        <label for="pin">PIN</label>
        <input id="pin" name="pin" type="password" required maxlength="64" autocomplete="current-password" enterkeyhint="go" aria-describedby="sign-in-problem" aria-invalid=${problem ? "true" : "false"} />
        <p id="sign-in-problem" class="field__error" role="alert">${problem ?? ""}</p>
      </div>
      <button class="button button--big" disabled=${view.busy !== null}>${view.busy ? "Signing in…" : "Sign in"}</button>
    </form>
    <p class="sign-in__foot muted">What you see about shoppers stays on the store hub. This phone keeps none of it.</p>
  </main>`;
}

/** Before anything is known: the hub has not answered yet, or cannot be reached. */
export function Starting({ view }) {
  const silent = view.phase === "unreached";
  return html`<main class="sign-in">
    <div class="sign-in__mark"><${Icon} name=${silent ? "offline" : "bell"} size="xl" /></div>
    <h1 class="sign-in__title">${silent ? "Offline" : "Shopbell"}</h1>
    <p class="sign-in__lead" role="status">
      ${silent ? "The store hub does not answer. Is this phone in the store's network? Trying again by itself." : "Calling the store hub…"}
    </p>
  </main>`;
}
