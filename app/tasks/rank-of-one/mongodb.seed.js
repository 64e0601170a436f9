db.players.createIndex({ points: 1 })
db.players.insertMany([
  { _id: "Ada", points: 120 }, { _id: "Linus", points: 95 }, { _id: "Grace", points: 180 },
  { _id: "Alan", points: 60 }, { _id: "Edsger", points: 140 },
])
