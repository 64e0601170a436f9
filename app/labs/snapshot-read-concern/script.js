db.stock.insertMany([{ _id: "pen", left: 5 }, { _id: "ink", left: 2 }])

// A: const session = db.getMongo().startSession()
// A: const stock = session.getDatabase(db.getName()).stock
// A: session.startTransaction({ readConcern: { level: "snapshot" } })
// A: stock.countDocuments({ left: { $gt: 0 } })
// B: db.stock.updateOne({ _id: "ink" }, { $set: { left: 0 } })
// A: stock.countDocuments({ left: { $gt: 0 } })
// A: session.commitTransaction()
// A: db.stock.countDocuments({ left: { $gt: 0 } })
