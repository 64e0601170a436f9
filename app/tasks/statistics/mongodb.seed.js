db.events.createIndex({ kind: 1 })
db.events.insertMany(Array.from({ length: 1000 }, (_, n) => ({ _id: n + 1, kind: (n + 1) % 100 === 0 ? "error" : "ok" })))
