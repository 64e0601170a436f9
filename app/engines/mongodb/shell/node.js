// The Node driver's names: require('mongodb'), new MongoClient(uri), client.db(name).
const CLIENT_METHODS = ["connect", "db", "close", "getDB", "getDBNames"];

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
}

function clientOf(address) {
  return new Proxy(new MongoClient(address), {
    get(target, key) {
      if (key in target || typeof key === "symbol" || QUIET.has(key)) return target[key];
      return noSuch("The client", key, CLIENT_METHODS);
    },
  });
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
