// Keeps the phone true: the line brings every change at once, and a look at the hub over HTTP catches up after
// every gap and now and then in between. Says how well that goes: "live", "looking" (no line) or "offline".

import { Line } from "./line.js";
import { Unreachable } from "./hub.js";

const LOOK_MS = { live: 20_000, looking: 4_000 };
const RETRY_MS = [1000, 2000, 3000, 5000, 8000];

export class Link {
  #hub;
  #on;
  #line;
  #running = false;
  #lineUp = false;
  #reached = true;
  #gap = true;
  #failures = 0;
  #timer = null;
  #looking = null;

  /**
   * on: {turn(): number, alert(value), alerts(values, {since, complete}), state(word), refused(Refused), renew()}.
   * `turn` is asked before each look, so that what arrives meanwhile is not taken for gone.
   */
  constructor(hub, on) {
    this.#hub = hub;
    this.#on = on;
    this.#line = new Line({
      alert: (value) => on.alert(value),
      hubStatus: (status) => this.#hubSays(status),
      up: () => this.#lineIs(true),
      down: () => this.#lineIs(false),
      renew: () => on.renew(),
    });
  }

  start(broker) {
    this.stop();
    this.#running = true;
    this.#reached = true;
    this.#line.open(broker);
    this.look();
  }

  stop() {
    this.#running = this.#lineUp = false;
    this.#gap = true;
    this.#failures = 0;
    clearTimeout(this.#timer);
    this.#line.close();
  }

  get state() {
    if (!this.#reached) return "offline";
    return this.#lineUp ? "live" : "looking";
  }

  /** The phone woke up, or the network says it is back. */
  wake() {
    if (!this.#running) return;
    this.#line.kick();
    this.look();
  }

  /** The network says it has gone: no need to wait for a timeout to say so. */
  lost() {
    if (!this.#running) return;
    this.#reach(false);
    this.#next();
  }

  /** Ask the hub what is true now. One look at a time; a look asked for during another follows it. */
  async look() {
    if (!this.#running) return;
    if (this.#looking) {
      this.#looking.again = true;
      return;
    }
    const look = (this.#looking = { again: false });
    clearTimeout(this.#timer);
    try {
      await this.#lookOnce();
    } finally {
      this.#looking = null;
      if (look.again) this.look();
      else this.#next();
    }
  }

  async #lookOnce() {
    const since = this.#on.turn();
    const lineWasUp = this.#lineUp;
    const complete = this.#gap || !lineWasUp;
    try {
      const alerts = await this.#hub.alerts();
      if (!this.#running) return;
      if (lineWasUp && this.#lineUp) this.#gap = false;
      this.#reach(true);
      this.#on.alerts(alerts, { since, complete });
    } catch (error) {
      if (!this.#running) return;
      if (!(error instanceof Unreachable) && error.status === undefined) throw error;
      if (error.status === 401) this.#on.refused(error);
      else this.#reach(false);
    }
  }

  #next() {
    clearTimeout(this.#timer);
    if (!this.#running) return;
    const wait = this.#reached ? LOOK_MS[this.state] : RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)];
    this.#timer = setTimeout(() => this.look(), wait);
  }

  #reach(reached) {
    const back = reached && !this.#reached;
    this.#reached = reached;
    if (reached) this.#failures = 0;
    if (back) this.#line.kick();
    this.#on.state(this.state);
  }

  #lineIs(up) {
    this.#lineUp = up;
    if (!up) this.#gap = true;
    this.#on.state(this.state);
    this.look();
  }

  #hubSays(status) {
    if (status.online === false || !this.#reached) this.look();
  }
}
