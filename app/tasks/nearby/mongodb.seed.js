db.stations.createIndex({ at: "2dsphere" })
db.stations.insertMany([
  { _id: "Alexanderplatz", at: { type: "Point", coordinates: [13.4132, 52.5219] } },
  { _id: "Zoo", at: { type: "Point", coordinates: [13.3325, 52.5072] } },
  { _id: "Wannsee", at: { type: "Point", coordinates: [13.1793, 52.4214] } },
])
