db.sessions.insertOne({ _id: "s1", user: "Ada" })
