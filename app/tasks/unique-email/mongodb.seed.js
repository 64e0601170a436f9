db.accounts.createIndex({ email: 1 }, { unique: true })
db.accounts.insertOne({ _id: 1, email: "ada@example.com" })
