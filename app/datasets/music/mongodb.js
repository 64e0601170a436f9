db.albums.createIndex({ "artist.id": 1, year: 1 })
db.plays.createIndex({ listener: 1, at: 1 })
