db.carts.drop()
db.carts.insertOne({ _id: "c1", tags: ["new"], lines: [{ sku: "pen", n: 1 }, { sku: "ink", n: 3 }, { sku: "pad", n: 5 }] })

db.carts.updateOne({ _id: "c1" }, { $push: { lines: { sku: "cap", n: 2 } }, $addToSet: { tags: "new" } })

// The element that the filter found.
db.carts.updateOne({ _id: "c1", "lines.sku": "ink" }, { $inc: { "lines.$.n": 10 } })

// Every element that an array filter lets through.
db.carts.updateOne({ _id: "c1" }, { $set: { "lines.$[line].bulk": true } }, { arrayFilters: [{ "line.n": { $gte: 5 } }] })

db.carts.updateOne({ _id: "c1" }, { $pull: { lines: { sku: "pen" } } })

db.carts.findOne({ _id: "c1" })
