db.stock.insertMany([{ _id: "pen", left: 5 }, { _id: "ink", left: 2 }])

// A: const session = db.getMongo().startSession()
// A: const stock = session.getDatabase(db.getName()).stock
// A: session.startTransaction()
// A: stock.updateOne({ _id: "pen" }, { $inc: { left: -1 } })
// B: db.stock.updateOne({ _id: "pen" }, { $inc: { left: -1 } })
// A: session.commitTransaction()
// B: db.stock.findOne({ _id: "pen" })
