db.visits.insertOne({ _id: "home", visits: 3 })
