db.readings.createIndex({ month: 1, day: 1 })
db.readings.insertMany([{ month: "2026-01", day: 10, value: 5 }, { month: "2026-02", day: 3, value: 7 }, { month: "2026-02", day: 20, value: 9 }])
