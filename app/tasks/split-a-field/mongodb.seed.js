db.authors.insertOne({ _id: 1, name: "Ada Lovelace" })
