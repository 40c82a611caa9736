// The time a scene has left: shown as running sand and seconds, and kept by the page itself, so that a name leaves the
// screen even when the kiosk can no longer say so.

const GRACE_MS = 1500;

export class Sand {
  #ends = 0;
  #whole = 0;
  #timer = 0;
  #last = 0;
  #showing = null;
  #bar;
  #seconds;

  // over: called when the time is over and no newer view came.
  constructor(bar, seconds, over) {
    this.#bar = bar;
    this.#seconds = seconds;
    this.over = over;
  }

  start(view) {
    this.stop();
    if (view.ends_in_s === null) return;
    const left = view.ends_in_s * 1000;
    this.#whole = this.#showing === view.showing ? Math.max(this.#whole, left) : left;
    this.#showing = view.showing;
    this.#ends = performance.now() + left;
    this.#timer = setInterval(() => this.#run(), 250);
    this.#last = setTimeout(this.over, left + GRACE_MS);
    this.#run();
  }

  stop() {
    clearInterval(this.#timer);
    clearTimeout(this.#last);
  }

  #run() {
    const left = Math.max(0, this.#ends - performance.now());
    this.#bar.style.setProperty("transform", `scaleX(${(left / this.#whole).toFixed(3)})`);
    this.#seconds.textContent = String(Math.ceil(left / 1000));
  }
}
