db.locks.insertOne({ _id: "report", holder: "w1", until: ISODate("2100-01-01") })
