// The sandbox's one database. Whatever has no method's name is a collection.
const collectionPart = Symbol("collection");
const databasePart = Symbol("database");
const COLLECTION_METHODS = methodsOf(FullCollectionClass);
const COLLECTION_NAMES = new Set(methodsOf(FullCollectionClass, true));
const OTHER_DATABASES = /^(admin|local|config|sbx_.*)$/;

function collectionOf(db, name) {
  need(typeof name === "string" && name !== "" && !name.includes("\0"), "A collection's name is a text.");
  const collection = new FullCollectionClass(db, name);
  hidden(collection, inspectAs, () => collection.getFullName());
  return new Proxy(() => undefined, {
    get(_, key) {
      if (key === collectionPart) return collection;
      if (typeof key === "symbol" || key[0] === "_") return collection[key];
      if (QUIET.has(key)) return undefined;
      if (key === "toString" || key === "valueOf") return () => collection.getFullName();
      if (!COLLECTION_NAMES.has(key)) return collectionOf(db, `${name}.${key}`);
      const value = collection[key];
      if (typeof value !== "function") return value;
      return db._node ? (...values) => promised(value.apply(collection, values)) : value.bind(collection);
    },
    apply: () => noSuchMethod(db, name),
    set: () => raise({ name: "TypeError", message: "A collection is not an object to set properties of; insert documents into it." }),
    ownKeys: () => [],
  });
}

/** What a collection of the driver's gives: a cursor stays one. */
function promised(value) {
  if (value?.[cursorParts]) hidden(value[cursorParts], "_promises", true);
  return value?.[cursorParts] || value?.[extended] || value?.[collectionPart] ? value : promising(value);
}

/** `db.users.fnd()` calls the collection `users.fnd`, and `db.getCollectionName()` the collection of that name. */
function noSuchMethod(db, name) {
  const dot = name.lastIndexOf(".");
  if (dot < 0) return noSuch("The database", name, methodsOf(DatabaseClass));
  return noSuch(`The collection ${name.slice(0, dot)}`, name.slice(dot + 1), COLLECTION_METHODS);
}

class DatabaseClass {
  constructor(name, node = false, session = undefined) {
    this._given = name;
    this._node = node;
    this._session = session;
  }
  _run(command) {
    return run(command, this._session);
  }
  getSession() {
    return this._session;
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
    const { writeConcern, session, ...rest } = options ?? {};
    const reply = run({ create: name, ...rest }, session ?? this._session);
    return this._node ? this.collection(name) : hidden(reply, statusLine, `collection ${name} created`);
  }
  createView(name, source, pipeline = [], options) {
    const reply = this._run({ create: name, viewOn: source, pipeline, ...pick(options, ["collation"]) });
    return hidden(reply, statusLine, `view ${name} created`);
  }
  aggregate(pipeline = [], options) {
    return aggregationCursor({ aggregate: 1, pipeline, cursor: pick(options, ["batchSize"]), ...pick(options, AGGREGATE_OPTIONS) }, options?.session ?? this._session);
  }
  watch(pipeline, options) {
    return watch(1, pipeline, options, options?.session ?? this._session);
  }
  collections() {
    return this.getCollectionNames().map((name) => this.getCollection(name));
  }
  runCommand(command, value = 1) {
    return this._run(typeof command === "string" ? { [command]: value } : command);
  }
  command(command) {
    return this.runCommand(command);
  }
  admin() {
    return this;
  }
  ping() {
    return this._run({ ping: 1 });
  }
  listDatabases() {
    return this._run({ listDatabases: 1 });
  }
  listCommands() {
    return this._run({ listCommands: 1 });
  }
  renameCollection(from, to, options) {
    return this.getCollection(from).renameCollection(to, options?.dropTarget);
  }
  indexInformation(name) {
    return this.getCollection(name).indexInformation();
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
    return this._run({ dbStats: 1, ...(scale ? { scale: isObject(scale) ? scale.scale : scale } : {}) });
  }
  version() {
    return this._run({ buildInfo: 1 }).version;
  }
  serverBuildInfo() {
    return this._run({ buildInfo: 1 });
  }
  getProfilingStatus() {
    return this._run({ profile: -1 });
  }
  setProfilingLevel(level, options) {
    return this._run({ profile: level, ...(isObject(options) ? pick(options, ["slowms", "sampleRate", "filter"]) : options ? { slowms: options } : {}) });
  }
  getMongo() {
    return clientOf();
  }
  hello() {
    return this._run({ hello: 1 });
  }
  isMaster() {
    return this._run({ isMaster: 1 });
  }
  currentOp() {
    return this._run({ currentOp: 1 });
  }
  killOp(op) {
    return this._run({ killOp: 1, op });
  }
  serverBits() {
    return 64;
  }
  printCollectionStats() {
    for (const name of this.getCollectionNames().filter((n) => !n.startsWith("system."))) printjson({ [name]: this.getCollection(name).stats() });
  }
  help() {
    return helpOf("database", "The database");
  }

