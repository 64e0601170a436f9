db.people.find({ follows: 19 }, { _id: 1 })
