db.blocked.countDocuments({ _id: 4711 }, { limit: 1 })
