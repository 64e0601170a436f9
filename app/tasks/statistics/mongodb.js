100 * db.events.countDocuments({ kind: "error" }) / db.events.countDocuments({})
