// MongoDB in scripts: `await mongo.db.users.findOne({ _id: 1 })`, with the Node driver's names; each is one command of the server.
{
  extend("$numberLong", ({ $numberLong: text }) => (Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text)));
  const hex = (n, digits) => n.toString(16).padStart(digits, "0");
  const newId = () => ({ $oid: hex(Math.trunc(Date.now() / 1000), 8) + hex(random(), 8) + hex(random(), 8) });

  const send = async (link, shown, command) => revive(await callEngine("mongodb", shown, { command: plain(command) }, link));
  const text = (values) => values.filter((value) => value !== undefined).map((value) => EJSON.stringify(value)).join(", ");

  /** A cursor: what is asked for is sent when it is awaited, or by toArray(). */
  const cursor = (run, command) => ({
    sort: (sort) => cursor(run, { ...command, sort }),
    limit: (limit) => cursor(run, { ...command, limit }),
    skip: (skip) => cursor(run, { ...command, skip }),
    project: (projection) => cursor(run, { ...command, projection }),
    toArray: () => run(command),
    then: (done, failed) => run(command).then(done, failed),
  });

  const collection = (link, name) => {
    const run = (method, values, command) => send(link, `${name}.${method}(${text(values)})`, command);
    const found = (filter, options) => ({ find: name, filter, ...options });
    const insert = async (method, given) => {
      const documents = given.map((document) => ({ _id: newId(), ...document }));
      await run(method, [method === "insertOne" ? given[0] : given], { insert: name, documents });
      return documents.map((document) => document._id);
    };
    const update = (method, multi) => async (filter, change, options = {}) => {
      const updates = [{ q: filter, u: change, multi, ...options }];
      const { n, nModified, upserted } = await run(method, [filter, change, options], { update: name, updates });
      const made = upserted?.length ?? 0;
      return { matchedCount: n - made, modifiedCount: nModified ?? 0, upsertedCount: made, upsertedId: upserted?.[0]?._id ?? null };
    };
    const remove = (method, limit) => async (filter = {}) => {
      const { n } = await run(method, [filter], { delete: name, deletes: [{ q: filter, limit }] });
      return { deletedCount: n };
    };
    const modify = (method, change) => async (filter, given, options = {}) => {
      const { returnDocument, projection, ...rest } = options;
      const command = { findAndModify: name, query: filter, ...change(given), ...rest, ...(projection ? { fields: projection } : {}) };
      if (returnDocument === "after") command.new = true;
      return (await run(method, [filter, given, options], command)).value ?? null;
    };
    return {
      find: (filter = {}, options = {}) => cursor((command) => run("find", [filter, options], command), found(filter, options)),
      aggregate: (pipeline) => cursor(() => run("aggregate", [pipeline], { aggregate: name, pipeline, cursor: {} }), {}),
      findOne: async (filter = {}, options = {}) => (await run("findOne", [filter], { ...found(filter, options), limit: 1 }))[0] ?? null,
      insertOne: async (document) => ({ insertedId: (await insert("insertOne", [document]))[0] }),
      insertMany: async (documents) => ({ insertedIds: await insert("insertMany", documents) }),
      updateOne: update("updateOne", false),
      updateMany: update("updateMany", true),
      replaceOne: update("replaceOne", false),
      deleteOne: remove("deleteOne", 1),
      deleteMany: remove("deleteMany", 0),
      findOneAndUpdate: modify("findOneAndUpdate", (given) => ({ update: given })),
      findOneAndDelete: async (filter, options) => modify("findOneAndDelete", () => ({ remove: true }))(filter, undefined, options),
      countDocuments: async (filter = {}) => (await run("countDocuments", [filter], { count: name, query: filter })).n,
      distinct: async (key, query = {}) => (await run("distinct", [key, query], { distinct: name, key, query })).values,
      createIndex: async (key, options = {}) => {
        const index = { key, name: Object.entries(key).flat().join("_"), ...options };
        await run("createIndex", [key, options], { createIndexes: name, indexes: [index] });
        return index.name;
      },
      drop: async () => {
        try {
          await run("drop", [], { drop: name });
          return true;
        } catch (error) {
          if (error.code !== "NamespaceNotFound") throw error;
          return false;
        }
      },
    };
  };

  const client = (link) => {
    const command = (given) => send(link, `command(${text([given])})`, given);
    const db = methods({ command, collection: (name) => collection(link, name) }, (name) => collection(link, name));
    return { db };
  };
  publish("mongo", { ...client(), connect: () => connectTo("mongodb", client) });
}
