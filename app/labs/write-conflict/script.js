db.stock.insertMany([{ _id: "pen", left: 5 }, { _id: "ink", left: 2 }])

// A: const a = db.getMongo().startSession()
// A: const stockOfA = a.getDatabase(db.getName()).stock
// A: a.startTransaction()
// A: stockOfA.updateOne({ _id: "pen" }, { $inc: { left: -1 } })
// B: const b = db.getMongo().startSession()
// B: const stockOfB = b.getDatabase(db.getName()).stock
// B: b.startTransaction()
// B: stockOfB.updateOne({ _id: "pen" }, { $inc: { left: -2 } })
// A: a.commitTransaction()
// A: db.stock.findOne({ _id: "pen" })
