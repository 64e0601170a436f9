db.orders.aggregate([
  { $match: { status: { $ne: "cancelled" } } },
  { $unwind: "$lines" },
  { $group: { _id: "$lines.product", sold: { $sum: "$lines.quantity" } } },
  { $lookup: { from: "products", localField: "_id", foreignField: "_id", as: "product" } },
  { $project: { _id: 0, product: { $first: "$product" }, sold: 1 } },
  { $match: { "product.category": { $in: ["books", "games", "paper"] } } },
  { $setWindowFields: { partitionBy: "$product.category", sortBy: { sold: -1 }, output: { place: { $documentNumber: {} } } } },
  { $match: { place: { $lte: 2 } } },
  { $sort: { "product.category": 1, place: 1 } },
  { $project: { name: "$product.name", sold: 1 } },
])
