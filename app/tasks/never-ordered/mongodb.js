db.users.aggregate([
  { $lookup: { from: "orders", localField: "_id", foreignField: "user.id", pipeline: [{ $limit: 1 }], as: "orders" } },
  { $match: { orders: { $size: 0 } } },
  { $project: { _id: 0, name: 1 } },
])
