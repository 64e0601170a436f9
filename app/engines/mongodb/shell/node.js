// The Node driver's names: require('mongodb'), new MongoClient(uri), client.db(name).
class MongoClient {
  constructor(address) {
    if (address !== undefined) need(typeof address === "string", "A MongoClient takes a connection string; `uri` is one.");
  }
  static async connect(address) {
    return clientOf(address);
  }
  async connect() {
    return clientOf();
  }
  db(name) {
    return name === undefined ? databaseOf(undefined, true) : databaseNamed(name, true);
  }
  async close() {}
  getDB(name) {
    return databaseNamed(name, false);
  }
  getDBNames() {
    return [ask("name", {})];
  }
  getDBs() {
    return run({ listDatabases: 1 });
  }
  getURI() {
    return globalThis.uri;
  }
  startSession(options) {
    return startSession(options);
  }
  /** The session ends with `body`, which may be asynchronous. */
  withSession(options, body) {
    const [settings, work] = typeof options === "function" ? [undefined, options] : [options, body];
    const session = startSession(settings);
    const ended = (value) => (session.endSession(), value);
    const failed = (error) => {
      session.endSession();
      throw error;
    };
    try {
      const value = work(session);
      return value instanceof Promise ? value.then(ended, failed) : ended(value);
    } catch (error) {
      return failed(error);
    }
  }
  getReadPrefMode() {
    return "primary";
  }
  setReadPref(mode) {
    readPreference(mode);
  }
  help() {
    return helpOf("client", "A client");
  }
}
refuse(MongoClient, [
  ["watch", "It would show the changes of every sandbox: db.watch() shows those of yours."],
  ["setReadConcern setWriteConcern getReadConcern getWriteConcern", "Give the concern to the one operation: it is an option of reads, writes and startTransaction()."],
  ["getClientEncryption getKeyVault setAutoEncryption getAutoEncryptionOptions", "There are no keys here to encrypt with."],
]);

function clientOf(address) {
  const client = new MongoClient(address);
  hidden(client, inspectAs, () => globalThis.uri);
  return guarded(client, "The client");
}

const clientMaker = new Proxy(MongoClient, { construct: (_, [address]) => clientOf(address) });
const driver = { MongoClient: clientMaker };
for (const name of ["ObjectId", "Long", "Int32", "Double", "Decimal128", "Binary", "UUID", "Timestamp", "MinKey", "MaxKey", "DBRef", "MongoError", "MongoServerError", "MongoBulkWriteError"]) {
  driver[name] = globalThis[name];
}
Object.freeze(driver);

publish("require", function require(name) {
  if (name === "mongodb") return driver;
  throw new Error(`Cannot find module ${inspect(name)}: 'mongodb' is the only one here.`);
});
publish("MongoClient", clientMaker);
publish("Mongo", clientMaker);
publish("uri", "mongodb://sandbox/");
publish("process", { env: { MONGODB_URI: "mongodb://sandbox/" }, exit() {}, version: "" });
