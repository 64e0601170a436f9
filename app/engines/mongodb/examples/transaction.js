// Two accounts and a transfer: both sides, or neither.
db.accounts.drop()
db.accounts.insertMany([{ _id: "Ada", balance: 100 }, { _id: "Linus", balance: 20 }])

const session = db.getMongo().startSession()
const accounts = session.getDatabase("test").accounts

const transfer = (from, to, amount) =>
  session.withTransaction(() => {
    accounts.updateOne({ _id: from }, { $inc: { balance: -amount } })
    accounts.updateOne({ _id: to }, { $inc: { balance: amount } })
    if (accounts.findOne({ _id: from }).balance < 0) throw new Error(`${from} has not that much.`)
  })

transfer("Ada", "Linus", 30)
try {
  transfer("Linus", "Ada", 500)
} catch (error) {
  print("nothing was changed:", error.message)
}
db.accounts.find()

// Two transactions that change the same document: the second learns of it at once.
const other = db.getMongo().startSession()
session.startTransaction()
other.startTransaction()
accounts.updateOne({ _id: "Ada" }, { $inc: { balance: 1 } })
try {
  other.getDatabase("test").accounts.updateOne({ _id: "Ada" }, { $inc: { balance: 1 } })
} catch (error) {
  print(error.codeName, "- may be tried again:", error.hasErrorLabel("TransientTransactionError"))
}
session.commitTransaction()
other.abortTransaction()
db.accounts.findOne({ _id: "Ada" })
