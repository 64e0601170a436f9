// Many writes in one call: bulkWrite(), and the older builders that end in execute().
function bulkWrite(collection, operations, options) {
  need(Array.isArray(operations) && operations.length > 0, "bulkWrite() takes an array of at least one operation.");
  const result = { insertedCount: 0, insertedIds: {}, matchedCount: 0, modifiedCount: 0, deletedCount: 0, upsertedCount: 0, upsertedIds: {} };
  const errors = [];
  const steps = operations.map((operation, at) => bulkStep(operation, at, result));
  for (let from = 0; from < steps.length; ) {
    let to = from + 1;
    while (to < steps.length && steps[to].kind === steps[from].kind) to++;
    const { kind, key } = steps[from];
    const reply = collection._write(kind, key, steps.slice(from, to).map((s) => s.item), options);
    const base = from;
    if (kind === "insert") result.insertedCount += reply.n;
    if (kind === "delete") result.deletedCount += reply.n;
    if (kind === "update") {
      result.matchedCount += reply.n - reply.upserted.length;
      result.modifiedCount += reply.nModified;
      result.upsertedCount += reply.upserted.length;
      for (const entry of reply.upserted) result.upsertedIds[entry.index + base] = entry._id;
    }
    errors.push(...reply.writeErrors.map((e) => ({ ...e, index: e.index + base })));
    if (errors.length && options?.ordered !== false) break;
    from = to;
  }
  if (errors.length) throwWriteError("MongoBulkWriteError", errors, result);
  const parts = [[result.insertedCount, "inserted"], [result.matchedCount, "matched"], [result.modifiedCount, "modified"], [result.upsertedCount, "upserted"], [result.deletedCount, "deleted"]];
  return acknowledged(result, parts.filter(([n]) => n).map(([n, word]) => `${n} ${word}`).join(", ") || "nothing changed");
}

function bulkStep(operation, at, result) {
  const [name] = Object.keys(operation ?? {});
  const given = operation?.[name] ?? {};
  switch (name) {
    case "insertOne": {
      const document = ensureId(given.document ?? given);
      result.insertedIds[at] = document._id;
      return { kind: "insert", key: "documents", item: document };
    }
    case "updateOne":
    case "updateMany":
      need(isPipelineOrOperators(given.update), `Operation ${at}: an update is made of operators such as $set, or is a pipeline.`);
      return { kind: "update", key: "updates", item: updateStatement(given.filter, given.update, name === "updateMany", given) };
    case "replaceOne":
      return { kind: "update", key: "updates", item: updateStatement(given.filter, given.replacement, false, given) };
    case "deleteOne":
    case "deleteMany":
      return { kind: "delete", key: "deletes", item: deleteStatement(given.filter, name === "deleteOne" ? 1 : 0, given) };
    default:
      throw new MongoInvalidArgumentError(`Operation ${at} of bulkWrite() is ${name}; it is one of insertOne, updateOne, updateMany, replaceOne, deleteOne, deleteMany.`);
  }
}

/** `find(...)` of a bulk: what is to be done with the documents that match. */
class BulkFindClass {
  constructor(bulk, filter) {
    hidden(this, "_bulk", bulk);
    hidden(this, "_given", { filter });
  }
  _set(field, value) {
    this._given[field] = value;
    return this;
  }
  _add(kind, fields) {
    this._bulk._operations.push({ [kind]: { ...this._given, ...fields } });
    return guarded(this._bulk, "A bulk");
  }
  upsert() {
    return this._set("upsert", true);
  }
  arrayFilters(filters) {
    return this._set("arrayFilters", filters);
  }
  collation(collation) {
    return this._set("collation", collation);
  }
  hint(index) {
    return this._set("hint", index);
  }
  update(update) {
    return this._add("updateMany", { update });
  }
  updateOne(update) {
    return this._add("updateOne", { update });
  }
  replaceOne(replacement) {
    return this._add("replaceOne", { replacement });
  }
  delete() {
    return this._add("deleteMany", {});
  }
  deleteOne() {
    return this._add("deleteOne", {});
  }
  remove() {
    return this.delete();
  }
  removeOne() {
    return this.deleteOne();
  }
}

class BulkClass {
  constructor(collection, ordered) {
    hidden(this, "_collection", collection);
    hidden(this, "_ordered", ordered);
    hidden(this, "_operations", []);
    hidden(this, "_done", false);
  }
  insert(document) {
    this._operations.push({ insertOne: { document } });
    return this;
  }
  find(filter) {
    need(isObject(filter), "find() of a bulk takes a filter.");
    return guarded(new BulkFindClass(this, filter), "find() of a bulk");
  }
  execute(writeConcern) {
    need(!this._done, "This bulk was executed before; begin a new one.");
    hidden(this, "_done", true);
    return bulkWrite(this._collection, this._operations, { ordered: this._ordered, ...(writeConcern && { writeConcern }) });
  }
  getOperations() {
    return this._operations;
  }
  tojson() {
    const count = (...kinds) => this._operations.filter((operation) => kinds.includes(Object.keys(operation)[0])).length;
    return {
      nInsertOps: count("insertOne"),
      nUpdateOps: count("updateOne", "updateMany", "replaceOne"),
      nRemoveOps: count("deleteOne", "deleteMany"),
    };
  }
  toString() {
    return inspect(this.tojson());
  }
}
define(BulkClass, "name", { value: "Bulk" });
define(BulkFindClass, "name", { value: "BulkFind" });
method(BulkClass, inspectAs, function () {
  return `Bulk ${inspect(this.tojson())}`;
});
method(CollectionClass, "initializeOrderedBulkOp", function () {
  return guarded(new BulkClass(this, true), "A bulk");
});
method(CollectionClass, "initializeUnorderedBulkOp", function () {
  return guarded(new BulkClass(this, false), "A bulk");
});
