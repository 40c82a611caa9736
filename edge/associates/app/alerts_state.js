// What this phone knows of alerts. Pure: no clock, page, network or storage; time is an argument in milliseconds.
//
// One rule decides: per alert the highest revision is true, and an end (served, withdrawn, expired) is final.
// Of an ended alert nothing stays but its id, revision and how it ended, so that a late older revision
// cannot bring it back; those tombstones are forgotten too.

const STATES = new Set(["open", "claimed", "served", "withdrawn", "expired"]);
const ENDS = new Set(["served", "withdrawn", "expired"]);
const WHO = new Set(["member", "stranger", "guest"]);

export const ENDED_SHOWN_MS = 20_000; // a grey line says what became of it
export const ENDED_KEPT_MS = 15 * 60_000;
export const TAKEN_KEPT_MS = 5 * 60_000; // taken by somebody else: of interest for this long
export const FRESH_MS = 5 * 60_000; // guarantee G3: nothing older is announced as new
const MOST_KEPT = 300;

/** What a phone knows before it has heard anything. `turn` rises with every change. */
export function nothing() {
  return { alerts: new Map(), ended: new Map(), turn: 0 };
}

/** An alert of the contract from untrusted JSON, or null. Probes (`test`) are not for people: null. */
export function readAlert(value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return null;
  if (value.kind !== "alert" || !/^1\.[0-9]{1,4}$/.test(String(value.v)) || value.test === true) return null;
  const ids = [value.alert_id, value.visit_id].every((id) => typeof id === "string" && id.length > 0 && id.length <= 64);
  const sound = Number.isSafeInteger(value.rev) && value.rev >= 0 && STATES.has(value.state) && WHO.has(value.who?.kind);
  return ids && sound ? value : null;
}

/**
 * Learn one revision. Returns {known, news}; news is null when nothing changed, else {what, alert_id, alert}:
 * arrived, reopened, changed, taken, or the end. The same `known` comes back when there is nothing to learn.
 */
export function take(known, alert, now) {
  const before = known.alerts.get(alert.alert_id)?.alert;
  if (isOld(known, alert, before)) return { known, news: null };
  if (ENDS.has(alert.state)) return end(known, alert.alert_id, alert.rev, alert.state, now);
  const turn = known.turn + 1;
  const alerts = bounded(new Map(known.alerts).set(alert.alert_id, { alert, turn, heard: now }));
  const ended = without(known.ended, alert.alert_id);
  return { known: { alerts, ended, turn }, news: { what: changeOf(before, alert), alert_id: alert.alert_id, alert } };
}

/**
 * Learn the hub's whole answer to "what do I have to know now". Whatever is not in it has gone, except what was
 * heard after the question was asked (`since`: the turn at that moment) and, while the line was never broken
 * (`complete` false), what somebody else took a moment ago. Returns {known, news: []}.
 */
export function catchUp(known, alerts, { since, me, now, complete }) {
  const news = [];
  const listed = new Set();
  for (const alert of alerts) {
    listed.add(alert.alert_id);
    const step = take(known, alert, now);
    known = step.known;
    if (step.news) news.push(step.news);
  }
  known = heardAgain(known, listed, me, now);
  for (const [id, entry] of known.alerts) {
    if (listed.has(id) || entry.turn > since || (!complete && isAside(entry, me, now))) continue;
    const step = end(known, id, entry.alert.rev, "gone", now);
    known = step.known;
    news.push(step.news);
  }
  return { known, news };
}

/** Forget what has been kept long enough; the same `known` when there is nothing to forget. */
export function age(known, me, now) {
  const keep = ([, entry]) => now - entry.at < ENDED_KEPT_MS;
  const stay = ([, entry]) => entry.alert.state !== "claimed" || entry.alert.claimed_by === me || isAside(entry, me, now);
  const ended = [...known.ended].filter(keep);
  const alerts = [...known.alerts].filter(stay);
  if (ended.length === known.ended.size && alerts.length === known.alerts.size) return known;
  return { alerts: new Map(alerts), ended: new Map(ended), turn: known.turn };
}

/** Open alerts, the longest waiting first: nobody is overtaken because somebody newer came in. */
export function waiting(known) {
  return inOrder(known, (alert) => alert.state === "open");
}

/** What I took and have not finished. */
export function mine(known, me) {
  return inOrder(known, (alert) => alert.state === "claimed" && alert.claimed_by === me);
}

/** What somebody else took. */
export function taken(known, me) {
  return inOrder(known, (alert) => alert.state === "claimed" && alert.claimed_by !== me);
}

/** Ends of the last moments: [{alert_id, state}], without any content. */
export function endedLately(known, now) {
  return [...known.ended.values()].filter((entry) => now - entry.at < ENDED_SHOWN_MS);
}

/** Whether a piece of news deserves sound and vibration: somebody waits, and they came in just now. */
export function deservesBell(news, now) {
  if (news.what !== "arrived" && news.what !== "reopened") return false;
  return news.alert.state === "open" && now - Date.parse(news.alert.arrived_at) < FRESH_MS;
}

function isOld(known, alert, before) {
  const tomb = known.ended.get(alert.alert_id);
  if (tomb && (tomb.state !== "gone" || alert.rev <= tomb.rev)) return true;
  return before !== undefined && alert.rev <= before.rev;
}

function changeOf(before, alert) {
  if (alert.state === "claimed") return before?.state === "claimed" ? "changed" : "taken";
  if (before === undefined) return "arrived";
  return before.state === "claimed" ? "reopened" : "changed";
}

function end(known, alert_id, rev, state, now) {
  const seen = known.alerts.has(alert_id);
  const ended = bounded(new Map(known.ended).set(alert_id, { alert_id, rev, state, at: seen ? now : now - ENDED_SHOWN_MS }));
  return {
    known: { alerts: without(known.alerts, alert_id), ended, turn: known.turn + 1 },
    news: { what: state, alert_id, alert: null },
  };
}

function isAside(entry, me, now) {
  return entry.alert.state === "claimed" && entry.alert.claimed_by !== me && now - entry.heard < TAKEN_KEPT_MS;
}

// What a colleague took stays on show for as long as the hub says so.
function heardAgain(known, listed, me, now) {
  const aside = [...known.alerts].filter(([id, { alert }]) => listed.has(id) && alert.state === "claimed" && alert.claimed_by !== me);
  if (aside.length === 0) return known;
  const alerts = new Map(known.alerts);
  for (const [id, entry] of aside) alerts.set(id, { ...entry, heard: now });
  return { ...known, alerts };
}

function inOrder(known, wanted) {
  const alerts = [...known.alerts.values()].map((entry) => entry.alert).filter(wanted);
  return alerts.sort((a, b) => Date.parse(a.arrived_at) - Date.parse(b.arrived_at) || (a.alert_id < b.alert_id ? -1 : 1));
}

function without(map, key) {
  if (!map.has(key)) return map;
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}

// Memory is bounded whatever arrives: the oldest entries go first (a Map keeps the order of insertion).
function bounded(map) {
  while (map.size > MOST_KEPT) map.delete(map.keys().next().value);
  return map;
}
