db.ledger.insertOne({ _id: 1, total: Decimal128("0.1") })
