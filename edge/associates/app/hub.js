// The hub over HTTP: what the app asks and does. Every refusal is a Refused with the hub's own code and words;
// no answer (or none that is the hub's) is Unreachable, and the act may be sent again with the same key.

const TIMEOUT_MS = 8000;

export class Refused extends Error {
  constructor(status, problem, retryAfter) {
    super(problem.message);
    this.status = status;
    this.code = problem.code;
    this.hint = problem.hint;
    this.retryAfter = retryAfter;
  }
}

export class Unreachable extends Error {}

export class Hub {
  #csrf = null;
  #ahead = 0;

  /** The hub's clock as well as this phone can know it, in milliseconds: ages must not depend on a wrong phone. */
  now() {
    return Date.now() + this.#ahead;
  }

  /** Who is signed in here: a Session. Refused with 401 when nobody is. */
  async session() {
    return this.#keep(await this.#ask("GET", "/api/v1/session"));
  }

  async signIn(associate, pin) {
    return this.#keep(await this.#ask("POST", "/api/v1/session", { body: { associate, pin } }));
  }

  async signOut() {
    await this.#ask("DELETE", "/api/v1/session");
    this.forget();
  }

  /** Everything this associate has to know now: raw alerts, to be read by alerts_state. */
  async alerts() {
    const answer = await this.#ask("GET", "/api/v1/alerts");
    return Array.isArray(answer?.alerts) ? answer.alerts : [];
  }

  /** act: claim, release or served. Returns the alert's newest revision. */
  act(alertId, act, key) {
    return this.#ask("POST", `/api/v1/alerts/${encodeURIComponent(alertId)}/${act}`, { key });
  }

  card(visitId) {
    return this.#ask("GET", `/api/v1/visits/${encodeURIComponent(visitId)}/card`);
  }

  cardByReason(visitId, reason, key) {
    return this.#ask("POST", `/api/v1/visits/${encodeURIComponent(visitId)}/card/break-glass`, { body: { reason }, key });
  }

  note(visitId, note, key) {
    return this.#ask("POST", `/api/v1/visits/${encodeURIComponent(visitId)}/notes`, { body: note, key });
  }

  /** A link by which the member opens a pass on their phone, as text and as a picture: {url, svg, expires_in_s}. */
  pass(visitId, key) {
    return this.#ask("POST", `/api/v1/visits/${encodeURIComponent(visitId)}/pass`, { key });
  }

  forget() {
    this.#csrf = null;
  }

  #keep(session) {
    this.#csrf = session.csrf;
    return session;
  }

  async #ask(method, path, { body, key } = {}) {
    const response = await this.#send(method, path, this.#headers(method, body, key), body);
    const answer = await readJson(response);
    if (response.ok) return answer;
    // A proxy's page is not the hub's word, and a fault of the hub is worth another try with the same key.
    if (response.status >= 500 || typeof answer?.error?.code !== "string") throw new Unreachable(`HTTP ${response.status}`);
    throw new Refused(response.status, answer.error, Number(response.headers.get("Retry-After")) || null);
  }

  async #send(method, path, headers, body) {
    const options = { method, headers, cache: "no-store", credentials: "same-origin", redirect: "error" };
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(path, { ...options, signal, body: body === undefined ? undefined : JSON.stringify(body) });
      this.#setClock(response.headers.get("Date"));
      return response;
    } catch (error) {
      throw new Unreachable(error.name); // fetch gives TypeError or AbortError, whatever the cause
    }
  }

  #headers(method, body, key) {
    const headers = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    if (method !== "GET" && this.#csrf) headers["X-Shopbell-Csrf"] = this.#csrf;
    return headers;
  }

  #setClock(date) {
    const there = Date.parse(date ?? "");
    // HTTP dates have whole seconds: a difference below two seconds is no difference.
    if (!Number.isNaN(there)) this.#ahead = Math.abs(there - Date.now()) < 2000 ? 0 : there - Date.now();
  }
}

async function readJson(response) {
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch {
    if (response.ok) throw new Unreachable("an answer that is not JSON"); // cut short, or a portal's page
    return null;
  }
}
