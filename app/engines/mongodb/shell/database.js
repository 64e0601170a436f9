// The sandbox's one database. Whatever has no method's name is a collection.
const collectionPart = Symbol("collection");
const databasePart = Symbol("database");
method(FullCollectionClass, "watch", () => run({ watch: 1 }));
const COLLECTION_METHODS = methodsOf(FullCollectionClass);
const OTHER_DATABASES = /^(admin|local|config|sbx_.*)$/;

function collectionOf(db, name) {
  need(typeof name === "string" && name !== "" && !name.includes("\0"), "A collection's name is a text.");
  const collection = new FullCollectionClass(db, name);
  hidden(collection, inspectAs, () => collection.getFullName());
  const methods = new Set(COLLECTION_METHODS);
  return new Proxy(() => undefined, {
    get(_, key) {
      if (key === collectionPart) return collection;
      if (typeof key === "symbol" || key[0] === "_") return collection[key];
      if (QUIET.has(key)) return undefined;
      if (key === "toString" || key === "valueOf") return () => collection.getFullName();
      if (!methods.has(key)) return collectionOf(db, `${name}.${key}`);
      const value = collection[key];
      return typeof value === "function" ? value.bind(collection) : value;
    },
    apply: () => noSuchMethod(db, name),
    set: () => raise({ name: "TypeError", message: "A collection is not an object to set properties of; insert documents into it." }),
    ownKeys: () => [],
  });
}

/** `db.users.fnd()` calls the collection `users.fnd`, and `db.getCollectionName()` the collection of that name. */
function noSuchMethod(db, name) {
  const dot = name.lastIndexOf(".");
  if (dot < 0) return noSuch("The database", name, methodsOf(DatabaseClass));
  return noSuch(`The collection ${name.slice(0, dot)}`, name.slice(dot + 1), COLLECTION_METHODS);
}

class DatabaseClass {
  constructor(name, node = false) {
    this._given = name;
    this._node = node;
  }
  getName() {
    return this._given ?? ask("name", {});
  }
  get databaseName() {
    return this.getName();
  }
  getCollection(name) {
    return collectionOf(this, name);
  }
  collection(name) {
    return collectionOf(this, name);
  }
  getSiblingDB(name) {
    return databaseNamed(name, this._node);
  }
  listCollections(filter = {}) {
    return aggregationCursor({ listCollections: 1, filter, cursor: {} });
  }
  getCollectionInfos(filter = {}) {
    return this.listCollections(typeof filter === "string" ? { name: filter } : filter).toArray();
  }
  getCollectionNames() {
    return aggregationCursor({ listCollections: 1, nameOnly: true, cursor: {} }).toArray().map((info) => info.name).sort();
  }
  createCollection(name, options) {
    const { writeConcern, ...rest } = options ?? {};
    const reply = run({ create: name, ...rest });
    return this._node ? this.collection(name) : hidden(reply, statusLine, `collection ${name} created`);
  }
  createView(name, source, pipeline = [], options) {
    const reply = run({ create: name, viewOn: source, pipeline, ...pick(options, ["collation"]) });
    return hidden(reply, statusLine, `view ${name} created`);
  }
  aggregate(pipeline = [], options) {
    return aggregationCursor({ aggregate: 1, pipeline, cursor: pick(options, ["batchSize"]), ...pick(options, AGGREGATE_OPTIONS) });
  }
  runCommand(command, value = 1) {
    return run(typeof command === "string" ? { [command]: value } : command);
  }
  command(command) {
    return this.runCommand(command);
  }
  adminCommand(command) {
    return this.runCommand(command);
  }
  dropCollection(name) {
    return this.getCollection(name).drop();
  }
  dropDatabase() {
    const { dropped } = ask("dropDatabase", {});
    return hidden({ ok: 1, dropped: this.getName() }, statusLine, `${counted(dropped, "collection")} dropped`);
  }
  stats(scale) {
    return run({ dbStats: 1, ...(scale ? { scale: isObject(scale) ? scale.scale : scale } : {}) });
  }
  version() {
    return run({ buildInfo: 1 }).version;
  }
  serverBuildInfo() {
    return run({ buildInfo: 1 });
  }
  getProfilingStatus() {
    return run({ profile: -1 });
  }
  setProfilingLevel(level, options) {
    return run({ profile: level, ...(isObject(options) ? pick(options, ["slowms", "sampleRate", "filter"]) : options ? { slowms: options } : {}) });
  }
  getMongo() {
    return clientOf();
  }
}

// These exist in a shell and not here: the command itself says why.
for (const name of ["createUser", "dropUser", "createRole", "grantRolesToUser", "auth", "currentOp", "killOp", "serverStatus", "hostInfo", "shutdownServer", "fsyncLock", "hello", "watch"]) {
  method(DatabaseClass, name, (value) => run({ [name === "shutdownServer" ? "shutdown" : name]: value ?? 1 }));
}
const DATABASE_METHODS = new Set(methodsOf(DatabaseClass));

function databaseOf(name, node) {
  const database = new DatabaseClass(name, node);
  hidden(database, inspectAs, () => database.getName());
  return new Proxy(database, {
    get(target, key) {
      if (key === databasePart) return target;
      if (typeof key === "symbol" || key[0] === "_") return target[key];
      if (QUIET.has(key)) return undefined;
      if (key === "toString" || key === "valueOf") return () => target.getName();
      if (!DATABASE_METHODS.has(key)) return collectionOf(target, key);
      const value = target[key];
      return typeof value === "function" ? value.bind(target) : value;
    },
    set: () => raise({ name: "TypeError", message: "db.name = ... sets nothing; insert documents into db.name." }),
    ownKeys: () => [],
  });
}

/** A database by name: always the sandbox's own, and the app says so once. */
function databaseNamed(name, node) {
  need(typeof name === "string" && name !== "", "A database's name is a text.");
  ask("use", { name });
  return databaseOf(name, node);
}
publish("db", databaseOf(undefined, false));
