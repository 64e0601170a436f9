// A collection's methods. `_db` is its database, `_name` its name.
const FIND_OPTIONS = ["projection", "sort", "skip", "limit", "hint", "collation", "batchSize", "maxTimeMS", "let", "min", "max", "returnKey", "showRecordId", "readConcern", "allowPartialResults"];
const AGGREGATE_OPTIONS = ["hint", "collation", "maxTimeMS", "let", "bypassDocumentValidation", "readConcern", "writeConcern"];
const WRITE_OPTIONS = ["ordered", "writeConcern", "bypassDocumentValidation", "let", "maxTimeMS"];
const UPDATE_OPTIONS = ["upsert", "arrayFilters", "collation", "hint"];

function updateStatement(q, u, multi, options) {
  return { q: q ?? {}, u, multi, ...pick(options, UPDATE_OPTIONS) };
}

function deleteStatement(q, limit, options) {
  return { q: q ?? {}, limit, ...pick(options, ["collation", "hint"]) };
}

class CollectionClass {
  constructor(db, name) {
    this._db = db;
    this._name = name;
  }
  getName() {
    return this._name;
  }
  getFullName() {
    return `${this._db.getName()}.${this._name}`;
  }
  getDB() {
    return this._db;
  }
  get collectionName() {
    return this._name;
  }
  get namespace() {
    return this.getFullName();
  }

  /** The session to use: the one in the options, as the driver has it, or the one its database came from. */
  _in(options) {
    return options?.session ?? this._db._session;
  }
  _run(command, options) {
    return run(command, this._in(options));
  }
  getMongo() {
    return this._db.getMongo();
  }
  runCommand(command, options) {
    return this._run(typeof command === "string" ? { [command]: this._name, ...options } : command);
  }
  help() {
    return helpOf("collection", this.getFullName());
  }
  _options(projection, options) {
    return this._db._node ? projection : options;
  }

  _findCommand(filter, projection, options) {
    const given = this._db._node ? projection : { ...(projection ? { projection } : {}), ...options };
    const command = { find: this._name, filter: filter ?? {}, ...pick(given, FIND_OPTIONS) };
    if (command.limit < 0) Object.assign(command, { limit: -command.limit, singleBatch: true });
    return command;
  }
  find(filter, projection, options) {
    return findCursor(this._findCommand(filter, projection, options), this._in(this._options(projection, options)));
  }
  findOne(filter, projection, options) {
    const command = { ...this._findCommand(filter, projection, options), limit: 1, singleBatch: true };
    delete command.batchSize;
    return findCursor(command, this._in(this._options(projection, options))).next();
  }
  aggregate(pipeline = [], ...rest) {
    const stages = Array.isArray(pipeline) ? pipeline : [pipeline, ...rest];
    const options = Array.isArray(pipeline) ? rest[0] : undefined;
    const cursor = aggregationCursor({ aggregate: this._name, pipeline: stages, cursor: pick(options, ["batchSize"]), ...pick(options, AGGREGATE_OPTIONS) }, this._in(options));
    if (options?.explain) return cursor.explain(options.explain);
    const last = Object.keys(stages.at(-1) ?? {})[0];
    if (last === "$out" || last === "$merge") cursor.hasNext();
    return cursor;
  }
  countDocuments(filter, options) {
    const pipeline = [{ $match: filter ?? {} }];
    if (options?.skip) pipeline.push({ $skip: options.skip });
    if (options?.limit) pipeline.push({ $limit: options.limit });
    pipeline.push({ $group: { _id: 1, n: { $sum: 1 } } });
    return this.aggregate(pipeline, options).next()?.n ?? 0;
  }
  estimatedDocumentCount(options) {
    return this._run({ count: this._name, ...pick(options, ["maxTimeMS"]) }, options).n;
  }
  count(query, options) {
    return this._run({ count: this._name, query: query ?? {}, ...pick(options, ["skip", "limit", "hint", "collation", "maxTimeMS", "readConcern"]) }, options).n;
  }
  distinct(key, query, options) {
    return this._run({ distinct: this._name, key, query: query ?? {}, ...pick(options, ["collation", "maxTimeMS", "readConcern"]) }, options).values;
  }

