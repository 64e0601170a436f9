db.people.createIndex({ follows: 1 })
db.posts.createIndex({ "author.id": 1, at: 1 })
