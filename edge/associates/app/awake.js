// Keeps the screen on while an associate wants it: a sleeping phone hears nothing.

export class Awake {
  #lock = null;
  held = false;
  possible = "wakeLock" in navigator;

  /** Returns whether the screen is kept on now. */
  async hold(wanted) {
    this.held = wanted;
    if (wanted) return this.again();
    await this.#lock?.release();
    this.#lock = null;
    return false;
  }

  /** The browser lets go whenever the page is hidden; called when it is seen again. */
  async again() {
    if (!this.held || !this.possible) return false;
    try {
      this.#lock = await navigator.wakeLock.request("screen");
    } catch {
      this.held = false; // refused, for instance to save the battery
    }
    return this.held;
  }
}
