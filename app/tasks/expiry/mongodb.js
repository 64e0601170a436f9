db.sessions.find({ until: { $gt: new Date() } }, { _id: 1 })
