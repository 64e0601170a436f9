db.visits.insertMany([{ name: "ada" }, { name: "bob" }, { name: "ada" }, { name: "cleo" }, { name: "bob" }])
