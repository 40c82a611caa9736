// The line from the broker: MQTT over WebSocket. It only listens: nothing in here publishes, and there is no will.

import mqtt from "mqtt";

const PATIENCE_MS = [500, 1000, 2000, 4000, 8000, 15_000];
const LARGEST_BYTES = 16_384; // MESSAGE_MAX_BYTES of the contract
const REFUSED = new Set([4, 5, 134, 135]); // CONNACK: bad user name or password, not authorised

export class Line {
  #broker = null;
  #client = null;
  #timer = null;
  #tries = 0;
  #stale = false;
  #on;

  /**
   * on: {alert(value), hubStatus(value), up(), down(), renew(): Promise<Broker>}.
   * renew is asked for fresh credentials after the broker has refused the present ones.
   */
  constructor(on) {
    this.#on = on;
  }

  open(broker) {
    this.close();
    this.#broker = broker;
    this.#dial();
  }

  close() {
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = this.#broker = this.#timer = null;
    this.#tries = 0;
    this.#stale = false;
    client?.end(true);
  }

  /** The world looks better: try now instead of after the wait. */
  kick() {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#tries = 0;
    this.#again();
  }

  #dial() {
    const { url, username, password } = this.#broker;
    const client = mqtt.connect(url, {
      username,
      password,
      clientId: `${username}.${randomHex(4)}`,
      protocolVersion: 4, // the demo's embedded broker speaks 3.1.1 only
      clean: true, // what was missed is fetched over HTTP
      keepalive: 15,
      connectTimeout: 5000,
      reconnectPeriod: 0, // done here, with a growing wait and fresh credentials
      resubscribe: false,
      timerVariant: "native", // the library's own timers want a worker from a blob, which our policy forbids
    });
    this.#client = client;
    client.on("connect", () => this.#listen(client));
    client.on("message", (topic, bytes) => this.#hear(topic, bytes));
    client.on("error", (error) => {
      this.#stale ||= REFUSED.has(error.code);
    });
    client.on("close", () => this.#lost(client));
  }

  #listen(client) {
    const { alert_topic: alerts, status_topic: status } = this.#broker;
    client.subscribe(alerts, { qos: 1 }, (error, granted) => {
      if (client !== this.#client) return;
      if (error || !granted?.some((grant) => grant.topic === alerts && grant.qos < 128)) {
        client.end(true);
        return;
      }
      this.#tries = 0;
      this.#on.up();
    });
    // Only a help: where phones may not read it, the regular look at the hub finds out a little later.
    if (status) client.subscribe(status, { qos: 0 }, () => undefined);
  }

  #hear(topic, bytes) {
    if (bytes.length > LARGEST_BYTES || !this.#broker) return;
    const value = parsed(bytes);
    if (topic === this.#broker.alert_topic) this.#on.alert(value);
    else if (value?.kind === "status") this.#on.hubStatus(value);
  }

  #lost(client) {
    if (client !== this.#client) return;
    client.end(true);
    this.#client = null;
    this.#on.down();
    const wait = PATIENCE_MS[Math.min(this.#tries++, PATIENCE_MS.length - 1)];
    this.#timer = setTimeout(() => this.#again(), wait * (0.75 + Math.random() / 2));
  }

  async #again() {
    this.#timer = null;
    const broker = this.#broker;
    if (this.#stale && broker) {
      const fresh = await this.#on.renew();
      if (this.#broker !== broker) return; // closed or reopened meanwhile
      if (fresh) {
        this.#broker = fresh;
        this.#stale = false;
      }
    }
    if (this.#broker && !this.#client) this.#dial();
  }
}

function parsed(bytes) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return null; // not for us; the next look at the hub shows what is true
  }
}

function randomHex(size) {
  return [...crypto.getRandomValues(new Uint8Array(size))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
