db.locks.deleteOne({ _id: "report", until: { $lt: new Date() } })
db.locks.insertOne({ _id: "report", holder: "w2", until: new Date(Date.now() + 30_000) })
