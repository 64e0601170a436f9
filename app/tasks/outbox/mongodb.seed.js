db.orders.insertOne({ _id: 7, state: "new" })
db.createCollection("outbox")
