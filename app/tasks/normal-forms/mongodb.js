db.people.updateOne({ _id: 2 }, { $set: { city: "Oslo" } })

db.purchases.aggregate([
  { $match: { person: 2 } },
  { $lookup: { from: "people", localField: "person", foreignField: "_id", as: "who" } },
  { $project: { city: { $first: "$who.city" } } },
  { $sort: { _id: 1 } },
])
