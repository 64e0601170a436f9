db.members.updateMany({ plan: { $exists: false } }, { $set: { plan: "free" } })

db.members.find()
