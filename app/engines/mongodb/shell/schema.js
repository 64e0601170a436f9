// What a collection has beside documents: indexes, figures, its plan cache, its explain().
const INDEX_DIRECTIONS = (keys) => Object.entries(keys).map(([field, kind]) => `${field}_${kind}`).join("_");

function indexKeys(keys) {
  if (typeof keys === "string") return { [keys]: 1 };
  if (Array.isArray(keys)) return Object.assign({}, ...keys.map((k) => (Array.isArray(k) ? { [k[0]]: k[1] } : indexKeys(k))));
  need(isObject(keys) && Object.keys(keys).length > 0, "An index names at least one field, such as {email: 1}.");
  return keys;
}

function indexSpec(keys, options) {
  const key = indexKeys(keys);
  const { commitQuorum, comment, session, ...rest } = options ?? {};
  return { key, name: INDEX_DIRECTIONS(key), ...rest };
}

class FullCollectionClass extends CollectionClass {
  createIndex(keys, options) {
    return this.createIndexes([keys], options)[0];
  }
  ensureIndex(keys, options) {
    return this.createIndex(keys, options);
  }
  createIndexes(list, options) {
    const indexes = list.map((entry) => (isObject(entry) && isObject(entry.key) ? indexSpec(entry.key, { ...options, ...entry }) : indexSpec(entry, options)));
    this._run({ createIndexes: this._name, indexes }, options);
    return indexes.map((index) => index.name);
  }
  getIndexes() {
    return aggregationCursor({ listIndexes: this._name, cursor: {} }).toArray();
  }
  indexes() {
    return this.getIndexes();
  }
  getIndices() {
    return this.getIndexes();
  }
  listIndexes() {
    return aggregationCursor({ listIndexes: this._name, cursor: {} });
  }
  getIndexKeys() {
    return this.getIndexes().map((index) => index.key);
  }
  indexExists(names) {
    const known = this.getIndexes().map((index) => index.name);
    return [names].flat().every((name) => known.includes(name));
  }
  dropIndex(index) {
    need(index !== "*" && index !== undefined, "dropIndex() takes one index; dropIndexes() drops all.");
    return this._run({ dropIndexes: this._name, index });
  }
  dropIndexes(index = "*") {
    return this._run({ dropIndexes: this._name, index });
  }
  hideIndex(index) {
    return this._run({ collMod: this._name, index: { ...(typeof index === "string" ? { name: index } : { keyPattern: index }), hidden: true } });
  }
  unhideIndex(index) {
    return this._run({ collMod: this._name, index: { ...(typeof index === "string" ? { name: index } : { keyPattern: index }), hidden: false } });
  }
  reIndex() {
    return this._run({ reIndex: this._name });
  }

  drop() {
    try {
      this._run({ drop: this._name });
      return true;
    } catch (error) {
      if (error.code === 26) return false;
      throw error;
    }
  }
  renameCollection(name, dropTarget = false) {
    return this._run({ renameCollection: this._name, to: name, dropTarget: dropTarget === true || dropTarget?.dropTarget === true });
  }
  rename(name, options) {
    return this.renameCollection(name, options);
  }
  exists() {
    return this._db.getCollectionInfos({ name: this._name })[0] ?? null;
  }
  options() {
    return this.exists()?.options ?? {};
  }
  isCapped() {
    return this.options().capped === true;
  }
  convertToCapped(size) {
    return this._run({ convertToCapped: this._name, size });
  }
  stats(options) {
    return this._run({ collStats: this._name, ...(isObject(options) ? pick(options, ["scale"]) : options ? { scale: options } : {}) });
  }
  dataSize() {
    return this.stats().size;
  }
  storageSize() {
    return this.stats().storageSize;
  }
  totalIndexSize() {
    return this.stats().totalIndexSize;
  }
  totalSize() {
    return this.stats().totalSize;
  }
  validate(options) {
    return this._run({ validate: this._name, full: options === true || options?.full === true });
  }
  explain(verbosity = "queryPlanner") {
    return explainable(this, verbosity === true ? "allPlansExecution" : verbosity || "queryPlanner");
  }
  getPlanCache() {
    return guarded(new PlanCacheClass(this._name), "The plan cache");
  }
  getIndexSpecs() {
    return this.getIndexes();
  }
  indexInformation() {
    return Object.fromEntries(this.getIndexes().map((index) => [index.name, Object.entries(index.key)]));
  }
  latencyStats(options) {
    return this.aggregate([{ $collStats: { latencyStats: { histograms: options?.histograms === true } } }]).toArray();
  }
}
refuse(FullCollectionClass, [
  ["mapReduce", "The server runs no JavaScript; use an aggregation with $group."],
  ["reIndex", "Rebuilding locks the collection; drop the index and create it again."],
  ["getShardDistribution getShardVersion getShardLocation analyzeShardKey configureQueryAnalyzer checkMetadataConsistency", "The sandbox is not on a sharded cluster."],
  ["createSearchIndex createSearchIndexes dropSearchIndex getSearchIndexes listSearchIndexes updateSearchIndex", "Search indexes belong to Atlas; createIndex({field: 'text'}) makes a text index."],
  ["compactStructuredEncryptionData", "Queryable encryption needs collections of its own beside each collection."],
]);

