// MongoDB's own types as small classes; what they mean is Python's bson's business.
const HEX = "0123456789abcdef";

function toHex(bytes) {
  let text = "";
  for (const byte of bytes) text += HEX[byte >> 4] + HEX[byte & 15];
  return text;
}

function fromHex(text) {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** `new` may be left out, as everywhere in the shell. */
function callable(made, names) {
  const proxy = new Proxy(made, { apply: (_, __, values) => new made(...values) });
  for (const name of names) publish(name, proxy);
  return proxy;
}

function method(made, key, body) {
  define(made.prototype, key, { value: body, configurable: true, writable: true });
}

const objectIdSeed = () => [random(), random()].map((n) => n.toString(16).padStart(8, "0")).join("").slice(0, 10);
let objectIdTail;
let objectIdCount;

class ObjectIdClass {
  constructor(value) {
    hidden(this, "hex", ObjectIdClass.hexOf(value));
  }
  static hexOf(value) {
    if (value instanceof ObjectIdClass) return value.hex;
    if (value === undefined || value === null || typeof value === "number") {
      objectIdTail ??= objectIdSeed();
      objectIdCount = objectIdCount === undefined ? random() & 0xffffff : (objectIdCount + 1) & 0xffffff;
      const seconds = typeof value === "number" ? value : Math.floor(Date.now() / 1000);
      return (seconds >>> 0).toString(16).padStart(8, "0") + objectIdTail + objectIdCount.toString(16).padStart(6, "0");
    }
    if (value instanceof Uint8Array && value.length === 12) return toHex(value);
    if (typeof value === "string" && /^[0-9a-fA-F]{24}$/.test(value)) return value.toLowerCase();
    const error = new TypeError("An ObjectId is 24 hexadecimal digits, 12 bytes, or a number of seconds.");
    hidden(error, "name", "BSONError");
    throw error;
  }
  static isValid(value) {
    return value instanceof ObjectIdClass || (typeof value === "string" && /^[0-9a-fA-F]{24}$/.test(value));
  }
  static createFromHexString(text) {
    return new ObjectIdClass(text);
  }
  static createFromTime(seconds) {
    return new ObjectIdClass(`${(seconds >>> 0).toString(16).padStart(8, "0")}0000000000000000`);
  }
  getTimestamp() {
    return new Date(parseInt(this.hex.slice(0, 8), 16) * 1000);
  }
  toHexString() {
    return this.hex;
  }
  toString() {
    return this.hex;
  }
  toJSON() {
    return this.hex;
  }
  valueOf() {
    return this.hex;
  }
  get str() {
    return this.hex;
  }
  equals(other) {
    return String(other?.hex ?? other).toLowerCase() === this.hex;
  }
}
method(ObjectIdClass, extended, function () {
  return { $oid: this.hex };
});
method(ObjectIdClass, inspectAs, function () {
  return `ObjectId('${this.hex}')`;
});
extend("$oid", (d) => new ObjectIdClass(d.$oid));
define(ObjectIdClass, "name", { value: "ObjectId" });
callable(ObjectIdClass, ["ObjectId", "ObjectID"]);

/** Numbers that keep their type: `text` is their decimal form. */
class NumberClass {
  constructor(text) {
    hidden(this, "text", text);
  }
  toString() {
    return this.text;
  }
  valueOf() {
    return Number(this.text);
  }
  toNumber() {
    return Number(this.text);
  }
  toJSON() {
    return Number(this.text);
  }
  equals(other) {
    return String(other) === this.text;
  }
}

function numberClass(key, name, aliases, textOf, shown) {
  const made = class extends NumberClass {
    constructor(value = 0) {
      super(textOf(value));
    }
    static fromString(text) {
      return new made(String(text));
    }
    static fromNumber(n) {
      return new made(n);
    }
  };
  define(made, "name", { value: name });
  method(made, extended, function () {
    return { [key]: this.text };
  });
  method(made, inspectAs, function () {
    return shown(this.text);
  });
  callable(made, [name, ...aliases]);
  return made;
}

function wholeNumber(value, low, high, name) {
  let big;
  try {
    big = typeof value === "number" ? BigInt(Math.trunc(value)) : BigInt(String(value).trim());
  } catch {
    throw new TypeError(`${name} takes a whole number, not ${inspect(value)}.`);
  }
  if (big < low || big > high) throw new RangeError(`${name} holds ${low} to ${high}, not ${big}.`);
  return String(big);
}

const LongClass = numberClass("$numberLong", "Long", ["NumberLong"],
  (v) => wholeNumber(v, -(2n ** 63n), 2n ** 63n - 1n, "NumberLong"), (text) => `Long('${text}')`);
method(LongClass, "toBigInt", function () {
  return BigInt(this.text);
});
numberClass("$numberInt", "Int32", ["NumberInt"],
  (v) => wholeNumber(v, -(2n ** 31n), 2n ** 31n - 1n, "NumberInt"), (text) => text);
numberClass("$numberDouble", "Double", [], (v) => {
  const n = Number(v);
  return Number.isInteger(n) && Math.abs(n) < 1e21 ? `${n}.0` : String(n);
}, (text) => text.replace(/\.0$/, ""));
const DecimalClass = numberClass("$numberDecimal", "Decimal128", ["NumberDecimal"], (v) => {
  const text = String(v).trim();
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$|^[+-]?(inf|infinity)$|^nan$/i.test(text)) {
    throw new TypeError(`${inspect(v)} is not a decimal number.`);
  }
  return text;
}, (text) => `Decimal128('${text}')`);
extend("$numberLong", (d) => new LongClass(d.$numberLong));
extend("$numberDecimal", (d) => new DecimalClass(d.$numberDecimal));

