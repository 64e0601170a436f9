db.profiles.insertOne({ _id: "Ada", address: { city: "Rome", street: "High Street 1" } })
