// Extended JSON: special values travel as objects of one or two `$` keys. Classes join with `extend`.
const extended = Symbol("extended JSON");
const decoders = Object.create(null);
const MAX_NESTING = 200;
const MAX_INT32 = 2 ** 31 - 1;

/** `encode` is called on a value of the class; `decode` gets the whole `$` object of its key. */
function extend(key, decode) {
  decoders[key] = decode;
}

function plainNumber(n, canonical) {
  if (Number.isInteger(n) && n >= -MAX_INT32 - 1 && n <= MAX_INT32 && !Object.is(n, -0)) {
    return canonical ? { $numberInt: String(n) } : n;
  }
  if (Object.is(n, -0)) return { $numberDouble: "-0.0" };
  return { $numberDouble: Number.isInteger(n) && Math.abs(n) < 1e21 ? `${n}.0` : String(n) };
}

function plainRegExp(re) {
  const options = [...re.flags].filter((f) => "imsx".includes(f)).join("");
  return { $regularExpression: { pattern: re.source === "(?:)" ? "" : re.source, options } };
}

/** A value as plain JSON data; undefined where it has no form (functions, symbols). */
function plain(value, canonical = false, depth = 0) {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return plainNumber(value, canonical);
    case "bigint":
      return { $numberLong: String(value) };
    case "undefined":
      return null;
    case "object":
      return value === null ? null : plainObject(value, canonical, depth);
    default:
      return undefined;
  }
}

function plainObject(value, canonical, depth) {
  if (depth > MAX_NESTING) throw new RangeError(`A value may be nested ${MAX_NESTING} levels deep, or it contains itself.`);
  if (Array.isArray(value)) {
    const items = new Array(value.length);
    for (let i = 0; i < value.length; i++) items[i] = plain(value[i], canonical, depth + 1) ?? null;
    return items;
  }
  if (typeof value[extended] === "function") return value[extended]();
  if (value instanceof Date) return { $date: { $numberLong: String(value.getTime()) } };
  if (value instanceof RegExp) return plainRegExp(value);
  if (value instanceof Uint8Array) return { $binary: { base64: toBase64(value), subType: "00" } };
  if (value instanceof Map) return plainObject(Object.fromEntries(value), canonical, depth);
  if (value instanceof Number || value instanceof String || value instanceof Boolean) return plain(value.valueOf(), canonical);
  const result = {};
  for (const key of Object.keys(value)) {
    const item = plain(typeof value[key] === "function" && key === "$where" ? String(value[key]) : value[key], canonical, depth + 1);
    if (item === undefined) continue;
    if (key === "__proto__") define(result, key, { value: item, enumerable: true, configurable: true, writable: true });
    else result[key] = item;
  }
  return result;
}

/** The value that plain JSON data stands for. */
function revive(data) {
  if (data === null || typeof data !== "object") return data;
  if (Array.isArray(data)) {
    for (let i = 0; i < data.length; i++) data[i] = revive(data[i]);
    return data;
  }
  for (const key in data) {
    if (key[0] === "$" && decoders[key]) return decoders[key](data);
    break;
  }
  for (const key of Object.keys(data)) {
    const item = data[key];
    if (item !== null && typeof item === "object") data[key] = revive(item);
  }
  return data;
}

extend("$numberInt", (d) => Number(d.$numberInt));
extend("$numberDouble", (d) => Number(d.$numberDouble));
extend("$date", (d) => new Date(typeof d.$date === "object" ? Number(d.$date.$numberLong) : d.$date));
extend("$undefined", () => undefined);
extend("$regularExpression", (d) => {
  const { pattern, options } = d.$regularExpression;
  return new RegExp(pattern, [...(options ?? "")].filter((f) => "ims".includes(f)).join(""));
});

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function toBase64(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b, c] = [bytes[i], bytes[i + 1], bytes[i + 2]];
    text += BASE64[a >> 2] + BASE64[((a & 3) << 4) | ((b ?? 0) >> 4)];
    text += b === undefined ? "=" : BASE64[((b & 15) << 2) | ((c ?? 0) >> 6)];
    text += c === undefined ? "=" : BASE64[c & 63];
  }
  return text;
}

function fromBase64(text) {
  const codes = [...text.replace(/[=\s]/g, "").replace(/-/g, "+").replace(/_/g, "/")].map((ch) => BASE64.indexOf(ch));
  if (codes.includes(-1)) throw new TypeError("This is not base64.");
  const bytes = new Uint8Array(Math.floor((codes.length * 3) / 4));
  for (let i = 0, at = 0; at < bytes.length; i += 4) {
    const word = (codes[i] << 18) | (codes[i + 1] << 12) | ((codes[i + 2] ?? 0) << 6) | (codes[i + 3] ?? 0);
    bytes[at++] = word >> 16;
    if (at < bytes.length) bytes[at++] = (word >> 8) & 255;
    if (at < bytes.length) bytes[at++] = word & 255;
  }
  return bytes;
}

const EJSON = {
  stringify(value, options, indent) {
    const settings = [options, indent].find((o) => o && typeof o === "object" && !Array.isArray(o));
    const spaces = [options, indent].find((o) => typeof o === "number" || typeof o === "string");
    return toJson(plain(value, settings?.relaxed === false), null, spaces);
  },
  parse: (text) => revive(fromJson(text)),
  serialize: (value, settings) => plain(value, settings?.relaxed === false),
  deserialize: (data) => revive(fromJson(toJson(data))),
};
publish("EJSON", EJSON);
