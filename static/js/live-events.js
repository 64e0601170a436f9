// The list of events as they arrive: bounded, filtered, paused, copied; said to a screen reader a few at a time.

const SHOWN = 500;
const SAY_EVERY_MS = 2500;
const ACTED_WITHIN_MS = 10_000;

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });
const count = (number) => number.toLocaleString("en");

export class LiveEvents extends HTMLElement {
  /** When the other client was last told to do something, by `performance.now()`. */
  static acted = -Infinity;

  connectedCallback() {
    this.list = this.querySelector("ol");
    this.filter = this.querySelector("input");
    this.pause = this.querySelector("[data-live-pause]");
    this.stays = "stays" in this.dataset;
    this.filter.addEventListener("input", () => this.apply([...this.list.children]));
    this.pause.addEventListener("click", () => this.setPaused(!this.paused));
    this.querySelector("[data-live-copy]").addEventListener("click", () => this.copy());
    this.querySelector("[data-live-clear]")?.addEventListener("click", () => this.clear());
    this.clear();
  }

  /** A run begins. What is to stay stays. */
  start() {
    if (this.stays) return;
    this.clear();
    this.hidden = true;
  }

  clear() {
    this.count = this.missed = this.dropped = this.unsaid = 0;
    this.waiting = [];
    this.list.replaceChildren();
    this.setPaused(false);
    this.tell();
  }

  setPaused(paused) {
    this.paused = paused;
    this.pause.setAttribute("aria-pressed", paused);
    if (!paused) this.show(this.waiting.splice(0));
    this.tell();
  }

  add(events, missed) {
    const delay = performance.now() - LiveEvents.acted;
    for (const event of events) event.delay = this.stays && delay < ACTED_WITHIN_MS ? delay : null;
    this.count += events.filter(({ kind }) => kind === "message").length;
    this.missed += missed;
    if (this.paused) {
      this.waiting.push(...events);
      this.dropped += this.waiting.splice(0, this.waiting.length - SHOWN).length;
    } else this.show(events);
    this.hidden = false;
    this.tell();
    this.say(events);
  }

  show(events) {
    const { list } = this;
    const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 8;
    const items = events.slice(-SHOWN).map(line);
    this.dropped += events.length - items.length;
    this.apply(items);
    list.append(...items);
    while (list.childElementCount > SHOWN) {
      list.firstElementChild.remove();
      this.dropped += 1;
    }
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  apply(items) {
    const wanted = this.filter.value.trim().toLowerCase();
    for (const item of items) item.hidden = !item.dataset.text.toLowerCase().includes(wanted);
  }

  tell() {
    const parts = [this.count ? `${count(this.count)} ${this.count === 1 ? "event" : "events"}` : "No events yet"];
    if (this.dropped) parts.push(`the last ${SHOWN} are kept, ${count(this.dropped)} older ones dropped`);
    if (this.missed) parts.push(`${count(this.missed)} missed`);
    if (this.paused) parts.push(this.waiting.length ? `paused, ${count(this.waiting.length)} wait` : "paused");
    this.querySelector(".live-count").textContent = parts.join(" · ");
    const empty = this.querySelector(".live-empty");
    if (empty) empty.hidden = this.list.childElementCount + this.count + this.missed > 0;
  }

  /** What is wrong with the stream, or nothing. */
  note(text) {
    const note = this.querySelector(".live-note");
    note.textContent = text;
    note.hidden = !text;
    if (text) this.hidden = false;
  }

  /** A reader hears the first event at once, and then how many more there were, every few seconds. */
  say(events) {
    this.unsaid += events.length;
    if (this.saying || !this.unsaid || this.paused) return;
    const last = events.at(-1);
    const text = `${last.channel ?? ""} ${last.text ?? last.message}`.trim().slice(0, 120);
    document.getElementById("announcer").textContent = this.unsaid === 1 ? text : `${count(this.unsaid)} events, the last: ${text}`;
    this.unsaid = 0;
    this.saying = setTimeout(() => {
      this.saying = null;
      if (this.unsaid) this.say([last]);
    }, SAY_EVERY_MS);
  }

  async copy() {
    const lines = [...this.list.children].filter((item) => !item.hidden).map((item) => item.dataset.text);
    await navigator.clipboard.writeText(lines.join("\n"));
    document.getElementById("announcer").textContent = `Copied ${lines.length} events.`;
  }
}

function part(name, text, className = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

function line(event) {
  const item = document.createElement("li");
  const at = clock.format(event.time_ms);
  item.append(part("time", at, "quiet"), " ");
  if (event.delay !== null) {
    const delay = part("span", `+${event.delay < 1000 ? `${Math.round(event.delay)} ms` : `${(event.delay / 1000).toFixed(1)} s`}`, "live-delay");
    delay.title = "Since Do something was pressed";
    item.append(delay, " ");
  }
  if (event.kind === "message") {
    item.append(part("b", event.channel), " ", part("span", event.text));
    item.dataset.text = `${at}\t${event.channel}\t${event.text}`;
  } else {
    if (event.severity !== "print") item.append(part("b", event.severity), " ");
    item.append(part("span", event.message));
    item.dataset.text = `${at}\t${event.message}`;
  }
  return item;
}
