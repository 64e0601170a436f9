const session = db.getMongo().startSession()
const mine = session.getDatabase(db.getName())

session.startTransaction()
mine.orders.updateOne({ _id: 7 }, { $set: { state: "paid" } })
mine.outbox.insertOne({ order_id: 7, event: "paid" })
session.commitTransaction()

db.outbox.find({}, { _id: 0 })
