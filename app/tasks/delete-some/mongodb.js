db.jobs.deleteMany({ state: "done" })

db.jobs.find({}, { name: 1 })
