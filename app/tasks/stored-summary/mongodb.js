db.orders.aggregate([
  { $match: { status: "shipped" } },
  { $lookup: { from: "users", localField: "user.id", foreignField: "_id", as: "who" } },
  { $group: { _id: { $first: "$who.city" }, orders: { $sum: 1 } } },
  { $merge: { into: "shippedByCity", whenMatched: "replace" } },
])

db.shippedByCity.find({ _id: "Berlin" }, { _id: 0, orders: 1 })
