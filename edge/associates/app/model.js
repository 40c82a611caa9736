// What the app shows and what a touch does. Holds the one state (`view`, replaced at every change), asks the hub,
// and follows the link. Everything about shoppers lives in `view` and nowhere else, so one line forgets it all.

import { age, catchUp, deservesBell, mine, nothing, readAlert, take, waiting } from "./alerts_state.js";
import { Refused, Unreachable } from "./hub.js";
import { Link } from "./link.js";
import { endedAs, spoken } from "./words.js";

const ACT_AGAIN_MS = [300, 900];
const SAID_MS = 10_000;
const THANKS_MS = 6_000; // good news needs no finger to go away
const NO_ANSWER = "No answer from the store hub. Nothing is lost: try again.";

const blank = (phase) => ({
  phase, // starting | unreached | signed_out | signed_in
  session: null,
  link: "looking",
  knownAt: null,
  known: nothing(),
  page: { name: "arrivals" },
  card: null,
  draft: null,
  busy: null,
  notice: null,
  said: null,
});

export class Model {
  #hub;
  #acts;
  #feedback;
  #link;
  #watchers = new Set();
  #stay = 0; // rises when somebody else may be holding the phone: late answers of an earlier stay are dropped
  #expiry = null;
  #quiet = null;
  view = blank("starting");

