// What is left after each stage: the button Stages below a result does the same.
db.sales.drop()
const drinks = ["espresso", "flat white", "tea"]
db.sales.insertMany(
  Array.from({ length: 300 }, (_, i) => ({
    drink: drinks[i % 3],
    cups: 1 + (i % 4),
    day: new Date(Date.UTC(2026, 0, 1 + (i % 10))),
    tags: i % 5 ? ["cafe"] : ["cafe", "to go"],
  })),
)

db.sales
  .aggregate([
    { $match: { tags: "to go" } },
    { $group: { _id: { drink: "$drink", day: "$day" }, cups: { $sum: "$cups" } } },
    { $setWindowFields: { partitionBy: "$_id.drink", sortBy: { "_id.day": 1 }, output: { soFar: { $sum: "$cups", window: { documents: ["unbounded", "current"] } } } } },
    { $match: { soFar: { $gt: 10 } } },
    { $sort: { soFar: -1 } },
    { $limit: 5 },
  ])
  .stages()
