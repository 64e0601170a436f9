db.cache.replaceOne({ _id: "weather:rome" }, { weather: "sunny", until: new Date(Date.now() + 10 * 60_000) }, { upsert: true })

db.cache.find({ _id: "weather:rome", until: { $gt: new Date() } }, { _id: 0, weather: 1 })
