// One idempotency key per intended act, kept over every retry until the hub has given its word. Pure but for the
// random source it is given. The hub answers the same key with the same answer, so a lost answer never acts twice.

export class Acts {
  #kept = new Map();
  #random;

  /** random: (bytes: Uint8Array) => Uint8Array, filled. */
  constructor(random) {
    this.#random = random;
  }

  /** The key of this act on this subject; the same key while neither the act was settled nor its body changed. */
  keyFor(act, subject, body = null) {
    const name = `${act}:${subject}`;
    const asked = JSON.stringify(body);
    const kept = this.#kept.get(name);
    if (kept?.asked === asked) return kept.key;
    const key = [...this.#random(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    this.#kept.set(name, { key, asked, subject });
    return key;
  }

  /** The hub has answered: the next time is a new act. */
  settled(act, subject) {
    this.#kept.delete(`${act}:${subject}`);
  }

  /** Nothing may be left of this alert or visit. */
  forget(subject) {
    for (const [name, kept] of this.#kept) if (kept.subject === subject) this.#kept.delete(name);
  }

  forgetAll() {
    this.#kept.clear();
  }
}