  _write(kind, key, items, options) {
    return writeAll({ [kind]: this._name, ordered: true, ...pick(options, WRITE_OPTIONS) }, key, items, this._in(options));
  }
  insertOne(document, options) {
    ensureId(document);
    const reply = this._write("insert", "documents", [document], options);
    if (reply.writeErrors.length) throwWriteError("MongoServerError", reply.writeErrors);
    return acknowledged({ insertedId: document._id }, "1 document inserted");
  }
  insertMany(documents, options) {
    need(Array.isArray(documents) && documents.length > 0, "insertMany() takes an array of at least one document.");
    documents.forEach(ensureId);
    const reply = this._write("insert", "documents", documents, options);
    if (reply.writeErrors.length) throwWriteError("MongoBulkWriteError", reply.writeErrors, { insertedCount: reply.n });
    return acknowledged({ insertedIds: { ...documents.map((d) => d._id) } }, `${counted(reply.n, "document")} inserted`);
  }
  insert(documents, options) {
    return Array.isArray(documents) ? this.insertMany(documents, options) : this.insertMany([documents], options);
  }
  _update(filter, update, multi, options) {
    const reply = this._write("update", "updates", [updateStatement(filter, update, multi, options)], options);
    if (reply.writeErrors.length) throwWriteError("MongoServerError", reply.writeErrors);
    const [upserted] = reply.upserted;
    const matchedCount = reply.n - reply.upserted.length;
    const fields = { insertedId: upserted ? upserted._id : null, matchedCount, modifiedCount: reply.nModified, upsertedCount: reply.upserted.length };
    const line = upserted ? "no document matched, 1 inserted" : `${counted(matchedCount, "document")} matched, ${reply.nModified} modified`;
    return acknowledged(fields, line);
  }
  updateOne(filter, update, options) {
    need(isPipelineOrOperators(update), "An update is made of operators such as $set, or is a pipeline; replaceOne() replaces a document.");
    return this._update(filter, update, false, options);
  }
  updateMany(filter, update, options) {
    need(isPipelineOrOperators(update), "An update is made of operators such as $set, or is a pipeline.");
    return this._update(filter, update, true, options);
  }
  update(filter, update, options) {
    return this._update(filter, update, options?.multi === true, options);
  }
  replaceOne(filter, document, options) {
    need(isObject(document) && !Object.keys(document).some((k) => k[0] === "$"), "A replacement is a whole document, without operators such as $set.");
    return this._update(filter, document, false, options);
  }
  _delete(filter, limit, options) {
    need(isObject(filter), "Deleting takes a filter; {} means every document.");
    const reply = this._write("delete", "deletes", [deleteStatement(filter, limit, options)], options);
    if (reply.writeErrors.length) throwWriteError("MongoServerError", reply.writeErrors);
    return acknowledged({ deletedCount: reply.n }, `${counted(reply.n, "document")} deleted`);
  }
  deleteOne(filter, options) {
    return this._delete(filter, 1, options);
  }
  deleteMany(filter, options) {
    return this._delete(filter, 0, options);
  }
  remove(filter, options) {
    return this._delete(filter, options === true || options?.justOne ? 1 : 0, isObject(options) ? options : {});
  }
  bulkWrite(operations, options) {
    return bulkWrite(this, operations, options);
  }

  findAndModify(options) {
    need(isObject(options), "findAndModify() takes one document: {query, update or remove, sort, new, ...}.");
    const { query, session, ...rest } = options;
    return this._run({ findAndModify: this._name, query: query ?? {}, ...rest }, options).value ?? null;
  }
  save(document, options) {
    if (document?._id === undefined) return this.insertOne(document, options);
    return this.replaceOne({ _id: document._id }, document, { ...options, upsert: true });
  }
  _findOneAnd(filter, change, options) {
    const fresh = options?.returnDocument === "after" || options?.returnNewDocument === true || options?.new === true;
    const command = { findAndModify: this._name, query: filter ?? {}, ...change, ...pick(options, ["sort", "upsert", "arrayFilters", "collation", "hint", "maxTimeMS", "let", "bypassDocumentValidation", "writeConcern"]) };
    if (options?.projection) command.fields = options.projection;
    if (fresh) command.new = true;
    const reply = this._run(command, options);
    return options?.includeResultMetadata ? reply : (reply.value ?? null);
  }
  findOneAndUpdate(filter, update, options) {
    need(isPipelineOrOperators(update), "An update is made of operators such as $set, or is a pipeline.");
    return this._findOneAnd(filter, { update }, options);
  }
  findOneAndReplace(filter, document, options) {
    need(isObject(document) && !Object.keys(document).some((k) => k[0] === "$"), "A replacement is a whole document.");
    return this._findOneAnd(filter, { update: document }, options);
  }
  findOneAndDelete(filter, options) {
    return this._findOneAnd(filter, { remove: true }, options);
  }
}
