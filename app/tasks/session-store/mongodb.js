db.sessions.updateOne({ _id: "s1" }, { $inc: { "cart.pens": 2 } })

db.sessions.findOne({ _id: "s1" })
