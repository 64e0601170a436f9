db.calls.insertOne({ _id: "c1 12:00", calls: 2 })
