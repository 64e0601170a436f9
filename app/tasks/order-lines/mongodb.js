db.orders.aggregate([
  { $match: { _id: 3 } },
  { $unwind: "$lines" },
  { $project: { _id: 0, name: "$lines.name", quantity: "$lines.quantity" } },
])
