// What the DynamoDB engine takes: PartiQL statements, and API calls such as Query {"TableName": "orders"}.

import { LanguageSupport, StreamLanguage } from "@codemirror/language";

import { wordCompletion } from "./words.js";

const KEYWORDS =
  "SELECT FROM WHERE AND OR NOT IN BETWEEN IS ORDER BY ASC DESC INSERT INTO VALUE UPDATE SET REMOVE DELETE RETURNING ALL MODIFIED NEW OLD EXISTS LIMIT MISSING NULL TRUE FALSE".split(" ");
const FUNCTIONS = "attribute_exists attribute_not_exists attribute_type begins_with contains size list_append if_not_exists set_add set_delete".split(" ");
const OPERATIONS =
  "BatchExecuteStatement BatchGetItem BatchWriteItem CreateTable DeleteItem DeleteTable DescribeTable DescribeTimeToLive ExecuteStatement ExecuteTransaction GetItem ListTables PutItem Query Scan TransactGetItems TransactWriteItems UpdateItem UpdateTable UpdateTimeToLive".split(" ");

const known = (words) => new RegExp(`^(?:${words.join("|")})$`, "i");
const KEYWORD = known(KEYWORDS);
const FUNCTION = known(FUNCTIONS);
const OPERATION = new RegExp(`^(?:${OPERATIONS.join("|")})$`);

const parser = {
  name: "partiql",
  startState: () => ({ comment: false, depth: 0 }),
  token(stream, state) {
    if (state.comment || stream.match("/*")) {
      state.comment = !stream.match(/^.*?\*\//);
      if (state.comment) stream.skipToEnd();
      return "comment";
    }
    if (stream.eatSpace()) return null;
    if (stream.match(/^(?:--|\/\/)/)) {
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

export const language = new LanguageSupport(
  partiql,
  partiql.data.of({ autocomplete: wordCompletion([...KEYWORDS, ...FUNCTIONS, ...OPERATIONS], /\w+/) }),
);
