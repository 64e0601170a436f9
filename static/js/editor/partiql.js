// What the DynamoDB engine takes: PartiQL, API calls such as Query {"TableName": "orders"}, AWS CLI lines, calls in code.

import { LanguageSupport, StreamLanguage } from "@codemirror/language";

import { engineWords, wordOptions } from "./words.js";

const KEYWORDS =
  "SELECT FROM WHERE AND OR NOT IN BETWEEN IS ORDER BY ASC DESC INSERT INTO VALUE UPDATE SET REMOVE DELETE RETURNING ALL MODIFIED NEW OLD EXISTS LIMIT MISSING NULL TRUE FALSE".split(" ");
const FUNCTIONS = "attribute_exists attribute_not_exists attribute_type begins_with contains size list_append if_not_exists set_add set_delete".split(" ");

const known = (words) => new RegExp(`^(?:${words.join("|")})$`, "i");
const KEYWORD = known(KEYWORDS);
const FUNCTION = known(FUNCTIONS);
const OPERATION =
  /^(?:Watch|Query|Scan|(?:Batch|Transact)?(?:Get|Write|Put|Update|Delete)Items?|(?:Batch)?ExecuteStatement|ExecuteTransaction|(?:Create|Delete|Describe|Update)Table|(?:Describe|Update)(?:TimeToLive|ContinuousBackups)|List(?:Tables|Streams|TagsOfResource)|(?:Tag|Untag)Resource|Describe(?:Stream|Limits|Endpoints)|GetShardIterator|GetRecords)$/;

const parser = {
  name: "partiql",
  startState: () => ({ comment: false, depth: 0, line: "" }),
  token(stream, state) {
    if (stream.sol()) state.line = state.line === "goes on" ? "command" : "";
    if (state.comment || stream.match("/*")) {
      state.comment = !stream.match(/^.*?\*\//);
      if (state.comment) stream.skipToEnd();
      return "comment";
    }
    if (stream.eatSpace()) return null;
    if (stream.match(/^(?:[$%] )?aws(?=\s)/)) {
      state.line = "command";
      return "keyword";
    }
    if (state.line === "command") {
      if (stream.match(/^--[\w-]+/)) return "modifier";
      if (stream.match(/^[\\^`]\s*$/)) {
        state.line = "goes on";
        return null;
      }
      if (stream.match(/^[A-Za-z][\w.-]*/)) return null;
    }
    if (stream.match(/^(?:--|\/\/|#(?=\s))/)) {
      stream.skipToEnd();
      return "comment";
    }
    if (stream.match(/^"(?:[^"\\]|\\.)*"/)) return stream.match(/^\s*:/, false) ? "propertyName" : state.depth ? "string" : null;
    if (stream.match(/^'(?:[^']|'')*'?/)) return "string";
    if (stream.match(/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/i)) return "number";
    if (stream.match(/^[A-Za-z_$][\w$]*/)) return word(stream.current());
    const sign = stream.next();
    if (sign === "{" || sign === "[") state.depth++;
    else if ((sign === "}" || sign === "]") && state.depth) state.depth--;
    return null;
  },
  languageData: { commentTokens: { line: "--" }, closeBrackets: { brackets: ["(", "[", "{", "'", '"'] } },
};

function word(text) {
  if (OPERATION.test(text)) return "typeName";
  if (/^(?:true|false|null|missing)$/i.test(text)) return "atom";
  if (KEYWORD.test(text)) return "keyword";
  return FUNCTION.test(text) ? "typeName" : null;
}

const partiql = StreamLanguage.define(parser);

const pick = (words, test) => wordOptions(words.filter(test));

/** Where a position stands in an API call: `Query`, `CreateTable.KeySchema`; and whether a value is wanted. Null outside of one. */
function placeInCall(text) {
  const starts = [...text.matchAll(/^[ \t]*([A-Z][A-Za-z]+)\s*(?=\{)/gm)];
  const begin = starts.at(-1);
  if (!begin) return null;
  const path = [];
  let key = begin[1];
  let value = false;
  const tokens = /"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\/\/.*|\/\*[\s\S]*?\*\/|[A-Za-z_$][\w$]*|[{}[\]:,]/g;
  tokens.lastIndex = begin.index + begin[0].length;
  for (let found; (found = tokens.exec(text)); ) {
    const [token] = found;
    if (token === "{") {
      path.push(key);
      [key, value] = [null, false];
    } else if (token === "[") path.push(key);
    else if (token === "}" || token === "]") {
      key = path.pop() ?? null;
      if (!path.length) return null;
    } else if (token === ":") value = true;
    else if (token === ",") [key, value] = [null, false];
    else if (!value && !token.startsWith("/")) key = token.replace(/^["']|["']$/g, "");
  }
  const names = path.filter((name, at) => name && name !== path[at - 1]);
  return names.length ? { path: names.join("."), key: value ? key : null } : null;
}

/** The AWS CLI line that goes on to the end of the text, or null. */
function commandLine(text) {
  const lines = text.split("\n");
  let from = lines.length - 1;
  while (from > 0 && /[\\^`]\s*$/.test(lines[from - 1])) from--;
  const line = lines.slice(from).join(" ");
  return /^\s*(?:[$%] )?aws(?:\s|$)/.test(line) ? line : null;
}

function commandWords(words, line) {
  const [, service, command] = line.replace(/[\\^`](?=\s|$)/g, " ").trim().split(/\s+/).filter((word) => word !== "$");
  const writing = /\s$/.test(line) ? 0 : 1;
  const given = line.trim().split(/\s+/).length - writing;
  if (given <= 1) return pick(words, ({ kind, within }) => within === "aws" && kind === "command");
  if (given <= 2) return pick(words, ({ within }) => within === `aws ${service}`);
  return pick(words, ({ kind, within }) => kind === "option" && (within === command || within === "aws"));
}

async function complete(context) {
  const word = context.matchBefore(/[\w-]*/);
  if (!word || (word.from === word.to && !context.explicit)) return null;
  const words = await engineWords();
  const before = context.state.sliceDoc(0, word.from);
  const from = word.from;
  const line = commandLine(before + word.text);
  if (line) return { from, options: commandWords(words, line), validFor: /^[\w-]*$/ };
  const place = placeInCall(before);
  if (place) {
    const within = place.key ? `${place.path}.${place.key}` : place.path;
    const options = pick(words, (one) => one.within === within && (one.kind === "value") === Boolean(place.key));
    return options.length ? { from, options, validFor: /^\w*$/ } : null;
  }
  return { from, options: pick(words, ({ within, kind }) => !within && kind !== "parameter"), validFor: /^\w*$/ };
}

export const language = new LanguageSupport(partiql, partiql.data.of({ autocomplete: complete }));
