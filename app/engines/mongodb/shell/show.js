// What the page shows for a statement: the app calls __show with its value.
const MAX_IDS = 20;

function isDocument(value) {
  if (!isObject(value) || typeof value === "function" || value[extended] || value instanceof Date || value instanceof RegExp) return false;
  const parent = Object.getPrototypeOf(value);
  return parent === Object.prototype || parent === null;
}

/** The documents as JSON, as many as the limits let through. */
function documentsText(documents, { maxRows, maxBytes }) {
  const parts = [];
  let chars = 0;
  let cut = null;
  for (const document of documents) {
    if (parts.length >= maxRows) cut = "max_rows";
    const text = cut ? "" : toJson(plain(document, true));
    if (!cut && chars + text.length > maxBytes) cut = "max_reply_bytes";
    if (cut) break;
    chars += text.length;
    parts.push(text);
  }
  return { text: `[${parts.join(",")}]`, shown: parts.length, cut };
}

function showDocuments(kind, documents, total, limits) {
  const { text, shown, cut } = documentsText(documents, limits);
  return `{"kind":"${kind}","total":${total},"shown":${shown},"cut":${toJson(cut)},"documents":${text}}`;
}

function typeName(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value !== "object") return typeof value;
  if (value instanceof Date) return "Date";
  return Object.getPrototypeOf(value)?.constructor?.name ?? "object";
}

function showReply(value, limits) {
  const text = value instanceof Text ? value.text : printed(value);
  const data = value instanceof Text ? value.value : typeof value === "number" ? value : plain(value, true);
  const type = value instanceof Text ? "text" : typeName(value);
  const over = text.length + (toJson(data) ?? "").length > limits.maxBytes;
  const reply = { type, value: over ? null : (data ?? null) };
  return toJson({ kind: "reply", reply, text: over ? text.slice(0, limits.maxBytes) : text, length: text.length, cut: over ? "max_reply_bytes" : null });
}

/** The rest of a cursor that only this context can read: mapped, or begun. */
function showCursor(cursor, limits) {
  if (cursor._explain) return showDocuments("documents", [cursor.explain(cursor._explain)], 1, limits);
  if (cursor._wait !== undefined) return toJson({ kind: "stream", cursor: cursor[streamPart], name: String(cursor._command.aggregate) });
  if (!cursor._started && !cursor._maps.length) return toJson({ kind: "cursor", ...cursor._request() });
  const documents = [];
  while (documents.length <= limits.maxRows && cursor._fill()) documents.push(cursor.next());
  if (documents.every(isDocument)) return showDocuments("page", documents, documents.length, limits);
  return showReply(documents, limits);
}

/** An acknowledgement with the first of its many ids. */
function shortened(value) {
  const ids = Object.entries(value.insertedIds ?? {});
  if (ids.length <= MAX_IDS) return value;
  return { ...value, insertedIds: { ...Object.fromEntries(ids.slice(0, MAX_IDS)), more: `${ids.length - MAX_IDS} more` } };
}

function present(value, limits) {
  if (value === undefined) return '{"kind":"nothing"}';
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return showReply(value, limits);
  if (value[cursorParts]) return showCursor(value[cursorParts], limits);
  if (value[stagesPart]) return toJson({ kind: "stages", ...value[stagesPart] });
  if (value[collectionPart] ?? value[databasePart]) return showReply(new Text(String(value), String(value)), limits);
  if (value[statusLine]) return toJson({ kind: "status", status: value[statusLine], documents: [plain(shortened(value), true)] });
  if (Array.isArray(value) && value.every(isDocument)) return showDocuments("documents", value, value.length, limits);
  if (isDocument(value)) return showDocuments("documents", [value], 1, limits);
  return showReply(value, limits);
}

/** `value` comes wrapped, as the evaluation gave it; only a promise makes the answer one. */
fix("__show", ({ value }, limits) => {
  const shown = (settled) => present(settled, fromJson(limits));
  return value instanceof Promise ? value.then(shown) : shown(value);
});

