db.orders.aggregate([
  { $match: { "user.id": 5 } },
  { $setWindowFields: { sortBy: { placed: 1 }, output: { so_far: { $sum: "$total", window: { documents: ["unbounded", "current"] } } } } },
  { $sort: { placed: 1 } },
  { $project: { so_far: 1 } },
])
