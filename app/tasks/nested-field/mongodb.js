db.profiles.updateOne({ _id: "Ada" }, { $set: { "address.city": "Oslo" } })

db.profiles.findOne({ _id: "Ada" })
