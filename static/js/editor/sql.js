// SQL as PostgreSQL writes it, completed by where the cursor is: tables after FROM, a table's columns after its name or alias, settings after SET.

import { PostgreSQL } from "@codemirror/lang-sql";
import { LanguageSupport, syntaxTree } from "@codemirror/language";

import { engineWords } from "./words.js";

export const offersNames = true;

const NAME = String.raw`(?:"[^"]+"|[A-Za-z_][\w$]*)`;
const SOURCES = new RegExp(
  String.raw`(?:\b(?:from|join|update|into|using|table)\s+(?:only\s+|lateral\s+)?|,\s*)(${NAME}(?:\.${NAME})?)(?:\s+(?:as\s+)?(${NAME}))?`,
  "gi",
);
const WITH = new RegExp(String.raw`(?:\bwith\s+(?:recursive\s+)?|,\s*)(${NAME})\s*(?:\([^)]*\)\s*)?as\s+(?:not\s+)?(?:materialized\s+)?\(`, "gi");
const WANTS_TABLE = /\b(?:from|join|into|update|table|only|references|truncate|analyze|vacuum|copy|refresh materialized view|delete from|insert into)\s+(?:"?[\w$]*)$/i;
const WANTS_SETTING = /^\s*(?:set|show|reset)\s+(?:(?:local|session)\s+)?[\w.]*$/i;
const WANTS_TYPE = /(?:::\s*|\bcast\s*\([^()]*\bas\s+)\w*$/i;
const QUIET = /String|Comment/;

const plain = (name) => name.replace(/^"|"$/g, "");
const same = (a, b) => plain(a).toLowerCase() === plain(b).toLowerCase();

/** Tables and views of the sandbox, as the sidebar shows them now, and the names of all else in it. */
function sandbox() {
  const relations = [];
  const others = [];
  for (const object of document.querySelectorAll("#schema [data-object]")) {
    const { insert } = object.querySelector("[data-insert]").dataset;
    const detail = object.querySelector("small")?.textContent;
    const kind = object.closest(".kind")?.querySelector("h3")?.firstChild.textContent.trim();
    const columns = [...object.querySelectorAll("[data-part]")].map((part, place) => ({
      boost: 30 - place / 100,
      label: part.dataset.part,
      apply: part.querySelector("[data-insert]").dataset.insert,
      detail: part.querySelector("small")?.textContent,
      type: "property",
    }));
    if (/table|view/.test(kind)) relations.push({ name: insert, columns, option: { label: insert, detail, type: "table" } });
    else others.push({ label: object.dataset.object.replace(/\(.*/, ""), detail: kind, type: "variable" });
  }
  return { relations, others };
}

/** The statement that the cursor is in, and its part before the cursor; a semicolon in quotes is no end. */
function statementAt(state, pos) {
  const text = state.doc.toString();
  const ends = (at) => text[at] === ";" && !QUIET.test(syntaxTree(state).resolveInner(at, 1).name);
  let from = pos;
  while (from > 0 && pos - from < 20000 && !ends(from - 1)) from--;
  let to = pos;
  while (to < text.length && to - pos < 20000 && !ends(to)) to++;
  return { before: text.slice(from, pos), whole: text.slice(from, to) };
}

/** What the statement reads or writes: relations with the name they go by in it. */
function used(whole, relations) {
  const found = [];
  for (const [, name, alias] of whole.matchAll(SOURCES)) {
    const relation = relations.find((one) => same(one.name, name) || same(one.name, name.replace(/^public\./i, "")));
    if (relation) found.push({ relation, as: alias ?? name.split(".").at(-1) });
  }
  return found;
}

const typeCalls = (option) => (view, _, from, to) => {
  const rest = view.state.sliceDoc(to, to + 1) === "(" ? "" : "()";
  view.dispatch({ changes: { from, to, insert: option.label + rest }, selection: { anchor: from + option.label.length + 1 }, userEvent: "input.complete" });
};

let vocabulary = null;

/** The server's own words as completions, by what they are for; made once. */
async function words() {
  vocabulary ??= engineWords().then((all) => {
    const by = { function: [], keyword: [], type: [], setting: [], command: [] };
    for (const { name, kind, detail, info } of all) {
      const option = { label: name, type: kind, detail, info };
      if (/function|aggregate/.test(kind)) by.function.push({ ...option, apply: typeCalls(option) });
      else by[kind]?.push(option);
    }
    return by;
  });
  return vocabulary;
}

/** Keywords in the case that is being written. */
const cased = (options, typed) =>
  /^[a-z]/.test(typed) ? options.map((option) => ({ ...option, label: option.label.toLowerCase() })) : options;

const boosted = (options, boost) => options.map((option) => ({ ...option, boost }));
const once = (options) => [...new Map(options.map((option) => [option.label + option.type, option])).values()];

async function complete(context) {
  const { state, pos } = context;
  const node = syntaxTree(state).resolveInner(pos, -1);
  if (/Comment/.test(node.name) || (node.name === "String" && pos > node.from && pos < node.to)) return null;
  const { before, whole } = statementAt(state, pos);
  const { relations, others } = sandbox();

  const line = before.slice(before.lastIndexOf("\n") + 1);
  if (/^\s*\\\w*$/.test(line)) {
    return { from: pos - line.trimStart().length, options: (await words()).command, validFor: /^\\\w*$/ };
  }
  const tables = relations.map(({ option }) => option);
  const typed = /["\w$]*$/.exec(before)[0];
  const from = pos - typed.length;
  const answer = (options) => (options.length ? { from, options: once(options), validFor: /^["\w$]*$/ } : null);
  if (/^\s*\\d\w*\+?\s+[\w".]*$/.test(line)) return answer(tables);

  const qualifier = new RegExp(`(${NAME})\\.["\\w$]*$`).exec(before)?.[1];
  if (qualifier) {
    const { relation } = used(whole, relations).find(({ as }) => same(as, qualifier)) ?? { relation: relations.find(({ name }) => same(name, qualifier)) };
    if (relation) return answer(relation.columns);
    const within = relations.filter(({ name }) => same(name.split(".")[0], qualifier) && name.includes("."));
    return answer(within.map(({ option }) => ({ ...option, label: option.label.slice(option.label.indexOf(".") + 1) })));
  }
  if (!typed && !context.explicit && !WANTS_TABLE.test(before)) return null;
  const known = await words();
  if (WANTS_SETTING.test(before)) return answer(known.setting);
  if (WANTS_TYPE.test(before)) return answer(known.type);
  const named = [...whole.matchAll(WITH)].map(([, name]) => ({ label: name, type: "table", detail: "WITH", boost: 20 }));
  if (WANTS_TABLE.test(before)) {
    return answer([...boosted(tables, 20), ...named, ...boosted(known.function.filter(({ detail }) => /SETOF|TABLE/.test(detail ?? "")), -20)]);
  }
  const here = used(whole, relations);
  const columns = here.flatMap(({ relation }) => relation.columns);
  const aliases = here.map(({ as }) => ({ label: as, type: "table", boost: 10 }));
  return answer([...columns, ...aliases, ...named, ...cased(known.keyword, typed), ...boosted(known.function, -5), ...boosted(known.type, -15), ...boosted(tables, -5), ...others]);
}

export const language = new LanguageSupport(PostgreSQL.language, PostgreSQL.language.data.of({ autocomplete: complete }));
