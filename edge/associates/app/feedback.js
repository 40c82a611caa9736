// How a phone in a pocket says that somebody has come in: a short bell, vibration, and a count on title and icon.

const BUZZ = [180, 90, 180];
const TONES = [
  { hertz: 1318.5, at: 0 },
  { hertz: 1046.5, at: 0.16 },
];

export class Feedback {
  #audio = null;
  #title = null;
  sound = true;

  /** Browsers allow sound after a touch or key only: call from the first one. */
  unlock() {
    this.#audio ??= new AudioContext();
    if (this.#audio.state === "suspended") this.#audio.resume();
  }

  ring() {
    navigator.vibrate?.(BUZZ);
    if (this.sound && this.#audio?.state === "running") for (const tone of TONES) this.#strike(tone);
  }

  /** May be called at every change of anything. Title and badge cost milliseconds: only what is new, and after the page. */
  count(waiting, store) {
    const title = waiting > 0 ? `(${waiting}) ${store ?? "Shopbell"}` : (store ?? "Shopbell");
    if (title === this.#title) return;
    this.#title = title;
    setTimeout(() => this.#tell(title, waiting));
  }

  #tell(title, waiting) {
    document.title = title;
    // Installed apps only; elsewhere the promise is refused and the title has said it already.
    navigator.setAppBadge?.(waiting).catch(() => undefined);
  }

  #strike({ hertz, at }) {
    const begin = this.#audio.currentTime + at;
    const tone = new OscillatorNode(this.#audio, { type: "sine", frequency: hertz });
    const loudness = new GainNode(this.#audio, { gain: 0 });
    loudness.gain.linearRampToValueAtTime(0.35, begin + 0.01);
    loudness.gain.exponentialRampToValueAtTime(0.001, begin + 0.9);
    tone.connect(loudness).connect(this.#audio.destination);
    tone.start(begin);
    tone.stop(begin + 0.95);
  }
}
