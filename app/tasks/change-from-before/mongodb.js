db.readings.aggregate([
  { $match: { "device.id": 2, at: { $gte: ISODate("2026-04-01T05:00:00Z"), $lt: ISODate("2026-04-01T09:00:00Z") } } },
  { $setWindowFields: { sortBy: { at: 1 }, output: { before: { $shift: { output: "$celsius", by: -1 } } } } },
  { $match: { at: { $gte: ISODate("2026-04-01T06:00:00Z") } } },
  { $sort: { at: 1 } },
  { $project: { _id: 0, at: 1, change: { $subtract: ["$celsius", "$before"] } } },
])
