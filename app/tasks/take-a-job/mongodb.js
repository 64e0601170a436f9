db.jobs.findOneAndUpdate({ worker: null }, { $set: { worker: "w1" } }, { sort: { _id: 1 }, returnDocument: "after" })
