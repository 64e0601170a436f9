// redis-cli lines: a command, its arguments, strings in quotes, # and // comments; and calls of redis-py. What a command takes is
// the server's own manual: completed by place, and shown above the line while its arguments are written.

import { LanguageSupport, StreamLanguage, syntaxTree } from "@codemirror/language";
import { StateField } from "@codemirror/state";
import { EditorView, hoverTooltip, showTooltip } from "@codemirror/view";

import { engineWords } from "./words.js";

export const offersNames = true;

const PYTHON =
  /^\s*(?:(?:import|from|def|with|await|async|if|for|while|return|class)\s|print\(|[A-Za-z_]\w*(?:\.\w+)+\(|[a-z_]\w*\s*=\s*[\w"'[{(])/;
const PYTHON_WORDS = /^(?:import|from|def|with|as|await|async|if|for|while|return|class|in|not|None|True|False|print)$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const WORD = /"(?:\\.|[^"\\])*"?|'(?:\\'|[^'])*'?|[^\s"']+/g;
const MOST_KEYS = 300;
const MOST_DETAIL = 60;
const FRESH_MS = 3000;

// The manual, once it is there: commands by name, and what belongs to each.
const manual = { commands: new Map(), within: new Map() };

engineWords().then((words) => {
  for (const word of words) {
    if (word.kind === "command") manual.commands.set(word.name, word);
    else manual.within.set(word.within, [...(manual.within.get(word.within) ?? []), word]);
  }
});

const parser = {
  name: "redis",
  startState: () => ({ words: 0, quote: "", python: false }),
  token(stream, state) {
    if (stream.sol() && !state.quote) {
      state.words = 0;
      state.python = PYTHON.test(stream.string) && !manual.commands.has(stream.string.trim().split(/\s/)[0]);
    }
    if (state.quote) return quoted(stream, state);
    if (stream.eatSpace()) return null;
    if ((state.words === 0 && stream.match(/^(?:#|\/\/)/)) || (state.python && stream.match(/^#/))) {
      stream.skipToEnd();
      return "comment";
    }
    if (stream.match(/^["']/)) {
      state.quote = stream.current();
      state.words++;
      return quoted(stream, state);
    }
    return state.python ? pythonToken(stream, state) : commandToken(stream, state);
  },
  languageData: { commentTokens: { line: "#" }, closeBrackets: { brackets: ['"', "'"] } },
};

function commandToken(stream, state) {
  stream.eatWhile(/[^\s"']/);
  const word = stream.current();
  if (state.words === 0 && /^\d+$/.test(word)) return "number";
  state.words++;
  if (state.words === 1) {
    state.command = word.toUpperCase();
    return "keyword";
  }
  if (NUMBER.test(word)) return "number";
  const named = (command) => manual.within.get(command)?.some(({ name }) => name === word.toUpperCase());
  if (state.words === 2 && named(state.command)) {
    state.command = `${state.command} ${word.toUpperCase()}`;
    return "keyword";
  }
  return named(state.command) ? "modifier" : null;
}

function pythonToken(stream, state) {
  state.words++;
  if (stream.eatWhile(/[\w]/)) {
    const word = stream.current();
    if (NUMBER.test(word)) return "number";
    return PYTHON_WORDS.test(word) ? "keyword" : null;
  }
  stream.next();
  return null;
}

function quoted(stream, state) {
  for (let character; (character = stream.next()); ) {
    if (character === "\\" && (state.quote === '"' || stream.peek() === "'")) stream.next();
    else if (character === state.quote) {
      state.quote = "";
      break;
    }
  }
  return "string";
}

/** The words of the line before a place, without a repeat (`5 INCR k`); null in a string, a comment, or Python. */
function before(state, pos) {
  const line = state.doc.lineAt(pos);
  const text = line.text.slice(0, pos - line.from);
  const node = syntaxTree(state).resolveInner(pos, -1).name;
  if (node === "comment" || (node === "string" && pos > line.from) || PYTHON.test(line.text)) return null;
  const words = text.match(WORD) ?? [];
  if (words.length > 1 && /^\d+$/.test(words[0])) words.shift();
  return { words, writing: /\S$/.test(text) ? (words.at(-1) ?? "") : "", line };
}

/** The command that words begin with, with its subcommand where it has one. */
function commandOf(words) {
  const [first = "", second = ""] = words.map((word) => word.toUpperCase());
  const sub = manual.within.get(first)?.find(({ name, kind }) => kind === "subcommand" && name === second);
  return sub ? { ...sub, name: `${first} ${second}`, length: 2 } : manual.commands.has(first) ? { ...manual.commands.get(first), length: 1 } : null;
}

function option(word, boost = 0) {
  const takes = word.kind === "option" ? word.detail.slice(word.name.length).trim() : (word.detail ?? "");
  const detail = takes.length > MOST_DETAIL ? `${takes.slice(0, MOST_DETAIL)}…` : takes;
  return { label: word.name, type: word.kind, detail, info: word.info, boost };
}

/** The keys that the sidebar shows, and those under the prefix that is being written. */
async function keys(writing, boost) {
  const colon = writing.lastIndexOf(":");
  const under = colon < 0 ? [] : await keysUnder(writing.slice(0, colon + 1));
  const objects = [...document.querySelectorAll("#schema [data-object]"), ...under].slice(0, MOST_KEYS);
  const named = new Map(objects.map((object) => [object.dataset.object, object]));
  return [...named.values()].map((object) => ({
    label: object.dataset.object,
    apply: object.querySelector("[data-insert]")?.dataset.insert,
    detail: object.querySelector("small")?.textContent,
    type: "key",
    boost,
  }));
}

let asked = { prefix: null, at: 0, objects: [] };

async function keysUnder(prefix) {
  if (asked.prefix === prefix && performance.now() - asked.at < FRESH_MS) return asked.objects;
  const answer = await fetch(`/partials/redis/browse?path=${encodeURIComponent(`0/tree/${encodeURIComponent(prefix)}`)}`);
  const page = new DOMParser().parseFromString(answer.ok ? await answer.text() : "", "text/html");
  asked = { prefix, at: performance.now(), objects: [...page.querySelectorAll("[data-object]")] };
  return asked.objects;
}

async function complete(context) {
  await engineWords();
  const place = before(context.state, context.pos);
  if (!place || (!place.writing && !context.explicit && place.words.length !== 1)) return null;
  const done = place.writing ? place.words.slice(0, -1) : place.words;
  const from = context.pos - place.writing.length;
  const found = done.length === 0 ? [...manual.commands.values()].map((word) => option(word)) : await argumentOptions(done, place.writing);
  return found.length ? { from, options: found, validFor: /^[\w.-]*$/ } : null;
}

async function argumentOptions(done, writing) {
  const first = done[0].toUpperCase();
  if (first === "HELP") {
    const of = done.length > 1 ? (manual.within.get(done[1].toUpperCase()) ?? []) : [...manual.commands.values()];
    return of.filter(({ kind }) => kind !== "option").map((word) => option(word));
  }
  const of = manual.within.get(first) ?? [];
  if (done.length === 1 && of.some(({ kind }) => kind === "subcommand")) return of.map((word) => option(word));
  const command = commandOf(done);
  const options = (manual.within.get(command?.name ?? first) ?? []).filter(({ kind }) => kind === "option");
  const isFirst = done.length === (command?.length ?? 1);
  return [...(await keys(writing, isFirst ? 2 : 0)), ...options.map((word) => option(word, 1))];
}

/** What the command at the cursor takes, while its arguments are written. */
function hint(state) {
  const { main } = state.selection;
  if (!main.empty) return null;
  const place = before(state, main.head);
  const command = place && commandOf(place.words);
  if (!command?.detail || (place.words.length === command.length && place.writing)) return null;
  return {
    pos: place.line.from,
    above: true,
    strictSide: false,
    create: () => ({ dom: card(command, false), offset: { x: 0, y: 4 } }),
  };
}

function card(command, whole) {
  const dom = document.createElement("div");
  dom.className = "cm-signature";
  const name = document.createElement("b");
  name.textContent = command.name;
  const takes = document.createElement("code");
  takes.append(name, ` ${command.detail ?? ""}`);
  dom.append(takes);
  if (whole && command.info) {
    const info = document.createElement("p");
    info.textContent = command.info;
    dom.append(info);
  }
  return dom;
}

const signature = StateField.define({
  create: () => null,
  update(shown, transaction) {
    if (transaction.docChanged) return hint(transaction.state);
    return transaction.selection ? (shown ? hint(transaction.state) : null) : shown;
  },
  provide: (field) => showTooltip.from(field),
});

const meaning = hoverTooltip((view, pos) => {
  const place = before(view.state, view.state.wordAt(pos)?.to ?? pos);
  const command = place && place.words.length <= 2 ? commandOf(place.words) : null;
  if (!command || place.words.length > command.length) return null;
  return { pos: place.line.from + place.line.text.search(/\S/), end: pos, above: true, create: () => ({ dom: card(command, true) }) };
});

const look = EditorView.baseTheme({
  ".cm-signature": { maxWidth: "72ch", padding: "4px 8px", font: "400 13px/1.5 var(--font-code)", whiteSpace: "pre-wrap" },
  ".cm-signature p": { margin: "4px 0 0", fontFamily: "var(--font-ui)" },
});

const redis = StreamLanguage.define(parser);

export const language = new LanguageSupport(redis, [
  redis.data.of({ autocomplete: complete }),
  signature,
  meaning,
  look,
]);
