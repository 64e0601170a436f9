// Change streams: opened by watch(), read by next(); at the top level the app shows them live.
const streamPart = Symbol("change stream");
const CHANGE_OPTIONS = ["fullDocument", "fullDocumentBeforeChange", "resumeAfter", "startAfter", "startAtOperationTime", "showExpandedEvents"];
const SHORT_WAIT_MS = 100;

class ChangeStreamClass extends CursorClass {
  constructor(command, session, waitMs) {
    super(command, session);
    hidden(this, "_wait", waitMs ?? SHORT_WAIT_MS);
    hidden(this, "_token", undefined);
    this._take(ask("watch", this._request()));
  }
  get [streamPart]() {
    return this._id;
  }
  _take(part) {
    this._started = true;
    this._id = part.cursor;
    this._token = part.token;
    this._buffer = part.documents;
    this._at = 0;
  }
  _ready(waitMs) {
    if (this._at < this._buffer.length) return true;
    if (this._id === null) return false;
    this._take(ask("poll", { cursor: this._id, ms: waitMs }));
    return this._buffer.length > 0;
  }
  /** Waits for the next change; only the run's time limit ends that. */
  _fill() {
    while (this._id !== null || this._at < this._buffer.length) if (this._ready(1000)) return true;
    return false;
  }
  tryNext() {
    return this._ready(this._wait) ? super.next() : null;
  }
  next() {
    if (this._fill()) return super.next();
    throw new errorClasses.MongoError("This change stream is closed.");
  }
  /** What has come until now. */
  toArray() {
    const changes = [];
    for (let change; (change = this.tryNext()) !== null; ) changes.push(change);
    return changes;
  }
  itcount() {
    return this.toArray().length;
  }
  getResumeToken() {
    return revive(this._token);
  }
  get resumeToken() {
    return this.getResumeToken();
  }
  isExhausted() {
    return this.isClosed();
  }
  help() {
    return helpOf("changeStream", "A change stream");
  }
}
refuse(ChangeStreamClass, [
  ["on stream", "There are no events here: use tryNext(), or db.collection.watch() as a statement of its own, which shows changes as they come."],
]);

function watch(name, pipeline, options, session) {
  const stages = Array.isArray(pipeline) ? pipeline : [];
  const given = Array.isArray(pipeline) ? options : (pipeline ?? options);
  const command = { aggregate: name, pipeline: [{ $changeStream: pick(given, CHANGE_OPTIONS) }, ...stages], cursor: pick(given, ["batchSize"]), ...pick(given, ["collation"]) };
  return guarded(new ChangeStreamClass(command, session, given?.maxAwaitTimeMS), "A change stream");
}

method(FullCollectionClass, "watch", function (pipeline, options) {
  return watch(this._name, pipeline, options, this._in(options));
});
