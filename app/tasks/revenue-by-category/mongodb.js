db.orders.aggregate([
  { $match: { status: "shipped" } },
  { $unwind: "$lines" },
  { $group: { _id: "$lines.product", revenue: { $sum: { $multiply: ["$lines.quantity", "$lines.price"] } } } },
  { $lookup: { from: "products", localField: "_id", foreignField: "_id", as: "product" } },
  { $group: { _id: { $first: "$product.category" }, revenue: { $sum: "$revenue" } } },
  { $sort: { revenue: -1 } },
])
