const rosa = db.people.findOne({ _id: 19 })

db.people.find({ _id: { $in: rosa.follows }, follows: 19 }, { _id: 1 })
