// Preact's elements written as templates. htm builds elements, never markup: what comes from the hub stays text.

import htm from "htm";
import { h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

export const html = htm.bind(h);
export { useEffect, useRef, useState };

/** The hub's time, moving on once a second. */
export function useNow(model) {
  const [now, setNow] = useState(model.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(model.now()), 1000);
    return () => clearInterval(timer);
  }, [model]);
  return now;
}

/** A heading that takes the focus when its page comes up, so that keyboards and screen readers start there. */
export function Heading({ children, class: name = "" }) {
  const ref = useRef(null);
  useEffect(() => ref.current.focus({ preventScroll: true }), []);
  return html`<h1 ref=${ref} tabindex="-1" class=${`heading ${name}`}>${children}</h1>`;
}
