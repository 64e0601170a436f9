// The three best players of week 1: a document per score, and an index that keeps the order.
db.scores.drop()
db.scores.createIndex({ week: 1, points: -1 })

db.scores.insertMany([
  { week: 1, player: 'Ada', points: 120 },
  { week: 1, player: 'Linus', points: 95 },
  { week: 1, player: 'Grace', points: 180 },
  { week: 1, player: 'Alan', points: 60 },
  { week: 1, player: 'Edsger', points: 140 },
  { week: 2, player: 'Ada', points: 80 },
  { week: 2, player: 'Linus', points: 150 }
])

db.scores.find({ week: 1 }, { _id: 0, player: 1, points: 1 }).sort({ points: -1 }).limit(3)
