// What runs say while they go on. One stream serves all runs of the page; it is open only while one takes longer than a moment.

const FOLLOW_AFTER_MS = 250;
const SHOWN = 500;

const page = crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16)).join("");
const going = new Map();
let stream = null;

const nameOf = (form) => `${form.dataset.run}/${form.elements.client?.value ?? "main"}`;

class LiveEvents extends HTMLElement {
  connectedCallback() {
    this.list = this.querySelector("ol");
    this.filter = this.querySelector("input");
    this.pause = this.querySelector("[data-live-pause]");
    this.filter.addEventListener("input", () => this.apply());
    this.pause.addEventListener("click", () => this.setPaused(!this.paused));
    this.querySelector("[data-live-copy]").addEventListener("click", () => this.copy());
    this.start();
  }

  start() {
    this.count = this.missed = 0;
    this.waiting = [];
    this.list.replaceChildren();
    this.hidden = true;
    this.setPaused(false);
  }

  setPaused(paused) {
    this.paused = paused;
    this.pause.setAttribute("aria-pressed", paused);
    if (!paused) this.show(this.waiting.splice(0));
  }

  add(events, missed) {
    this.count += events.length;
    this.missed += missed;
    if (this.paused) this.waiting = [...this.waiting, ...events].slice(-SHOWN);
    else this.show(events);
    this.hidden = false;
    this.say();
  }

  show(events) {
    const { list } = this;
    const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 8;
    list.append(...events.slice(-SHOWN).map(line));
    while (list.childElementCount > SHOWN) list.firstElementChild.remove();
    this.apply();
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  apply() {
    const wanted = this.filter.value.trim().toLowerCase();
    for (const item of this.list.children) item.hidden = !item.textContent.toLowerCase().includes(wanted);
  }

  say() {
    const parts = [`${this.count.toLocaleString("en")} ${this.count === 1 ? "event" : "events"}`];
    if (this.count > SHOWN) parts.push(`the last ${SHOWN} shown`);
    if (this.missed) parts.push(`${this.missed.toLocaleString("en")} missed`);
    if (this.waiting.length) parts.push("paused");
    this.querySelector(".live-count").textContent = parts.join(" · ");
  }

  async copy() {
    const lines = [...this.list.children].filter((item) => !item.hidden).map((item) => item.dataset.text);
    await navigator.clipboard.writeText(lines.join("\n"));
    document.getElementById("announcer").textContent = `Copied ${lines.length} events.`;
  }
}

customElements.define("live-events", LiveEvents);

function part(name, text, className = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

function line(event) {
  const item = document.createElement("li");
  if (event.kind === "message") {
    const seconds = `${(event.at_ms / 1000).toFixed(2)} s`;
    item.append(part("span", seconds, "quiet"), " ", part("b", event.channel), " ", part("span", event.text));
    item.dataset.text = `${seconds}\t${event.channel}\t${event.text}`;
  } else {
    if (event.severity !== "print") item.append(part("b", event.severity), " ");
    item.append(part("span", event.message));
    item.dataset.text = event.message;
  }
  return item;
}

function take({ events, missed }) {
  for (const [name, run] of going) {
    const mine = events.filter((event) => `${event.engine}/${event.client}` === name);
    for (const event of mine) {
      if (event.kind === "listening") run.clock.listen(event.max_ms);
      if (event.kind === "progress") run.clock.progress(event);
    }
    const said = mine.filter(({ kind }) => kind === "message" || kind === "notice");
    if (said.length || (missed && !run.live.hidden)) run.live.add(said, missed);
  }
}

function follow() {
  if (stream || !going.size) return;
  stream = new EventSource(`/events?page=${page}`);
  stream.addEventListener("message", ({ data }) => take(JSON.parse(data)));
}

/** A run of this form began; what it says is shown beside its clock. */
export function followRun(form, body, scope) {
  body.set("page", page);
  const run = { clock: scope.querySelector("run-clock"), live: scope.querySelector("live-events") };
  run.live.start();
  going.set(nameOf(form), run);
  setTimeout(follow, FOLLOW_AFTER_MS);
}

export function leaveRun(form) {
  const run = going.get(nameOf(form));
  going.delete(nameOf(form));
  if (run) run.live.hidden = true;
  if (!going.size) {
    stream?.close();
    stream = null;
  }
}
