db.authors.updateMany({}, [
  { $set: { parts: { $split: ["$name", " "] } } },
  { $set: { first: { $arrayElemAt: ["$parts", 0] }, last: { $arrayElemAt: ["$parts", 1] } } },
  { $unset: "parts" },
])

db.authors.findOne()
