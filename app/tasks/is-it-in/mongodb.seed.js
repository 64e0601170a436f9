db.blocked.insertMany(Array.from({ length: 1000 }, (_, n) => ({ _id: 3712 + n })))
