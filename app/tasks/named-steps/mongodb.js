db.albums.aggregate([
  { $group: { _id: "$artist.name", seconds: { $sum: { $sum: "$tracks.seconds" } } } },
  { $setWindowFields: { output: { mean: { $avg: "$seconds" } } } },
  { $match: { $expr: { $gt: ["$seconds", "$mean"] } } },
  { $project: { _id: 0, name: "$_id", seconds: 1 } },
])
