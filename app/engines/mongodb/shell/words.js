// The shell's words: help, show, use; and small functions that mongosh has beside its objects.
const HELP = `show collections            the collections of your sandbox
show dbs                    its one database, by whatever name you use
show users                  you, and two ready users for db.auth(); show roles
show profile                the last operations that db.setProfilingLevel(2) recorded
use <name>                  call it by another name
it                          the next 20 documents of the last cursor

db.<collection>.find({...}).sort({...}).limit(n)      findOne, countDocuments, distinct
db.<collection>.insertOne({...})                      insertMany, bulkWrite
db.<collection>.updateOne({...}, {$set: {...}})       updateMany, replaceOne, deleteOne, deleteMany
db.<collection>.findOneAndUpdate({...}, {...})        findOneAndReplace, findOneAndDelete
db.<collection>.aggregate([{$match: {...}}, ...])     $lookup, $group, $unwind, $facet, ...
db.<collection>.createIndex({field: 1})               getIndexes, dropIndex, explain("executionStats")
db.createCollection(name, {validator: {...}})         createView, getCollectionNames, dropDatabase
db.<collection>.watch()                               changes as they come, until Stop
db.getMongo().startSession()                          startTransaction, commitTransaction, withTransaction
db.<collection>.aggregate([...]).stages()             the documents after each stage
db.help()   db.<collection>.help()   db.<collection>.find().help()   rs.help()
print(...), printjson(...), console.log(...), EJSON, sleep(ms)
require('mongodb'), new MongoClient(uri), client.db(name).collection(name), await`;

function humanBytes(n) {
  const units = ["B", "KiB", "MiB"];
  let size = n;
  while (size >= 1024 && units.length > 1) {
    size /= 1024;
    units.shift();
  }
  return `${size.toFixed(2)} ${units[0]}`;
}

const words = {
  help: () => new Text(HELP, HELP),
  use(name) {
    databaseNamed(name, false);
    return new Text(name, `switched to db ${name}`);
  },
  show(what) {
    const own = databaseOf(undefined, false);
    if (what === "collections" || what === "tables") {
      const names = own.getCollectionNames();
      return new Text(names, names.join("\n"));
    }
    if (what === "dbs" || what === "databases") {
      const { dataSize, indexSize } = own.stats();
      return new Text([own.getName()], `${own.getName()}  ${humanBytes(dataSize + indexSize)}`);
    }
    if (what === "users") {
      const { users } = own.getUsers();
      return new Text(users, users.map((user) => `${user.user}  ${user.note}`).join("\n"));
    }
    if (what === "roles") {
      const roles = own.getRoles();
      return new Text(roles, roles.map((role) => `${role.role}  ${role.privileges[0].actions.join(", ")}`).join("\n"));
    }
    if (what === "profile") {
      const entries = own.getCollection("system.profile").find({}).sort({ $natural: -1 }).limit(5).toArray();
      return entries.length ? entries : new Text([], "Nothing was recorded: db.setProfilingLevel(2) records every operation from then on.");
    }
    throw new MongoInvalidArgumentError(`show ${what}: what can be shown are collections, dbs, users, roles and profile.`);
  },
};
fix("__word", (word, argument) => words[word](argument));

publish("version", () => run({ buildInfo: 1 }).version);
publish("tojson", (value) => inspect(value));
publish("tojsononeline", (value) => inspect(value).replace(/\s*\n\s*/g, " "));
publish("bsonsize", (document) => ask("bsonSize", { document: plain(document) }));
hidden(Object, "bsonsize", globalThis.bsonsize);
publish("cls", () => undefined);
publish("quit", () => undefined);
publish("exit", () => undefined);
publish("connect", (address) => clientOf(address).db());
for (const [name, reason] of [["load", "There are no files here: paste the script."], ["passwordPrompt", "There is no terminal here."], ["setInterval", "It would never end: use a loop with sleep()."]]) {
  publish(name, () => ask("refuse", { name, reason }));
}
