db.readings.drop()
const places = ["cellar", "attic", "garden", "hall"]
db.readings.insertMany(Array.from({ length: 2000 }, (_, i) => ({ place: places[i % 4], minute: i, celsius: 15 + (i * 7) % 11 })))

const warm = { place: "garden", celsius: { $gte: 24 } }
const figures = (plan) => ({ documents: plan.executionStats.totalDocsExamined, found: plan.executionStats.nReturned })

figures(db.readings.find(warm).explain("executionStats"))

db.readings.createIndex({ place: 1, celsius: 1 })

figures(db.readings.find(warm).explain("executionStats"))

db.readings.find(warm).sort({ minute: 1 }).limit(3)
