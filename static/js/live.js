// What runs say while they go on. One stream serves all runs of the page; it is open only while one takes longer than a moment.

import { LiveEvents } from "./live-events.js";

const FOLLOW_AFTER_MS = 250;
const REST_MS = 400; // for the last events of a run that is over
const TRY_AGAIN_MS = 2000;

const page = crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16)).join("");
const going = new Map();
let stream = null;
let seen = 0;

customElements.define("live-events", LiveEvents);

const nameOf = (form) => `${form.dataset.run}/${form.elements.client?.value ?? "main"}`;

function take({ events, missed }) {
  for (const [name, { clock, live }] of going) {
    const mine = events.filter((event) => `${event.engine}/${event.client}` === name);
    for (const event of mine) {
      if (event.kind === "listening") clock.listen(event.max_ms);
      if (event.kind === "progress") clock.progress(event);
    }
    const said = mine.filter(({ kind }) => kind === "message" || kind === "notice");
    if (said.length || (missed && !live.hidden)) live.add(said, missed);
  }
}

function note(text) {
  for (const { live } of going.values()) live.note(text);
}

function open() {
  const address = `/feed?page=${page}&seen=${seen}`;
  stream = new EventSource(address);
  stream.addEventListener("open", () => note(""));
  stream.addEventListener("message", ({ data, lastEventId }) => {
    seen = lastEventId;
    take(JSON.parse(data));
  });
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CONNECTING) note("The connection was lost. It comes back by itself; what happens meanwhile is shown then.");
    else refused(address);
  });
}

/** The browser doesn't tell why there is no stream, so the server is asked. */
async function refused(address) {
  const asked = new AbortController();
  const answer = await fetch(address, { signal: asked.signal }).catch(() => null);
  if (answer?.status >= 400 && answer.status < 500) {
    const { message, hint } = (await answer.json()).error;
    note(`${message} ${hint ?? ""} The events are in the answer when the run ends.`);
    return;
  }
  asked.abort();
  note("The connection was lost. It is tried again every 2 s.");
  setTimeout(() => going.size && open(), TRY_AGAIN_MS);
}

function follow() {
  if (stream || !going.size) return;
  seen = 0;
  open();
}

/** A run of this form began; what it says is shown beside its clock. */
export function followRun(form, body, scope) {
  body.set("page", page);
  const live = scope.querySelector("live-events");
  live.start();
  going.set(nameOf(form), { clock: scope.querySelector("run-clock"), live });
  if (form.dataset.acts !== undefined) LiveEvents.acted = performance.now();
  setTimeout(follow, live.stays ? 0 : FOLLOW_AFTER_MS);
}

export function leaveRun(form) {
  const name = nameOf(form);
  const run = going.get(name);
  if (!run) return;
  if (run.live.stays) setTimeout(() => going.get(name) === run && leave(name), REST_MS);
  else {
    leave(name);
    run.live.hidden = true;
  }
}

function leave(name) {
  going.get(name).live.note("");
  going.delete(name);
  if (going.size) return;
  stream?.close();
  stream = null;
}
