db.accounts.insertOne({ _id: 2, email: "ada@example.com" })
