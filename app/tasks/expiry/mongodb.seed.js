db.sessions.createIndex({ until: 1 }, { expireAfterSeconds: 0 })
db.sessions.insertMany([{ _id: "Ada", until: ISODate("2100-01-01") }, { _id: "Bob", until: ISODate("2020-01-01") }])