  constructor({ hub, acts, feedback }) {
    this.#hub = hub;
    this.#acts = acts;
    this.#feedback = feedback;
    this.#link = new Link(hub, {
      turn: () => this.view.known.turn,
      alert: (value) => this.#heard(value),
      alerts: (values, how) => this.#caughtUp(values, how),
      state: (link) => this.#linkIs(link),
      refused: () => this.#ended("Your session has ended. Sign in again."),
      renew: () => this.#renew(),
    });
  }

  /** watcher(view) is called now and after every change: the view may have changed before it came. Returns the way to stop it. */
  watch(watcher) {
    this.#watchers.add(watcher);
    watcher(this.view);
    return () => this.#watchers.delete(watcher);
  }

  now() {
    return this.#hub.now();
  }

  /** Is somebody signed in here already? Asked again until the hub answers. */
  async begin() {
    try {
      this.#signedIn(await this.#hub.session());
    } catch (error) {
      if (error instanceof Refused) return this.#set(blank("signed_out"));
      if (!(error instanceof Unreachable)) throw error;
      if (this.view.phase !== "unreached") this.#set({ ...blank("unreached"), link: "offline" });
      setTimeout(() => this.view.phase === "unreached" && this.begin(), 3000);
    }
  }

  /** Returns null, or what to tell the person. */
  async signIn(associate, pin) {
    this.#set({ busy: "sign-in", notice: null });
    try {
      this.#signedIn(await this.#hub.signIn(associate, pin));
      return null;
    } catch (error) {
      if (error instanceof Refused) return refusalText(error);
      if (error instanceof Unreachable) return "The store hub does not answer. Check that this phone is in the store's network.";
      throw error;
    } finally {
      this.#set({ busy: null });
    }
  }

  /** Forgets everything here at once, and tells the hub until it has heard. */
  async signOut() {
    this.#ended(null);
    const stay = this.#stay;
    for (let tries = 0; this.#stay === stay && this.view.phase === "signed_out"; tries++) {
      try {
        await this.#hub.signOut();
        return this.#here(stay) && this.#set({ notice: null });
      } catch (error) {
        if (!(error instanceof Unreachable)) return this.#set({ notice: null }); // 401: it was over already
        if (this.#here(stay)) this.#set({ notice: { tone: "brass", text: "Signed out on this phone. Telling the store hub as soon as it answers." } });
        await pause(Math.min(1000 * 2 ** tries, 15_000));
      }
    }
  }

  wake() {
    if (this.view.phase === "unreached") this.begin();
    this.#link.wake();
  }

  lost() {
    this.#link.lost();
  }

  /** Once a second: old alerts and tombstones go. */
  tick() {
    if (this.view.phase !== "signed_in") return;
    const known = age(this.view.known, this.#me(), this.now());
    if (known !== this.view.known) this.#set({ known });
  }

  show(name) {
    this.#set({ page: { name }, card: null, draft: null, notice: null });
  }

  /** From the note to the card, from the card to where it was opened. */
  back() {
    const { page } = this.view;
    if (page.name === "note") this.#set({ page: { ...page, name: "card" } });
    else if (page.name === "card") this.show(page.from);
  }

  dismiss() {
    this.#set({ notice: null });
  }

  /** Take it: at most one associate gets it, the hub decides. The client card opens at once. */
  async claim(alert) {
    const taken = await this.#act("claim", alert.alert_id, (key) => this.#hub.act(alert.alert_id, "claim", key));
    if (!taken) return;
    this.#learn(take(this.view.known, readAlert(taken) ?? alert, this.now()), { quiet: true });
    this.openCard(taken);
  }

  async release(alert) {
    const released = await this.#act("release", alert.alert_id, (key) => this.#hub.act(alert.alert_id, "release", key));
    if (!released) return;
    this.show("arrivals");
    const read = readAlert(released);
    if (read) this.#learn(take(this.view.known, read, this.now()), { quiet: true });
    this.#set({ notice: { tone: "sky", text: "Given back. It waits for everybody again.", alertId: alert.alert_id } });
  }

  openCard(alert) {
    const from = this.view.page.name === "mine" ? "mine" : "arrivals";
    const page = { name: "card", from, alertId: alert.alert_id, visitId: alert.visit_id };
    this.#set({ page, card: { status: "loading" }, draft: null, notice: null });
    return this.loadCard();
  }

  /** Ask for the client card on show (again). */
  async loadCard() {
    const { visitId } = this.view.page;
    await this.#showCard(visitId, () => this.#hub.card(visitId));
  }

  /** See a closed card for a stated reason; the hub logs it and the member can see the log. */
  async openByReason(reason) {
    const { visitId, alertId } = this.view.page;
    const card = await this.#act("break-glass", visitId, (key) => this.#hub.cardByReason(visitId, reason, key), { reason });
    if (card && this.view.page.alertId === alertId) this.#set({ card: { status: "ready", card } });
  }

  /** A link for the member's phone, to be scanned from this one. */
  async givePass() {
    const { visitId, alertId } = this.view.page;
    const pass = await this.#act("pass", visitId, (key) => this.#hub.pass(visitId, key));
    if (pass && this.view.page.alertId === alertId && this.view.card) this.#set({ card: { ...this.view.card, pass } });
  }

  writeDown() {
    const draft = this.view.draft ?? { text: "", topic: "how_it_went", wentWell: null };
    this.#set({ page: { ...this.view.page, name: "note" }, draft });
  }

  edit(change) {
    this.#set({ draft: { ...this.view.draft, ...change } });
  }

  /** Keep what was written and go on serving. */
  async saveNote() {
    if (!(await this.#note())) return;
    this.back();
    this.#thank({ tone: "leaf", text: "Written down.", alertId: this.view.page.alertId });
  }

  /** Keep what was written, if anything, and end the alert as served. */
  async finish() {
    const { alertId } = this.view.page;
    if (!(await this.#note())) return;
    const served = await this.#act("served", alertId, (key) => this.#hub.act(alertId, "served", key));
    if (!served) return;
    this.show("arrivals");
    const read = readAlert(served);
    if (read) this.#learn(take(this.view.known, read, this.now()), { quiet: true });
    this.#thank({ tone: "leaf", text: "Done. Thank you." });
  }

  #thank(notice) {
    this.#set({ notice });
    setTimeout(() => this.view.notice === notice && this.#set({ notice: null }), THANKS_MS);
  }

  async #note() {
    const { draft, page } = this.view;
    const text = draft.text.trim();
    if (text === "" && draft.wentWell === null) return true;
    const note = { text, topic: draft.topic, ...(draft.wentWell === null ? {} : { went_well: draft.wentWell }) };
    const saved = await this.#act("note", page.visitId, (key) => this.#hub.note(page.visitId, note, key), note);
    if (saved && this.view.draft) this.edit({ text: "", wentWell: null }); // so that a second "Done" does not write it twice
    return saved !== null;
  }

  /** One act with its key over all retries. Returns the hub's answer, or null after telling the person. */
  async #act(act, subject, send, body = null) {
    if (this.view.busy) return null;
    const stay = this.#stay;
    const { alertId } = this.view.page;
    this.#set({ busy: `${act}:${subject}`, notice: null });
    try {
      const key = this.#acts.keyFor(act, subject, body);
      const answer = await patiently(() => send(key));
      if (!this.#here(stay)) return null;
      this.#acts.settled(act, subject);
      return answer ?? {};
    } catch (error) {
      if (this.#here(stay)) this.#failed(error, act, subject, alertId);
      return null;
    } finally {
      if (this.#here(stay)) this.#set({ busy: null });
    }
  }

  #failed(error, act, subject, alertId) {
    if (error instanceof Unreachable) {
      this.#link.look();
      this.#set({ notice: { tone: "rust", text: NO_ANSWER, alertId } });
      return;
    }
    if (!(error instanceof Refused)) throw error;
    this.#acts.settled(act, subject);
    if (error.status === 401) return this.#ended("Your session has ended. Sign in again.");
    this.#link.look();
    this.#set({ notice: { tone: "rust", text: refusalText(error), alertId: alertId ?? subject } });
  }

  async #showCard(visitId, ask) {
    const stay = this.#stay;
    const current = () => this.#here(stay) && this.view.page.visitId === visitId;
    try {
      const card = await ask();
      if (current()) this.#set({ card: { status: "ready", card } });
    } catch (error) {
      if (error.status === 401 && this.#here(stay)) return this.#ended("Your session has ended. Sign in again.");
      if (current()) this.#set({ card: cardProblem(error, this.view.card) });
    }
  }

  #signedIn(session) {
    this.#stay += 1;
    this.#set({ ...blank("signed_in"), session });
    this.#expireAfter(session.expires_in_s);
    this.#link.start(session.broker);
  }

  /** The session is over: nothing of it stays on this phone. */
  #ended(text) {
    this.#stay += 1;
    clearTimeout(this.#expiry);
    clearTimeout(this.#quiet);
    this.#link.stop();
    this.#acts.forgetAll();
    this.#set({ ...blank("signed_out"), notice: text && { tone: "brass", text } });
  }

  // A phone without network must forget too when the hub would have ended the session.
  #expireAfter(seconds) {
    clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => this.#checkExpiry(), Math.min(seconds * 1000, 2 ** 31 - 1));
  }

  async #checkExpiry() {
    if ((await this.#renew()) === null && this.view.phase === "signed_in") this.#ended("Your session has ended. Sign in again.");
  }

  /** A session's fresh broker credentials; null when the hub did not give any. */
  async #renew() {
    const stay = this.#stay;
    try {
      const session = await this.#hub.session();
      if (!this.#here(stay)) return null;
      this.#set({ session });
      this.#expireAfter(session.expires_in_s);
      return session.broker;
    } catch (error) {
      if (error.status === 401 && this.#here(stay)) this.#ended("Your session has ended. Sign in again.");
      return null;
    }
  }

  #heard(value) {
    const alert = readAlert(value);
    if (alert === null) return;
    this.#learn(take(this.view.known, alert, this.now()));
  }

  #caughtUp(values, { since, complete }) {
    const alerts = values.map(readAlert).filter((alert) => alert !== null);
    const { known, news } = catchUp(this.view.known, alerts, { since, complete, me: this.#me(), now: this.now() });
    this.#set({ knownAt: Date.now() });
    this.#learn({ known, news });
  }

  #learn({ known, news }, { quiet = false } = {}) {
    if (known === this.view.known) return;
    const all = [news].flat().filter(Boolean);
    this.#set({ known });
    for (const one of all) this.#follow(one);
    if (quiet) return;
    this.#say(all);
    if (all.some((one) => deservesBell(one, this.now()))) this.#feedback.ring();
  }

  /** What a change of an alert means for the page on show. */
  #follow(news) {
    const { page } = this.view;
    const shown = page.alertId === news.alert_id;
    const isMine = news.alert?.state === "claimed" && news.alert.claimed_by === this.#me();
    if (isMine) {
      if (shown && news.what === "changed") this.loadCard();
      return;
    }
    if (news.alert === null) this.#forget(news);
    if (shown) this.#leave(news, page);
  }

  #leave(news, page) {
    this.#acts.forget(page.visitId);
    this.show(page.from ?? "arrivals");
    const text = news.alert === null ? endedAs(news.what) : "This arrival is no longer yours.";
    this.#set({ notice: { tone: "brass", text } });
  }

  #forget({ alert_id: alertId, what }) {
    this.#acts.forget(alertId);
    if (this.view.said?.alertIds.includes(alertId)) this.#set({ said: null });
    // "Already taken by Ana" outlives its alert; nothing outlives the wish to be forgotten.
    if (what === "withdrawn" && this.view.notice?.alertId === alertId) this.#set({ notice: null });
  }

  #say(all) {
    const words = all.map(spoken).filter(Boolean);
    if (words.length === 0) return;
    const text = words.length > 3 ? `${words.length} arrivals changed` : words.join(". ");
    this.#set({ said: { text, alertIds: all.map((one) => one.alert_id) } });
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.#set({ said: null }), SAID_MS);
  }

  #linkIs(link) {
    if (link !== this.view.link) this.#set({ link });
  }

  #me() {
    return this.view.session?.associate ?? null;
  }

  #here(stay) {
    return stay === this.#stay;
  }

  #set(change) {
    this.view = { ...this.view, ...change };
    const { session, known } = this.view;
    this.#feedback.count(waiting(known).length, session?.store_name ?? null);
    for (const watcher of this.#watchers) watcher(this.view);
  }
}

async function patiently(send) {
  for (const wait of ACT_AGAIN_MS) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      await pause(wait);
    }
  }
  return send();
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function refusalText(error) {
  const later = error.retryAfter ? ` Try again in ${error.retryAfter} s.` : "";
  return [error.message, error.hint].filter(Boolean).map(sentence).join(" ") + later;
}

const sentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);

// What was on show stays on show while the hub is silent; a refusal closes it.
function cardProblem(error, before) {
  if (error instanceof Unreachable) return before?.status === "ready" ? before : { status: "failed", text: NO_ANSWER };
  if (!(error instanceof Refused)) throw error;
  return { status: error.code === "card_closed" ? "closed" : "failed", text: refusalText(error) };
}

/** For the page: the alert on show, where it still is one of mine. */
export function shownAlert(view) {
  return mine(view.known, view.session?.associate).find((alert) => alert.alert_id === view.page.alertId) ?? null;
}
