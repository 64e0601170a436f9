const session = db.getMongo().startSession()
const mine = session.getDatabase(db.getName())

session.startTransaction()
mine.goods.updateOne({ _id: 1 }, { $set: { price: 12 } })
mine.cachedGoods.updateOne({ _id: 1 }, { $set: { price: 12 } })
session.commitTransaction()

db.cachedGoods.find({ _id: 1 }, { _id: 0 })