class BinaryClass {
  constructor(subType = 0, base64 = "") {
    const bytes = base64 instanceof Uint8Array ? base64 : fromBase64(base64);
    hidden(this, "bytes", bytes);
    hidden(this, "sub_type", Number(subType));
  }
  get buffer() {
    return this.bytes;
  }
  length() {
    return this.bytes.length;
  }
  base64() {
    return toBase64(this.bytes);
  }
  hex() {
    return toHex(this.bytes);
  }
  toString() {
    return this.sub_type === 4 ? uuidText(this.bytes) : toBase64(this.bytes);
  }
  toJSON() {
    return this.toString();
  }
}
method(BinaryClass, extended, function () {
  return { $binary: { base64: toBase64(this.bytes), subType: this.sub_type.toString(16).padStart(2, "0") } };
});
method(BinaryClass, inspectAs, function () {
  if (this.sub_type === 4 && this.bytes.length === 16) return `UUID('${uuidText(this.bytes)}')`;
  return `Binary.createFromBase64('${toBase64(this.bytes)}', ${this.sub_type})`;
});
define(BinaryClass, "name", { value: "Binary" });
define(BinaryClass, "createFromBase64", { value: (text, subType = 0) => new BinaryClass(subType, text) });
extend("$binary", (d) => new BinaryClass(parseInt(d.$binary.subType, 16), d.$binary.base64));
callable(BinaryClass, ["BinData", "Binary"]);
publish("HexData", (subType, text) => new BinaryClass(subType, fromHex(text)));
publish("MD5", (text) => new BinaryClass(5, fromHex(text)));

function uuidText(bytes) {
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

publish("UUID", function UUID(text) {
  if (text !== undefined && !/^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(text)) {
    throw new TypeError("A UUID is 32 hexadecimal digits, with or without dashes.");
  }
  if (text !== undefined) return new BinaryClass(4, fromHex(text.replaceAll("-", "")));
  const bytes = fromHex([random(), random(), random(), random()].map((n) => n.toString(16).padStart(8, "0")).join(""));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  return new BinaryClass(4, bytes);
});

class TimestampClass {
  constructor(t = 0, i = 0) {
    const given = t !== null && typeof t === "object" ? t : { t, i };
    hidden(this, "t", Number(given.t) >>> 0);
    hidden(this, "i", Number(given.i) >>> 0);
  }
  getHighBits() {
    return this.t;
  }
  getLowBits() {
    return this.i;
  }
  toString() {
    return `Timestamp(${this.t}, ${this.i})`;
  }
}
method(TimestampClass, extended, function () {
  return { $timestamp: { t: this.t, i: this.i } };
});
method(TimestampClass, inspectAs, function () {
  return `Timestamp({ t: ${this.t}, i: ${this.i} })`;
});
define(TimestampClass, "name", { value: "Timestamp" });
extend("$timestamp", (d) => new TimestampClass(d.$timestamp));
callable(TimestampClass, ["Timestamp"]);

function constantClass(key, name) {
  const made = class {};
  define(made, "name", { value: name });
  method(made, extended, () => ({ [key]: 1 }));
  method(made, inspectAs, () => `${name}()`);
  extend(key, () => new made());
  callable(made, [name]);
}
constantClass("$minKey", "MinKey");
constantClass("$maxKey", "MaxKey");

/** Old types that the shell only carries from the server and back. */
class OpaqueClass {
  constructor(data) {
    hidden(this, "data", data);
  }
}
method(OpaqueClass, extended, function () {
  return this.data;
});
method(OpaqueClass, inspectAs, function () {
  return toJson(this.data);
});
for (const key of ["$code", "$dbPointer"]) extend(key, (d) => new OpaqueClass(d));
extend("$symbol", (d) => d.$symbol);

publish("ISODate", function ISODate(text) {
  if (text === undefined) return new Date();
  const iso = typeof text === "string" ? text.replace(/^(\d{4})(\d\d)(\d\d)/, "$1-$2-$3").replace(/^([\d-]{10}) /, "$1T") : text;
  const date = new Date(typeof iso === "string" && /T\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(iso) ? `${iso}Z` : iso);
  if (Number.isNaN(date.getTime())) throw new TypeError(`${inspect(text)} is not a date in ISO form.`);
  return date;
});
publish("DBRef", function DBRef(collection, id, database) {
  return { $ref: collection, $id: id, ...(database ? { $db: database } : {}) };
});
publish("Code", function Code() {
  throw new TypeError("Code is switched off here: the server runs no JavaScript. Write the function in the script itself.");
});
