// The app's icons, drawn on a 24 by 24 grid, in the colour of the text beside them. Always beside a word: hidden from readers.

import { html } from "./html.js";

const PATHS = {
  bell: ["M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15z", "M10 21a2.2 2.2 0 0 0 4 0", "M12 5V3"],
  mine: ["M12 11.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M4.5 20.5c.6-4 3.6-6 7.5-6s6.9 2 7.5 6"],
  me: ["M4 7h9", "M17 7h3", "M15 5v4", "M4 17h3", "M11 17h9", "M9 15v4", "M4 12h16"],
  door: ["M6 21V4a1 1 0 0 1 1-1h10a1 1 0 0 1 1 1v17", "M3.5 21h17", "M14.5 12v.5"],
  language: ["M4 6h10", "M9 4v2c0 4-2 7-5 9", "M6 10c1.5 2.5 4 4 6.5 4.5", "M12 20l4-9 4 9", "M13.5 17h5"],
  why: ["M12 3l2.6 5.6 6 .7-4.5 4.1 1.2 6-5.3-3-5.3 3 1.2-6L3.4 9.3l6-.7z"],
  clock: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M12 7.5V12l3 2"],
  back: ["M15 5l-7 7 7 7"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  warn: ["M12 4l9 16H3z", "M12 10v4.5", "M12 17.2v.1"],
  ask: ["M4 5h16v11H10l-5 4v-4H4z", "M9 9.5h6", "M9 12.5h4"],
  offer: ["M4 8l8-4 8 4v8l-8 4-8-4z", "M4 8l8 4 8-4", "M12 12v8"],
  heart: ["M12 20s-7.5-4.6-7.5-10.2A4.3 4.3 0 0 1 12 7.3a4.3 4.3 0 0 1 7.5 2.5C19.5 15.4 12 20 12 20z"],
  project: ["M4 20l9-9", "M12 5l7 7", "M14.5 3.5l6 6-3 3-6-6z"],
  receipt: ["M6 3h12v18l-3-2-3 2-3-2-3 2z", "M9 8h6", "M9 12h6"],
  note: ["M5 4h14v16H5z", "M9 9h6", "M9 13h6"],
  missing: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M12 8v8", "M8 12h8"],
  offline: ["M3 3l18 18", "M5 12.5a10 10 0 0 1 4-2.3", "M8.5 16a5 5 0 0 1 6.5-.3", "M12 19.5v.1", "M13.5 9.8a10 10 0 0 1 5.5 2.7"],
  pin: ["M12 21s6.5-6 6.5-11a6.5 6.5 0 1 0-13 0c0 5 6.5 11 6.5 11z", "M12 12.3a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6z"],
  sound: ["M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z", "M15.5 9a4.5 4.5 0 0 1 0 6", "M18 6.5a8 8 0 0 1 0 11"],
  sun: ["M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M12 2.5v2", "M12 19.5v2", "M2.5 12h2", "M19.5 12h2", "M5.3 5.3l1.4 1.4", "M17.3 17.3l1.4 1.4", "M5.3 18.7l1.4-1.4", "M17.3 6.7l1.4-1.4"],
  out: ["M14 4H5v16h9", "M10 12h10", "M16.5 8.5L20 12l-3.5 3.5"],
  lock: ["M6 11h12v9H6z", "M8.5 11V8a3.5 3.5 0 0 1 7 0v3"],
};

export function Icon({ name, size }) {
  return html`<svg class=${`icon ${size ? `icon--${size}` : ""}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    ${PATHS[name].map((d) => html`<path d=${d} />`)}
  </svg>`;
}
