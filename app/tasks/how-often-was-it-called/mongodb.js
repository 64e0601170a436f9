db.setProfilingLevel(2)
db.things.findOne({ _id: 1 })
db.things.findOne({ _id: 2 })
db.setProfilingLevel(0)

db.system.profile.countDocuments({ op: "query", "command.find": "things" })
