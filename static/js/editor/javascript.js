import { javascript, javascriptLanguage } from "@codemirror/lang-javascript";

const DATABASE = "aggregate createCollection dropDatabase getCollection getCollectionNames runCommand stats version".split(" ");
const COLLECTION =
  "aggregate bulkWrite countDocuments createIndex deleteMany deleteOne distinct drop dropIndex estimatedDocumentCount explain find findOne findOneAndDelete findOneAndReplace findOneAndUpdate getIndexes insertMany insertOne replaceOne stats updateMany updateOne".split(" ");
const CURSOR = "allowDiskUse count explain forEach hint limit map project skip sort toArray".split(" ");

const methods = (names, detail) => names.map((label) => ({ label, detail, type: "method", apply: `${label}(` }));

/** What may follow `db.`, `db.orders.` and a closed call. */
function shellCompletion(context) {
  const typed = context.matchBefore(/(?:\bdb(?:\.[\w$]+)?|\))\s*\.\w*/);
  if (!typed) return null;
  const from = typed.to - typed.text.match(/\w*$/)[0].length;
  const before = typed.text.slice(0, from - typed.from);
  const options = before.startsWith(")")
    ? methods(CURSOR, "cursor")
    : before.split(".").length > 2
      ? methods(COLLECTION, "collection")
      : methods(DATABASE, "database");
  return { from, options, validFor: /^\w*$/ };
}

export const language = [javascript(), javascriptLanguage.data.of({ autocomplete: shellCompletion })];
