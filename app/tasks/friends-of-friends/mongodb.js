db.people.aggregate([
  { $match: { _id: 1 } },
  { $graphLookup: { from: "people", startWith: "$follows", connectFromField: "follows", connectToField: "_id", maxDepth: 1, as: "reached" } },
  { $unwind: "$reached" },
  { $match: { "reached._id": { $ne: 1 } } },
  { $project: { _id: "$reached._id" } },
])
