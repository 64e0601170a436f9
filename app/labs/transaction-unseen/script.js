db.stock.insertMany([{ _id: "pen", left: 5 }, { _id: "ink", left: 2 }])

// A: const session = db.getMongo().startSession()
// A: const stock = session.getDatabase(db.getName()).stock
// A: session.startTransaction()
// A:
stock.updateMany({}, { $inc: { left: -1 } })
// B: db.stock.find().sort({ _id: 1 })
// A: session.commitTransaction()
// B: db.stock.find().sort({ _id: 1 })
