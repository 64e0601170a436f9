db.measures.insertMany([{ _id: 1, value: 10 }, { _id: 2, value: 20 }, { _id: 3, value: 30 }])

db.measures.find({}, { _id: 0, value: 1 })
