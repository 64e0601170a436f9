db.calls.updateOne({ _id: "c1 12:00", calls: { $lt: 2 } }, { $inc: { calls: 1 } }, { upsert: true })
