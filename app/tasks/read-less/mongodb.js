db.users.findOne({ _id: 12 }, { _id: 0, city: 1 })
