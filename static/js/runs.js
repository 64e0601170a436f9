// A run from the page's side: it starts, its clock shows, Stop works, and its results are announced and marked.

import { markRun } from "./code-editor.js";
import { followRun, leaveRun } from "./live.js";
import { dropOffer } from "./offers.js";
import { keep, recall } from "./storage.js";

const CLOCK_AFTER_MS = 150;

class RunClock extends HTMLElement {
  start() {
    this.began = performance.now();
    this.max = Number(this.dataset.max);
    this.said = "";
    this.waiting = setTimeout(() => {
      this.hidden = false;
      this.tick();
    }, CLOCK_AFTER_MS);
  }

  tick() {
    const elapsed = performance.now() - this.began;
    const bar = this.querySelector("progress");
    bar.max = this.max;
    bar.value = elapsed;
    this.querySelector("output").textContent = `${(elapsed / 1000).toFixed(1)} s of ${this.max / 1000} s${this.said}`;
    this.frame = requestAnimationFrame(() => this.tick());
  }

  /** The run waits for events now, from here on up to so long. */
  listen(maxMs) {
    this.max = performance.now() - this.began + maxMs;
    this.max = Math.round(this.max / 1000) * 1000;
    this.said = ", listening";
  }

  progress({ message, done, total }) {
    this.said = `, ${message}${done === null ? "" : ` ${done.toLocaleString("en")}`}${total === null ? "" : ` of ${total.toLocaleString("en")}`}`;
  }

  end() {
    clearTimeout(this.waiting);
    cancelAnimationFrame(this.frame);
    this.hidden = true;
  }
}

customElements.define("run-clock", RunClock);

const scopeOf = (form) => form.closest(".second, .lab-stage, .stage, .pane, .frozen, .event-side");
const controls = (form, name) => [...form.elements].filter((element) => element.hasAttribute(name));

function begin(form, target, body) {
  const scope = scopeOf(form);
  scope.querySelector("run-clock").start();
  followRun(form, body, scope);
  dropOffer();
  for (const stop of controls(form, "data-stop")) stop.disabled = false;
  for (const run of controls(form, "data-run-button")) run.setAttribute("aria-disabled", "true");
  target.closest(".results").setAttribute("aria-busy", "true");
}

function end(form, target) {
  const scope = scopeOf(form);
  scope.querySelector("run-clock").end();
  leaveRun(form);
  const runs = controls(form, "data-run-button");
  for (const stop of controls(form, "data-stop")) {
    if (stop === document.activeElement) runs[0]?.focus();
    stop.disabled = true;
  }
  for (const run of runs) run.removeAttribute("aria-disabled");
  const results = target.closest(".results");
  results.removeAttribute("aria-busy");
  markRun(results);
  announce(target);
  if (scope.matches(".stage")) showResults(results);
}

function announce(part) {
  const said = [...part.querySelectorAll("[data-announce]")].map(({ dataset }) => dataset.announce);
  if (said.length) document.getElementById("announcer").textContent = said.join(" ");
}

/** On a phone the results lie below the editor; elsewhere an error may lie below what went well before it. */
function showResults(results) {
  if (matchMedia("(max-width: 720px)").matches) results.scrollIntoView();
  results.scrollTop = 0;
  results.querySelector(".error")?.scrollIntoView({ block: "nearest" });
}

const runOf = (event) => {
  const { ctx } = event.detail;
  return ctx?.sourceElement?.matches?.("form[data-run]") ? ctx : null;
};

// A pane's texts belong to the page's one form, so that it works without JavaScript; its own request carries them too.
document.addEventListener("htmx:config:request", (event) => {
  const slug = runOf(event)?.sourceElement.dataset.fields;
  if (!slug) return;
  for (const field of ["source", "seed"]) {
    event.detail.ctx.request.body.set(field, document.getElementById(`${field}-${slug}`).value);
  }
});

document.addEventListener("htmx:before:request", (event) => {
  const run = runOf(event);
  if (run) begin(run.sourceElement, run.target, run.request.body);
  event.detail.ctx.sourceElement.closest("[popover]")?.hidePopover();
});

document.addEventListener("htmx:finally:request", (event) => {
  const run = runOf(event);
  if (run) end(run.sourceElement, run.target);
});

