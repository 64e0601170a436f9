db.ledger.updateOne({ _id: 1 }, { $inc: { total: Decimal128("0.2") } })

db.ledger.findOne({ _id: 1 }, { _id: 0 })
