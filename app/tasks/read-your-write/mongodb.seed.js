db.flags.insertOne({ _id: "beta", flag: "off" })
