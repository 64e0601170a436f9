const session = db.getMongo().startSession()
const accounts = session.getDatabase(db.getName()).accounts

session.startTransaction()
accounts.updateOne({ _id: "Ada" }, { $inc: { balance: -30 } })
accounts.updateOne({ _id: "Grace" }, { $inc: { balance: 30 } })
session.commitTransaction()

db.accounts.find().sort({ _id: 1 })
