db.plays.aggregate([
  { $group: { _id: "$listener", plays: { $sum: 1 } } },
  { $match: { plays: { $gt: 26 } } },
])
