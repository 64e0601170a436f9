db.notes.updateOne({ _id: 1, version: 1 }, { $set: { body: "mine" }, $inc: { version: 1 } })

db.notes.findOne({ _id: 1 })