  auth(user, password) {
    const given = isObject(user) ? user : { user, pwd: password };
    return ask("auth", { user: String(given.user), password: String(given.pwd) });
  }
  logout() {
    return ask("logout", {});
  }
  getUsers() {
    return this._run({ usersInfo: 1 });
  }
  getUser(name) {
    return this._run({ usersInfo: name }).users[0] ?? null;
  }
  getRoles() {
    return this._run({ rolesInfo: 1 }).roles;
  }
  getRole(name) {
    return this._run({ rolesInfo: name }).roles[0] ?? null;
  }
  grantPrivilegesToRole(role, privileges) {
    return this._run({ grantPrivilegesToRole: role, privileges });
  }
  revokePrivilegesFromRole(role, privileges) {
    return this._run({ revokePrivilegesFromRole: role, privileges });
  }
}
// These exist in mongosh; each says why it does not here.
const READY_USERS = "A sandbox has two ready users beside you, reader and writer: db.auth('reader', 'reader'); grantPrivilegesToRole() changes what they may.";
refuse(DatabaseClass, [
  ["createUser updateUser changeUserPassword removeUser dropUser dropAllUsers createRole updateRole dropRole dropAllRoles grantRolesToUser revokeRolesFromUser grantRolesToRole revokeRolesFromRole", READY_USERS],
  ["serverStatus hostInfo serverCmdLineOpts getLogComponents setLogLevel shutdownServer fsyncLock fsyncUnlock rotateCertificates", "The server is shared; this is its operator's."],
  ["getReplicationInfo printReplicationInfo printSecondaryReplicationInfo printSlaveReplicationInfo", "The oplog holds the writes of every sandbox; rs.status() shows the replica set."],
  ["printShardingStatus checkMetadataConsistency", "The sandbox is not on a sharded cluster."],
  ["createEncryptedCollection", "Queryable encryption needs collections of its own beside each collection."],
  ["getLastError getLastErrorObj", "MongoDB 6.0 has them no more: every write says by itself how it went."],
  ["cloneDatabase cloneCollection copyDatabase", "MongoDB 6.0 has them no more: use $out or $merge."],
  ["enableFreeMonitoring disableFreeMonitoring getFreeMonitoringStatus", "Free monitoring has ended."],
  ["setSecondaryOk setSlaveOk", "The replica set has one member."],
  ["eval", "The server runs no JavaScript; this script does."],
  ["sql", "It belongs to Atlas."],
  ["commandHelp", "`help`, db.help() and db.collection.help() say what there is."],
]);
const DATABASE_METHODS = new Set(methodsOf(DatabaseClass, true));

function databaseOf(name, node, session) {
  const database = new DatabaseClass(name, node, session);
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

class ReplicaSetClass {
  status() {
    return run({ replSetGetStatus: 1 });
  }
  conf() {
    return run({ replSetGetConfig: 1 }).config;
  }
  config() {
    return this.conf();
  }
  hello() {
    return run({ hello: 1 });
  }
  isMaster() {
    return run({ isMaster: 1 });
  }
  help() {
    return helpOf("rs", "The replica set");
  }
}
refuse(ReplicaSetClass, [
  ["initiate reconfig reconfigForPSASet add addArb remove stepDown freeze syncFrom secondaryOk slaveOk printReplicationInfo printSecondaryReplicationInfo", "The replica set is shared by all sandboxes; it can be looked at, not changed."],
]);
publish("rs", guarded(new ReplicaSetClass(), "The replica set"));
const sharding = { get: (_, key) => (typeof key === "symbol" || QUIET.has(key) ? undefined : () => ask("refuse", { name: `sh.${key}`, reason: "The sandbox is not on a sharded cluster." })) };
publish("sh", new Proxy({}, sharding));
