db.things.insertMany([{ _id: 1, name: "one" }, { _id: 2, name: "two" }])
