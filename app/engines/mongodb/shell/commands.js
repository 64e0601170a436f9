// Commands, their errors, and writes in batches.
errorClass("MongoError");
method(errorClasses.MongoError, "hasErrorLabel", function (label) {
  return (this.errorLabels ?? []).includes(label);
});
const MongoServerError = errorClass("MongoServerError", errorClasses.MongoError);
const MongoBulkWriteError = errorClass("MongoBulkWriteError", MongoServerError);
const MongoInvalidArgumentError = errorClass("MongoInvalidArgumentError", errorClasses.MongoError);
errorClass("Refused", errorClasses.MongoError);

const MAX_BATCH_ITEMS = 1000;
const MAX_BATCH_CHARS = 1_000_000;
const statusLine = Symbol("status line");

/** Send a command, in a session of the script's own when one is given. */
function run(command, session) {
  return revive(ask("command", { command: plain(command), ...(session && { session: session._key }) }));
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
function writeAll(head, key, items, session) {
  const total = { n: 0, nModified: 0, upserted: [], writeErrors: [] };
  let sent = 0;
  const start = toJson(plain(head)).slice(0, -1);
  const within = session ? `,"session":"${session._key}"` : "";
  for (const texts of batches(items)) {
    const answer = fromJson(hostCall(`{"op":"command","command":${start},"${key}":[${texts.join(",")}]},"done":${total.n}${within}}`));
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
  return scored.filter(([d]) => d <= Math.max(1, Math.min(2, wanted.length - 3), wanted.length / 3)).sort((a, b) => a[0] - b[0]).slice(0, 4).map(([, k]) => k);
}

function noSuch(what, name, known) {
  const close = near(name, known);
  const hint = close.length ? `near ${close.length > 1 ? "ones are" : "it is"} ${close.join(", ")}` : "`help` lists what there is";
  throw new TypeError(`${what} has no method ${name}(): ${hint}.`);
}

/** The public method names of a class, its parents included; with `all`, those too that only say why they are not here. */
function methodsOf(made, all = false) {
  const layers = [];
  for (let p = made.prototype; p && p !== Object.prototype; p = Object.getPrototypeOf(p)) layers.push(Object.getOwnPropertyDescriptors(p));
  const names = layers.flatMap((layer) => Object.keys(layer));
  const found = (name) => layers.find((layer) => name in layer)[name];
  return [...new Set(names)].filter((n) => n !== "constructor" && n[0] !== "_" && (all || !REFUSED.has(found(n).value)));
}
const REFUSED = new Set();

/** A result of the driver's that may be awaited, or chained with then(): it is there already. */
function promising(value) {
  if (value === null || typeof value !== "object" || "then" in value) return value;
  const settled = () => {
    for (const key of ["then", "catch", "finally"]) delete value[key];
    return Promise.resolve(value);
  };
  hidden(value, "then", (...handlers) => settled().then(...handlers));
  hidden(value, "catch", (handler) => settled().catch(handler));
  return hidden(value, "finally", (handler) => settled().finally(handler));
}

const QUIET = new Set(["then", "toJSON", "toBSON", "catch", "finally"]);

/** An object that names the near methods when one is asked for that it doesn't have. */
function guarded(object, what) {
  return new Proxy(object, {
    get(target, key) {
      if (key in target || typeof key === "symbol" || QUIET.has(key)) {
        const value = target[key];
        return typeof value === "function" ? (...values) => {
          const answer = value.apply(target, values);
          return answer === target ? guarded(target, what) : answer;
        } : value;
      }
      return noSuch(what, key, methodsOf(target.constructor));
    },
  });
}

/** Methods that exist in mongosh and not here: each says why. */
function refuse(made, reasons) {
  for (const [names, reason] of reasons) {
    for (const name of names.split(" ")) {
      const refusal = () => ask("refuse", { name, reason });
      REFUSED.add(refusal);
      method(made, name, refusal);
    }
  }
}

/** A value with the text that the page shows for it. */
class Text {
  constructor(value, text) {
    this.value = value;
    this.text = text;
  }
}

/** What an object can do, from the app's own list of words. */
function helpOf(within, what) {
  const entries = ask("help", { within });
  const width = Math.min(44, Math.max(...entries.map(([call]) => call.length)) + 2);
  const text = [`${what}:`, ...entries.map(([call, info]) => `  ${call.length < width ? call.padEnd(width) : `${call}\n  ${" ".repeat(width)}`}${info}`)].join("\n");
  return new Text(entries.map(([call]) => call.split("(")[0]), text);
}
