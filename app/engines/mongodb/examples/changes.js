// A change stream, read by the same script. As a statement of its own, db.orders.watch() shows changes live until Stop:
// run it, open the second client below, and insert something there.
db.orders.drop()
db.createCollection("orders")
const changes = db.orders.watch([{ $match: { operationType: { $ne: "delete" } } }], { fullDocument: "updateLookup" })

db.orders.insertOne({ _id: 1, drink: "espresso", state: "new" })
db.orders.updateOne({ _id: 1 }, { $set: { state: "served" } })
db.orders.insertOne({ _id: 2, drink: "tea", state: "new" })
db.orders.deleteOne({ _id: 2 })

const first = changes.next()
print(first.operationType, first.fullDocument)
for (const change of changes.toArray()) print(change.operationType, change.fullDocument, change.updateDescription?.updatedFields)

// Where it stood after the first change, another stream goes on.
changes.close()
db.orders.watch([], { resumeAfter: first._id }).toArray().map((change) => change.operationType)
