db.recent.insertOne({ _id: "Ada", pages: ["c", "b", "a"] })
