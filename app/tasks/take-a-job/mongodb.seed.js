db.jobs.insertMany([{ _id: 1, job: "resize" }, { _id: 2, job: "mail" }])
