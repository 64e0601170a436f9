db.cache.createIndex({ until: 1 }, { expireAfterSeconds: 0 })
