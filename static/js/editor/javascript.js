// The shell's JavaScript: collections, methods, stages, operators and fields, each where it may stand.

import { javascript, javascriptLanguage } from "@codemirror/lang-javascript";

import { engineWords } from "./words.js";

const WORD = /^[\w$]*$/;
const UPDATES = /\b(?:update(?:One|Many)?|findOneAndUpdate|findAndModify)\s*\($/;
const GROUPING = /^\$(?:group|bucket|bucketAuto|setWindowFields)$/;

let vocabulary;

/** The engine's words by kind, and its methods by the object they belong to. */
async function words() {
  if (vocabulary) return vocabulary;
  const found = new Map();
  for (const word of await engineWords()) {
    const group = word.kind === "method" ? (word.within ?? "global") : word.kind;
    if (!found.has(group)) found.set(group, []);
    found.get(group).push(word);
  }
  vocabulary = found;
  return found;
}

const infoOf = (word) => [word.detail, word.info].filter(Boolean).join("\n");
const option = (word, type, apply, boost = 0) => ({ label: word.name, type, apply, boost, info: infoOf(word), detail: type === "method" ? "" : word.kind });
const COMMON = new Set(
  "find findOne aggregate insertOne insertMany updateOne updateMany deleteOne deleteMany countDocuments createIndex getCollection createCollection sort limit skip project toArray forEach map explain startTransaction commitTransaction withTransaction".split(" "),
);
const methods = (list) =>
  list.map((word) => option(word, "method", word.detail?.includes("(") ? `${word.name}(` : word.name, COMMON.has(word.name) ? 1 : 0));
const operators = (known, kinds) =>
  kinds.flatMap((kind, at) => (known.get(kind) ?? []).map((word) => option(word, "keyword", `${word.name}: `, kinds.length - at - 1)));

function* collections() {
  for (const object of document.querySelectorAll("#schema [data-object]")) {
    yield { name: object.dataset.object, detail: object.querySelector("small")?.textContent, element: object };
  }
}

const isName = (name) => /^[A-Za-z_$][\w$]*$/.test(name);

function collectionOptions() {
  return [...collections()].map(({ name, detail }) =>
    isName(name) ? { label: name, type: "class", detail, boost: 2 } : { label: name, type: "class", detail, boost: 1, apply: `getCollection(${JSON.stringify(name)})` },
  );
}

/** The fields of one collection, or of all; by path inside quotes, quoted outside where they need it. */
function fieldOptions(within, quoted) {
  const options = new Map();
  for (const { name, element } of collections()) {
    if (within && name !== within) continue;
    for (const part of element.querySelectorAll("[data-part]")) {
      const label = part.dataset.part;
      const apply = quoted || isName(label) ? label : JSON.stringify(label);
      options.set(label, { label, apply, type: "property", detail: part.querySelector("small")?.textContent, boost: 1 });
    }
  }
  return [...options.values()];
}

/** Where the cursor is: the words of the objects around it, from the outermost, and whether it is in a text. */
function around(text) {
  const open = [];
  let quote = "";
  let since = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (quote) {
      if (character === "\\") i++;
      else if (character === quote || (character === "\n" && quote !== "`")) quote = "";
      continue;
    }
    if (character === "/" && text[i + 1] === "/") {
      const end = text.indexOf("\n", i);
      if (end < 0) return { open, quote: "comment", since: i };
      i = end;
    } else if ("'\"`".includes(character)) {
      quote = character;
      since = i + 1;
    } else if ("([{".includes(character)) {
      open.push({ bracket: character, before: text.slice(Math.max(0, i - 200), i), commas: 0 });
    } else if (")]}".includes(character)) open.pop();
    else if (character === "," && open.length) open.at(-1).commas++;
  }
  return { open, quote, since };
}

