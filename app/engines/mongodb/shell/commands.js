// Commands, their errors, and writes in batches.
errorClass("MongoError");
const MongoServerError = errorClass("MongoServerError", errorClasses.MongoError);
const MongoBulkWriteError = errorClass("MongoBulkWriteError", MongoServerError);
const MongoInvalidArgumentError = errorClass("MongoInvalidArgumentError", errorClasses.MongoError);
errorClass("Refused", errorClasses.MongoError);

const MAX_BATCH_ITEMS = 1000;
const MAX_BATCH_CHARS = 1_000_000;
const statusLine = Symbol("status line");

function run(command) {
  return revive(ask("command", { command: plain(command) }));
}

function need(holds, message) {
  if (!holds) throw new MongoInvalidArgumentError(message);
}

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** The fields of `options` that are named and set. */
function pick(options, names) {
  const found = {};
  for (const name of names) if (options?.[name] !== undefined) found[name] = options[name];
  return found;
}

function counted(n, noun) {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** What a write answers, with the line that the page shows for it. */
function acknowledged(fields, line) {
  return hidden({ acknowledged: true, ...fields }, statusLine, line);
}

function ensureId(document) {
  need(isObject(document), "A document is an object.");
  if (document._id === undefined && !(document instanceof Map)) document._id = new ObjectIdClass();
  return document;
}

function isPipelineOrOperators(update) {
  return Array.isArray(update) || (isObject(update) && Object.keys(update).length > 0 && Object.keys(update).every((k) => k[0] === "$"));
}

/** The text of each batch's items: not too many and not too long for one message. */
function* batches(items) {
  let texts = [];
  let chars = 0;
  for (const item of items) {
    const text = toJson(plain(item));
    if (texts.length && (texts.length >= MAX_BATCH_ITEMS || chars + text.length > MAX_BATCH_CHARS)) {
      yield texts;
      texts = [];
      chars = 0;
    }
    texts.push(text);
    chars += text.length;
  }
  if (texts.length) yield texts;
}

/** Send `items` as the field `key` of the write command `head`; counts are added up, an ordered write stops at its first error. */
function writeAll(head, key, items) {
  const total = { n: 0, nModified: 0, upserted: [], writeErrors: [] };
  let sent = 0;
  const start = toJson(plain(head)).slice(0, -1);
  for (const texts of batches(items)) {
    const answer = fromJson(hostCall(`{"op":"command","command":${start},"${key}":[${texts.join(",")}]},"done":${total.n}}`));
    if (answer.error) raise(revive(answer.error));
    const reply = revive(answer);
    total.n += reply.n ?? 0;
    total.nModified += reply.nModified ?? 0;
    for (const entry of reply.upserted ?? []) total.upserted.push({ ...entry, index: entry.index + sent });
    for (const entry of reply.writeErrors ?? []) total.writeErrors.push({ ...entry, index: entry.index + sent });
    if (reply.writeConcernError) raise({ name: "MongoServerError", message: reply.writeConcernError.errmsg, code: reply.writeConcernError.code });
    sent += texts.length;
    if (total.writeErrors.length && head.ordered !== false) break;
  }
  return total;
}

function throwWriteError(name, writeErrors, result) {
  const [first] = writeErrors;
  const more = writeErrors.length > 1 ? ` (and ${writeErrors.length - 1} more errors)` : "";
  const fields = { code: first.code, index: first.index, keyValue: first.keyValue, errInfo: first.errInfo, ...(result ? { result, writeErrors } : {}) };
  ask("writeError", { name, message: first.errmsg + more, fields: plain(fields) });
}

/** The names among `known` that look most like `name`. */
function near(name, known) {
  const distance = (a, b) => {
    let row = Array.from({ length: b.length + 1 }, (_, i) => i);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++) {
        next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
      }
      row = next;
    }
    return row[b.length];
  };
  const wanted = name.slice(0, 60).toLowerCase();
  const scored = known.map((k) => {
    const other = k.toLowerCase();
    const prefix = wanted.length > 2 && (other.startsWith(wanted) || wanted.startsWith(other)) ? -2 : 0;
    return [distance(wanted, other) + prefix, k];
  });
  return scored.filter(([d]) => d <= Math.max(2, wanted.length / 3)).sort((a, b) => a[0] - b[0]).slice(0, 4).map(([, k]) => k);
}

function noSuch(what, name, known) {
  const close = near(name, known);
  const hint = close.length ? `near ${close.length > 1 ? "ones are" : "it is"} ${close.join(", ")}` : "`help` lists what there is";
  throw new TypeError(`${what} has no method ${name}(): ${hint}.`);
}

/** The public method names of a class, its parents included. */
function methodsOf(made) {
  const names = [];
  for (let p = made.prototype; p && p !== Object.prototype; p = Object.getPrototypeOf(p)) names.push(...Object.getOwnPropertyNames(p));
  return names.filter((n) => n !== "constructor" && n[0] !== "_");
}
