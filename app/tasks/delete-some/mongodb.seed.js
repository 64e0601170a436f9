db.jobs.insertMany([{ _id: 1, name: "scan", state: "done" }, { _id: 2, name: "print", state: "open" }, { _id: 3, name: "mail", state: "done" }])
