// Sessions and transactions: a session is a number here; the app holds the real one.
const RETRY_MS = 2_000;

class SessionClass {
  constructor(options) {
    hidden(this, "_key", ask("startSession", {}));
    hidden(this, "_options", options ?? {});
    hidden(this, "_open", false);
    hidden(this, "hasEnded", false);
  }
  getDatabase(name) {
    need(typeof name === "string" && name !== "", "A database's name is a text.");
    ask("use", { name, quiet: true });
    return databaseOf(name, false, this);
  }
  getDatabaseName() {
    return ask("name", {});
  }
  getOptions() {
    return this._options;
  }
  get id() {
    return { id: this._key };
  }
  inTransaction() {
    return this._open;
  }
  startTransaction(options) {
    const { readConcern, writeConcern, readPreference: preference, maxCommitTimeMS } = { ...this._options.defaultTransactionOptions, ...options };
    if (preference !== undefined) readPreference(preference);
    const concern = typeof readConcern === "string" ? { level: readConcern } : readConcern;
    ask("startTransaction", { session: this._key, readConcern: plain(concern), writeConcern: plain(writeConcern), maxCommitTimeMS: plain(maxCommitTimeMS) });
    this._open = true;
  }
  commitTransaction() {
    ask("commitTransaction", { session: this._key });
    this._open = false;
  }
  abortTransaction() {
    this._open = false;
    ask("abortTransaction", { session: this._key });
  }
  endSession() {
    if (this.hasEnded) return;
    ask("endSession", { session: this._key });
    hidden(this, "hasEnded", true);
    this._open = false;
  }
  /** Commits what `body` did; begins anew after what the server calls transient. `body` may be asynchronous. */
  withTransaction(body, options) {
    const until = Date.now() + RETRY_MS;
    const again = (error) => Date.now() < until && error?.errorLabels?.includes("TransientTransactionError");
    const failed = (error) => {
      if (this._open) this.abortTransaction();
      if (!again(error)) throw error;
      return attempt();
    };
    const commit = (value) => {
      try {
        if (this._open) this.commitTransaction();
        return value;
      } catch (error) {
        return failed(error);
      }
    };
    const attempt = () => {
      this.startTransaction(options);
      let value;
      try {
        value = body(this);
      } catch (error) {
        return failed(error);
      }
      return value instanceof Promise ? value.then(commit, failed) : commit(value);
    };
    return attempt();
  }
  help() {
    return helpOf("session", "A session");
  }
}
refuse(SessionClass, [
  ["advanceClusterTime advanceOperationTime getClusterTime getOperationTime", "Causal consistency is given: one server answers everything."],
]);

function startSession(options) {
  const session = new SessionClass(options);
  hidden(session, inspectAs, () => `Session(${session._key})`);
  return guarded(session, "A session");
}
