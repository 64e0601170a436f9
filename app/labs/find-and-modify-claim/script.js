db.jobs.insertMany([{ _id: 1, what: "resize" }, { _id: 2, what: "mail" }])

// A: db.jobs.findOneAndUpdate({ by: null }, { $set: { by: "A" } }, { sort: { _id: 1 } })
// B: db.jobs.findOneAndUpdate({ by: null }, { $set: { by: "B" } }, { sort: { _id: 1 } })
// A: db.jobs.findOneAndUpdate({ by: null }, { $set: { by: "A" } }, { sort: { _id: 1 } })
// B: db.jobs.find().sort({ _id: 1 })