// Format: the answer is a text for the editor, unless it was written in meanwhile, or an error among the results.
let sent = null;
const isFormat = (event) => event.detail.ctx?.sourceElement?.matches?.("[data-format], [data-translate]");

document.addEventListener("htmx:before:request", (event) => {
  if (isFormat(event)) sent = document.getElementById("source").value;
});

document.addEventListener("htmx:finally:request", (event) => {
  if (!isFormat(event)) return;
  const editor = document.getElementById("source");
  const formatted = document.querySelector("[data-formatted]");
  if (formatted) {
    if (editor.value === sent) editor.relay(formatted.value);
    formatted.remove();
    const translated = event.detail.ctx.sourceElement.matches("[data-translate]");
    document.getElementById("announcer").textContent = translated ? "Translated." : "Formatted.";
    if (translated) dropOffer();
    return;
  }
  const results = document.getElementById("results");
  markRun(results);
  announce(results);
  showResults(results);
});

/** What to show when no answer of ours came: a lost connection, or a proxy's own page. */
function lost(what) {
  const box = document.createElement("div");
  box.className = "error problem";
  box.dataset.announce = what;
  const title = document.createElement("b");
  title.textContent = what;
  const rest = document.createElement("p");
  rest.textContent = "Your text is as you left it. Check the connection, then run it again.";
  box.append(title, rest);
  return box;
}

document.addEventListener("htmx:error", (event) => {
  const run = runOf(event);
  if (run && !run.response) run.target.replaceChildren(lost("The server did not answer."));
});

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = event.detail;
  const main = tasks.find((task) => task.type === "main");
  if (ctx.response?.status >= 400 && main && !main.fragment.querySelector(".error")) {
    main.fragment.replaceChildren(lost(`The server could not answer (${ctx.response.status}).`));
  }
});

// One press runs every pane at the same time; each answers as it finishes.
function runAll() {
  for (const form of document.querySelectorAll("form[data-run]")) {
    if (form.querySelector("[data-submits]")?.disabled !== true) form.requestSubmit();
  }
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[aria-disabled=true]")) event.preventDefault();
  else if (event.target.closest("[data-run-all]")) {
    event.preventDefault();
    runAll();
  }
  const submits = event.target.closest("[data-submits]");
  if (submits) {
    event.preventDefault();
    document.getElementById(submits.dataset.submits).requestSubmit();
  }
});

// A part of the source is run by its form, once: what is selected, or the statement at the cursor.
let part = null;

document.addEventListener("htmx:before:request", (event) => {
  const run = runOf(event);
  const charts = run?.sourceElement.elements.charts;
  if (charts) charts.value = "";
  if (run && part) run.request.body.set("part", part);
  if (run) part = null;
});

function runPart(event) {
  const editor = event.target.closest("code-editor");
  const button = editor?.closest("form")?.querySelector("[data-run-button]");
  if (!button || button.getAttribute("aria-disabled") || editor.id.startsWith("seed")) return false;
  part = editor.part;
  button.click();
  return true;
}

/** The button that a key stands for: Ctrl Enter runs, with Shift it explains, Ctrl . stops; Shift Alt F formats. */
function buttonOf(event) {
  const control = event.ctrlKey || event.metaKey;
  if (event.shiftKey && event.altKey && !control && event.code === "KeyF") return "[data-format]";
  if (event.key === "." && control) return "[data-stop]:enabled";
  if (event.key !== "Enter" || !control || event.altKey) return null;
  return event.shiftKey ? "[data-explain-button]" : "[data-run-all], [data-run-button]";
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.altKey && !event.ctrlKey && !event.metaKey && runPart(event)) {
    event.preventDefault();
    return;
  }
  const selector = buttonOf(event);
  const button = selector && (event.target.closest("form")?.querySelector(selector) ?? document.querySelector(selector));
  if (!button) return;
  event.preventDefault();
  button.click();
});

for (const form of document.querySelectorAll("form[data-run]")) {
  for (const stop of controls(form, "data-stop")) stop.disabled = true;
  const results = scopeOf(form).querySelector(".results");
  if (results) markRun(results);
}

for (const select of document.querySelectorAll("select[data-remember]")) {
  const kept = recall(select.dataset.remember);
  if ([...select.options].some(({ value }) => value === kept)) select.value = kept;
  select.addEventListener("change", () => keep(select.dataset.remember, select.value));
}
