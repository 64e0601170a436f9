// Cursors: a command that is sent when the first document is wanted, and documents that come in parts.
const cursorParts = Symbol("cursor");
const MongoServerSelectionError = errorClass("MongoServerSelectionError", errorClasses.MongoError);

class CursorClass {
  constructor(command, session) {
    hidden(this, "_command", command);
    hidden(this, "_session", session);
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
  _request() {
    return { command: plain(this._command), ...(this._session && { session: this._session._key }) };
  }
  _fill() {
    if (this._at < this._buffer.length) return true;
    if (this._started && this._id === null) return false;
    const part = this._started ? ask("next", { cursor: this._id }) : ask("open", this._request());
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
    return this._promises ? promising(all) : all;
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
    return run({ explain: this._command, verbosity: level }, this._session);
  }
  bufferedCount() {
    return this.objsLeftInBatch();
  }
  readBufferedDocuments(n = Infinity) {
    const documents = [];
    while (documents.length < n && this._at < this._buffer.length) documents.push(this.next());
    return documents;
  }
  clone() {
    return guarded(new this.constructor({ ...this._command }, this._session), "The cursor");
  }
  rewind() {
    this.close();
    hidden(this, "_started", false);
    this._id = undefined;
    this._at = 0;
    return this;
  }
  getReadConcern() {
    return this._command.readConcern;
  }
  readPref(mode) {
    readPreference(mode);
    return this;
  }
  help() {
    return helpOf("cursor", "A cursor");
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

const READ_PREFERENCES = ["primary", "primaryPreferred", "secondary", "secondaryPreferred", "nearest"];

/** The sandbox's replica set has one member, so that there is nothing to choose from; a wrong word is still one. */
function readPreference(mode) {
  const name = typeof mode === "string" ? mode : mode?.mode;
  need(READ_PREFERENCES.includes(name), `A read preference is one of ${READ_PREFERENCES.join(", ")}.`);
  if (name === "secondary") throw new MongoServerSelectionError("The replica set of this sandbox has one member, its primary: there is no secondary to read from.");
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
  allowPartialResults(on = true) {
    return this._set("allowPartialResults", on);
  }
  noCursorTimeout() {
    return this;
  }
  _count(fields) {
    return run({ count: this._command.find, query: this._command.filter ?? {}, ...pick(this._command, fields) }, this._session).n;
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
  addStage(stage) {
    return this._set("pipeline", [...(this._command.pipeline ?? []), stage]);
  }
  /** Ours: what is left after each stage, as the page's Stages button shows it. */
  stages() {
    need(this._command.aggregate !== undefined, "stages() is for aggregate().");
    return { [stagesPart]: this._request() };
  }
}
const stagesPart = Symbol("stages");
// The driver's shorthands add a stage.
for (const [name, stage] of [["match", "$match"], ["group", "$group"], ["sort", "$sort"], ["limit", "$limit"], ["skip", "$skip"], ["project", "$project"], ["projection", "$project"], ["unwind", "$unwind"], ["lookup", "$lookup"], ["out", "$out"]]) {
  method(AggregationCursorClass, name, function (value) {
    return this.addStage({ [stage]: value });
  });
}
refuse(CursorClass, [
  ["maxAwaitTimeMS", "It is for cursors that wait: give it to watch() as an option."],
  ["tailable oplogReplay addOption addCursorFlag", "A cursor that waits for more is watch() here."],
  ["stream pipe on", "There are no events here: use for...of, forEach() or toArray()."],
]);

const findCursor = (command, session) => guarded(new FindCursorClass(command, session), "A find cursor");
const aggregationCursor = (command, session) => guarded(new AggregationCursorClass(command, session), "An aggregation cursor");