class PlanCacheClass {
  constructor(name) {
    hidden(this, "_name", name);
  }
  clear() {
    return run({ planCacheClear: this._name });
  }
  clearPlansByQuery(query, projection, sort) {
    return run({ planCacheClear: this._name, query, ...(projection ? { projection } : {}), ...(sort ? { sort } : {}) });
  }
  list(stages = []) {
    return aggregationCursor({ aggregate: this._name, pipeline: [{ $planCacheStats: {} }, ...stages], cursor: {} }).toArray();
  }
  help() {
    return helpOf("planCache", "The plan cache");
  }
}
refuse(PlanCacheClass, [
  ["listQueryShapes", "MongoDB 6.0 has list() in its place."],
  ["getPlansByQuery", "MongoDB 6.0 has list() in its place."],
]);

/** What `db.c.explain()` gives: the same verbs, answering with the plan. */
function explainable(collection, verbosity) {
  const name = collection._name;
  const explained = (command) => run({ explain: command, verbosity });
  const write = (kind, key, statement) => explained({ [kind]: name, [key]: [statement] });
  const modify = (filter, change, options) => explained({ findAndModify: name, query: filter ?? {}, ...change, ...pick(options, ["sort", "upsert", "hint", "collation", "arrayFilters"]) });
  const verbs = {
    find(...values) {
      const command = collection._findCommand(...values);
      const cursor = new FindCursorClass(command);
      cursor._explain = verbosity;
      hidden(cursor, "finish", () => explained(command));
      hidden(cursor, "next", () => explained(command));
      return guarded(cursor, "An explained find");
    },
    findOne: (...values) => explained({ ...collection._findCommand(...values), limit: 1 }),
    aggregate: (pipeline, options) => explained({ aggregate: name, pipeline, cursor: {}, ...pick(options, AGGREGATE_OPTIONS) }),
    count: (query, options) => explained({ count: name, query: query ?? {}, ...pick(options, ["skip", "limit", "hint", "collation"]) }),
    distinct: (key, query) => explained({ distinct: name, key, query: query ?? {} }),
    updateOne: (filter, update, options) => write("update", "updates", updateStatement(filter, update, false, options)),
    updateMany: (filter, update, options) => write("update", "updates", updateStatement(filter, update, true, options)),
    replaceOne: (filter, document, options) => write("update", "updates", updateStatement(filter, document, false, options)),
    deleteOne: (filter, options) => write("delete", "deletes", deleteStatement(filter, 1, options)),
    deleteMany: (filter, options) => write("delete", "deletes", deleteStatement(filter, 0, options)),
    findOneAndUpdate: (filter, update, options) => modify(filter, { update }, options),
    findOneAndReplace: (filter, update, options) => modify(filter, { update }, options),
    findOneAndDelete: (filter, options) => modify(filter, { remove: true }, options),
  };
  verbs.countDocuments = verbs.count;
  verbs.estimatedDocumentCount = () => explained({ count: name });
  verbs.findAndModify = ({ query, session, ...rest }) => explained({ findAndModify: name, query: query ?? {}, ...rest });
  verbs.getCollection = () => collectionOf(collection._db, name);
  verbs.getVerbosity = () => verbosity;
  verbs.setVerbosity = (level) => explainable(collection, level);
  verbs.help = () => helpOf("explain", `${collection.getFullName()}.explain()`);
  verbs.update = (filter, update, options) => write("update", "updates", updateStatement(filter, update, options?.multi === true, options));
  verbs.remove = (filter, options) => write("delete", "deletes", deleteStatement(filter, options === true || options?.justOne ? 1 : 0));
  return new Proxy(verbs, {
    get: (target, key) => (key in target || typeof key === "symbol" || QUIET.has(key) ? target[key] : noSuch("explain()", key, Object.keys(target))),
  });
}
