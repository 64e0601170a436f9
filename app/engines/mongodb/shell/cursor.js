// Cursors: a command that is sent when the first document is wanted, and documents that come in parts.
const cursorParts = Symbol("cursor");

class CursorClass {
  constructor(command) {
    hidden(this, "_command", command);
    hidden(this, "_id", undefined);
    hidden(this, "_buffer", []);
    hidden(this, "_at", 0);
    hidden(this, "_maps", []);
    hidden(this, "_started", false);
    hidden(this, "_explain", undefined);
  }
  get [cursorParts]() {
    return this;
  }
  _set(field, value) {
    if (this._started) throw new errorClasses.MongoError("This cursor has already begun; set options before reading from it.");
    this._command[field] = value;
    return this;
  }
  _fill() {
    if (this._at < this._buffer.length) return true;
    if (this._started && this._id === null) return false;
    const part = this._started ? ask("next", { cursor: this._id }) : ask("open", { command: plain(this._command) });
    this._started = true;
    this._id = part.cursor;
    this._buffer = part.documents;
    this._at = 0;
    return this._buffer.length > 0 || (this._id !== null && this._fill());
  }
  hasNext() {
    return this._fill();
  }
  next() {
    if (!this._fill()) return null;
    let document = revive(this._buffer[this._at]);
    this._buffer[this._at++] = undefined;
    for (const change of this._maps) document = change(document);
    return document;
  }
  tryNext() {
    return this.next();
  }
  *[Symbol.iterator]() {
    while (this._fill()) yield this.next();
  }
  async *[Symbol.asyncIterator]() {
    while (this._fill()) yield this.next();
  }
  toArray() {
    const all = [];
    while (this._fill()) all.push(this.next());
    return all;
  }
  forEach(visit) {
    while (this._fill()) if (visit(this.next()) === false) return;
  }
  map(change) {
    need(typeof change === "function", "map() takes a function.");
    this._maps.push(change);
    return this;
  }
  itcount() {
    let n = 0;
    for (; this._fill(); n++) this.next();
    return n;
  }
  objsLeftInBatch() {
    return this._buffer.length - this._at;
  }
  close() {
    if (typeof this._id === "string") ask("close", { cursor: this._id });
    this._id = null;
    this._started = true;
    this._buffer = [];
  }
  isClosed() {
    return this._started && this._id === null && this._at >= this._buffer.length;
  }
  isExhausted() {
    return this.isClosed();
  }
  explain(verbosity = "queryPlanner") {
    const level = verbosity === true ? "allPlansExecution" : verbosity === false ? "queryPlanner" : verbosity;
    return run({ explain: this._command, verbosity: level });
  }
  pretty() {
    return this;
  }
  hint(index) {
    return this._set("hint", index);
  }
  collation(collation) {
    return this._set("collation", collation);
  }
  maxTimeMS(ms) {
    return this._set("maxTimeMS", ms);
  }
  comment(text) {
    need(typeof text === "string" || isObject(text), "A comment is a text or a document.");
    return this;
  }
  allowDiskUse() {
    return this;
  }
  readConcern(level) {
    return this._set("readConcern", typeof level === "string" ? { level } : level);
  }
}

class FindCursorClass extends CursorClass {
  batchSize(n) {
    return this._set("batchSize", n);
  }
  filter(filter) {
    return this._set("filter", filter);
  }
  sort(by, direction) {
    if (typeof by === "string") return this._set("sort", { [by]: direction === "desc" || direction === -1 ? -1 : 1 });
    return this._set("sort", Array.isArray(by) ? Object.fromEntries(by) : by);
  }
  limit(n) {
    need(Number.isInteger(n), "limit() takes a whole number.");
    if (n < 0) this._set("singleBatch", true);
    return this._set("limit", Math.abs(n));
  }
  skip(n) {
    return this._set("skip", n);
  }
  projection(fields) {
    return this._set("projection", fields);
  }
  project(fields) {
    return this._set("projection", fields);
  }
  min(bound) {
    return this._set("min", bound);
  }
  max(bound) {
    return this._set("max", bound);
  }
  returnKey(on = true) {
    return this._set("returnKey", on);
  }
  showRecordId(on = true) {
    return this._set("showRecordId", on);
  }
  _count(fields) {
    return run({ count: this._command.find, query: this._command.filter ?? {}, ...pick(this._command, fields) }).n;
  }
  count() {
    return this._count(["hint", "collation"]);
  }
  size() {
    return this._count(["hint", "collation", "skip", "limit"]);
  }
}

class AggregationCursorClass extends CursorClass {
  batchSize(n) {
    return this._set("cursor", { batchSize: n });
  }
}

const QUIET = new Set(["then", "toJSON", "toBSON", "catch", "finally"]);

/** A cursor that names the near methods when one is asked for that it doesn't have. */
function guarded(cursor, what) {
  return new Proxy(cursor, {
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

const findCursor = (command) => guarded(new FindCursorClass(command), "A find cursor");
const aggregationCursor = (command) => guarded(new AggregationCursorClass(command), "An aggregation cursor");