const keyBefore = ({ before }) => before.match(/([\w$]+)["']?\s*:\s*$/)?.[1] ?? null;

/** What a `$` word may be at this place. */
function operatorKinds(open) {
  const call = open.findLastIndex(({ bracket }) => bracket === "(");
  const inner = open.slice(call + 1);
  const called = open[call];
  const method = called?.before.match(/\.(\w+)\s*$/)?.[1] ?? "";
  const keys = inner.map(keyBefore).filter(Boolean);
  const inPipeline = inner[0]?.bracket === "[" || keys.includes("pipeline");
  if (/^(?:aggregate|watch|createView)$/.test(method) || inPipeline) {
    const last = inner.at(-1);
    if (last?.bracket === "{" && inner.length >= 2 && inner.at(-2).bracket === "[" && !keys.some((key) => key[0] === "$" && key !== "$facet" && key !== "$lookup" && key !== "$unionWith")) return ["stage"];
    const stage = keys.find((key) => key[0] === "$");
    if (stage === "$match" && !keys.includes("$expr")) return ["query operator"];
    return GROUPING.test(stage) ? ["accumulator", "expression"] : ["expression"];
  }
  if (called && UPDATES.test(`${called.before}(`) && called.commas > 0) return inner.length <= 1 ? ["update operator"] : ["update operator", "query operator"];
  return keys.includes("$expr") ? ["expression"] : ["query operator"];
}

const collectionIn = (text) => text.match(/\bdb\.(?:getCollection\(["']([^"']+)["']\)|collection\(["']([^"']+)["']\)|([\w$]+))\s*\.\s*\w+\s*\([^;]*$/)?.slice(1).find(Boolean);

/** After a dot: the database's, a collection's, a cursor's, a session's methods. */
function memberGroup(before) {
  if (/\brs\s*\.$/.test(before)) return "rs";
  if (/\bsession\s*\.$|startSession\([^()]*\)\s*\.$/.test(before)) return "session";
  if (/\bclient\s*\.$|getMongo\(\)\s*\.$/.test(before)) return "client";
  if (/\.explain\([^()]*\)\s*\.$/.test(before) && !/\)\s*\.explain/.test(before)) return "explain";
  if (/getPlanCache\(\)\s*\.$/.test(before)) return "planCache";
  if (/\.watch\([^]*\)\s*\.$/.test(before)) return "changeStream";
  if (/\bdb\s*\.$|getSiblingDB\([^()]*\)\s*\.$|getDatabase\([^()]*\)\s*\.$|\.db\([^()]*\)\s*\.$/.test(before)) return "database";
  if (/\bdb\.[\w$.]+\.$|(?:getCollection|collection)\(["'][^"']*["']\)\s*\.$/.test(before)) return "collection";
  return before.endsWith(").") || /\)\s*\n\s*\.$/.test(before) ? "cursor" : null;
}

async function shellCompletion(context) {
  const word = context.matchBefore(/[\w$]*/);
  const text = context.state.sliceDoc(Math.max(0, context.pos - 8000), context.pos);
  const before = text.slice(0, text.length - (word?.text.length ?? 0));
  const { open, quote, since } = around(text);
  if (quote === "comment") return null;
  const from = word?.from ?? context.pos;
  if (quote) {
    const typed = text.slice(since);
    const path = typed.match(/^\$?([\w.]*)$/);
    const fields = path ? fieldOptions(collectionIn(text), true) : [];
    return fields.length ? { from: context.pos - path[1].length, options: fields, validFor: /^[\w.]*$/ } : null;
  }
  if (/\.\s*$/.test(before)) {
    const group = memberGroup(before.trimEnd());
    if (!group) return null;
    const options = methods((await words()).get(group) ?? []);
    return { from, options: group === "database" ? [...collectionOptions(), ...options] : options, validFor: WORD };
  }
  const known = await words();
  if (word?.text[0] === "$") {
    return { from, options: operators(known, operatorKinds(open)), validFor: WORD };
  }
  if (!context.explicit && !word?.text) return null;
  if (open.at(-1)?.bracket === "{" && /[{,]\s*$/.test(before)) {
    const more = context.explicit ? operators(known, operatorKinds(open)) : [];
    return { from, options: [...fieldOptions(collectionIn(text), false), ...more], validFor: WORD };
  }
  return { from, options: methods(known.get("global") ?? []), validFor: WORD };
}

export const offersNames = true;
export const language = [javascript(), javascriptLanguage.data.of({ autocomplete: shellCompletion })];
