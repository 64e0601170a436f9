// The command palette: every place, example and action by name. Ctrl K opens it; the arrow keys choose.

import { lastEditor } from "./code-editor.js";

const MOST = 60;

const dialog = document.getElementById("palette");
const input = dialog?.querySelector("input");
const list = dialog?.querySelector("[role=listbox]");
let places = null;
let shown = [];
let at = 0;
let listed = null;

const typed = () => input.value.trim().toLowerCase();

/** Places come from the server once; actions and names from the page as it is now. */
async function entries() {
  places ??= fetch(dialog.dataset.src)
    .then((answer) => (answer.ok ? answer.json() : []))
    .catch(() => []);
  const go = (await places).map(({ label, group, href }) => ({ label, group, run: () => (location.href = href) }));
  const buttons = [...document.querySelectorAll("[data-action]")].filter((button) => !button.disabled);
  const actions = buttons.map((button) => ({
    label: button.dataset.action,
    group: "action",
    key: button.getAttribute("aria-keyshortcuts"),
    run: () => button.click(),
  }));
  const names = [...document.querySelectorAll("#schema [data-object] > .leaf [data-insert]")].map((name) => ({
    label: name.dataset.insert,
    group: "insert",
    run: () => lastEditor()?.insert(name.dataset.insert),
  }));
  return [...actions, ...go, ...names];
}

/** How well a text has every word of what was typed: whole words first, then letters in order. -1000: not at all. */
function score(text, wanted) {
  let sum = -text.length / 100;
  for (const word of wanted.split(/\s+/)) {
    const found = scoreOf(text.toLowerCase(), word);
    if (found < 0) return -1000;
    sum += found;
  }
  return sum;
}

function scoreOf(text, word) {
  const whole = text.indexOf(word);
  if (whole >= 0) return whole === 0 || !/\w/.test(text[whole - 1]) ? 150 : 100;
  let from = 0;
  for (const letter of word) {
    from = text.indexOf(letter, from) + 1;
    if (!from) return -1;
  }
  return 10;
}

async function update() {
  const found = await entries();
  const wanted = typed(); // now, not before the wait: more may have been typed meanwhile
  listed = wanted;
  const all = found.map((entry) => ({ ...entry, score: score(`${entry.label} ${entry.group}`, wanted) }));
  shown = all.filter((entry) => entry.score > -1000);
  if (wanted) shown.sort((one, other) => other.score - one.score);
  shown = shown.slice(0, MOST);
  list.replaceChildren(...shown.map(option));
  choose(0);
  dialog.querySelector("[role=status]").textContent = shown.length ? "" : "Nothing has this name.";
}

function option({ label, group, key }, number) {
  const item = document.createElement("li");
  item.id = `palette-${number}`;
  item.setAttribute("role", "option");
  const name = document.createElement("span");
  name.textContent = label;
  const side = document.createElement("small");
  side.textContent = key ? key.replaceAll("Control", "Ctrl").replaceAll("+", " ") : group;
  item.append(name, side);
  return item;
}

function choose(number) {
  list.children[at]?.removeAttribute("aria-selected");
  at = Math.max(0, Math.min(shown.length - 1, number));
  const chosen = list.children[at];
  chosen?.setAttribute("aria-selected", "true");
  chosen?.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", chosen?.id ?? "");
}

async function runChosen() {
  if (listed !== typed()) await update();
  run(at);
}

function run(number) {
  const entry = shown[number];
  if (!entry) return;
  dialog.close();
  entry.run();
}

function open() {
  input.value = "";
  listed = null;
  dialog.showModal();
  update();
}

input?.addEventListener("input", update);
input?.addEventListener("keydown", (event) => {
  const moves = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 8, PageUp: at - 8 };
  if (event.key in moves) choose(moves[event.key]);
  else if (event.key === "Enter") runChosen();
  else return;
  event.preventDefault();
});
list?.addEventListener("click", (event) => run([...list.children].indexOf(event.target.closest("li"))));

const isTyping = (element) => element.closest("input, textarea, select, [contenteditable=true]");

document.addEventListener("keydown", (event) => {
  const control = event.ctrlKey || event.metaKey;
  if (control && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k" && dialog) {
    event.preventDefault();
    if (dialog.open) dialog.close();
    else open();
  } else if (event.key === "?" && !control && !isTyping(event.target)) {
    event.preventDefault();
    document.getElementById("keys-dialog").showModal();
  }
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener?.dataset.opens === "palette") open();
  else if (opener) document.getElementById(opener.dataset.opens).showModal();
  if (event.target === dialog || event.target.id === "keys-dialog") event.target.close();
});
