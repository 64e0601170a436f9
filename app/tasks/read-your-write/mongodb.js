db.flags.updateOne({ _id: "beta" }, { $set: { flag: "on" } }, { writeConcern: { w: "majority" } })

db.flags.find({ _id: "beta" }, { _id: 0, flag: 1 }).readConcern("majority")
