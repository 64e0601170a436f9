db.people.insertOne({ _id: "Ada" })
