db.notes.insertOne({ _id: 1, body: "theirs", version: 2 })
